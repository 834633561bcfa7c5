"""Exact duplicates: which asset stands for the bytes that several share.

The verified assets of one owner with one SHA-256 are a group, and exactly one of them is its
original: a live one while there is any. Whoever changes a group takes its lock first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog import assets
from mammothbox.catalog.assets import Settled, Sniffed
from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Original:
    """The asset whose bytes others may share."""

    sha256: str
    id: UUID
    raw_id: UUID
    kind: str
    content_type: str
    size_bytes: int


def lock(connection: Connection, owner: str, sha256: str) -> None:
    """Take turns with everyone else who decides about these bytes, until the commit."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{owner}:{sha256}"]
    )


def find(connection: Connection, owner: str, sha256s: Sequence[str]) -> dict[str, Original]:
    """The live originals of these hashes."""
    rows = connection.execute(
        "SELECT sha256, id, raw_id, kind, content_type, size_bytes FROM asset"
        " WHERE owner = %s AND sha256 = ANY(%s) AND verified AND duplicate_of IS NULL"
        " AND trashed_at IS NULL AND purging_at IS NULL",
        [owner, list(sha256s)],
    ).fetchall()
    return {row["sha256"]: Original(**row) for row in rows}


def verify(connection: Connection, owner: str, asset_id: UUID, *, original_id: UUID | None) -> None:
    """Put the asset into the group of its bytes: as the original, or pointing to it.

    An asset that was verified before keeps its place.
    """
    connection.execute(
        "UPDATE asset SET verified = true, duplicate_of = %(original)s,"
        " status = CASE WHEN %(original)s::uuid IS NULL THEN status ELSE 'duplicate' END"
        " WHERE owner = %(owner)s AND id = %(id)s AND NOT verified AND purging_at IS NULL",
        {"owner": owner, "id": asset_id, "original": original_id},
    )


def reappoint(connection: Connection, owner: str, sha256: str) -> UUID | None:
    """Give a group whose original has left or returned exactly one original again.

    Returns the asset that was a duplicate and is now the original, if there is one: its own
    processing begins.
    """
    members = connection.execute(
        "SELECT id, duplicate_of IS NULL AS original, trashed_at IS NULL AS live FROM asset"
        " WHERE owner = %s AND sha256 = %s AND verified AND purging_at IS NULL"
        " ORDER BY trashed_at IS NOT NULL, duplicate_of IS NOT NULL, created_at, id",
        [owner, sha256],
    ).fetchall()
    if not members:
        return None
    # The order says it: the live before the trashed, then who is original, then the oldest.
    heir = members[0]
    connection.execute(
        "UPDATE asset SET duplicate_of = %(heir)s, status = 'duplicate', error_code = NULL,"
        " error_detail = NULL, error_retryable = NULL, updated_at = now()"
        " WHERE owner = %(owner)s AND sha256 = %(sha256)s AND verified AND id <> %(heir)s"
        " AND duplicate_of IS DISTINCT FROM %(heir)s AND purging_at IS NULL",
        {"owner": owner, "sha256": sha256, "heir": heir["id"]},
    )
    if heir["original"]:
        return None
    connection.execute(
        "UPDATE asset SET duplicate_of = NULL, status = 'processing', updated_at = now()"
        " WHERE owner = %s AND id = %s",
        [owner, heir["id"]],
    )
    heir_id: UUID = heir["id"]
    return heir_id


def share(connection: Connection, owner: str, asset_id: UUID, original: Original) -> Settled | None:
    """Make an announced asset a duplicate of an original whose bytes it shares from the start."""
    assets.sniffed(
        connection,
        owner,
        asset_id,
        Sniffed(original.kind, original.content_type, original.size_bytes, original.sha256),
    )
    verify(connection, owner, asset_id, original_id=original.id)
    return assets.settle(connection, owner, asset_id)


def step_aside(connection: Connection, owner: str, asset_id: UUID, sha256: str) -> None:
    """Before a trashed original returns: point it to the one that took its place meanwhile."""
    connection.execute(
        "UPDATE asset SET duplicate_of = holder.id, status = 'duplicate', error_code = NULL,"
        " error_detail = NULL, error_retryable = NULL FROM asset holder"
        " WHERE asset.owner = %(owner)s AND asset.id = %(id)s AND holder.owner = %(owner)s"
        " AND holder.sha256 = %(sha256)s AND holder.verified AND holder.duplicate_of IS NULL"
        " AND holder.trashed_at IS NULL AND holder.purging_at IS NULL",
        {"owner": owner, "id": asset_id, "sha256": sha256},
    )
