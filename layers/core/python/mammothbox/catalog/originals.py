"""Exact duplicates: which asset stands for the bytes that several share.

The verified assets of one owner with one SHA-256 are a group, and exactly one of them is its
original: a live one while there is any. Whoever changes a group takes its lock first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog import assets
from mammothbox.catalog.assets import Asset, Settled, Sniffed
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


@dataclass(frozen=True)
class Appointed:
    """The original of a group. `promoted` if it was a duplicate until now."""

    id: UUID
    promoted: bool


def lock(connection: Connection, owner: str, sha256: str) -> None:
    """Take turns with everyone else who decides about these bytes, until the commit."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{owner}:{sha256}"]
    )


def lock_with_asset(connection: Connection, owner: str, asset_id: UUID) -> Asset | None:
    """Take turns with everyone who decides about the asset's bytes or settles it.

    Returns the asset as it is then; `None` if it is not there.
    """
    asset = assets.get(connection, owner, asset_id)
    while asset is not None:
        seen = asset
        if seen.sha256 is not None:
            # The bytes first, then the asset: the order in which everyone takes these locks.
            lock(connection, owner, seen.sha256)
        connection.execute("SAVEPOINT without_asset")
        assets.lock(connection, owner, asset_id)
        asset = assets.get(connection, owner, asset_id)
        if asset is None or asset.sha256 == seen.sha256:
            return asset
        # Intake has just told what these bytes are: let go, and begin with their lock.
        connection.execute("ROLLBACK TO SAVEPOINT without_asset")
    return None


def find(connection: Connection, owner: str, sha256s: Sequence[str]) -> dict[str, Original]:
    """The live originals of these hashes."""
    rows = connection.execute(
        "SELECT sha256, id, raw_id, kind, content_type, size_bytes FROM asset"
        " WHERE owner = %s AND sha256 = ANY(%s) AND verified AND duplicate_of IS NULL"
        " AND trashed_at IS NULL AND purging_at IS NULL",
        [owner, list(sha256s)],
    ).fetchall()
    return {row["sha256"]: Original(**row) for row in rows}


def join(connection: Connection, owner: str, asset_id: UUID, sha256: str) -> Appointed:
    """Give the asset its place in the group of its bytes, whose lock is held.

    Returns the group's original, which may be the asset itself. An asset that was verified
    before keeps its place.
    """
    row = connection.execute(
        "SELECT asset.verified, asset.duplicate_of, original.id AS original_id FROM asset"
        " LEFT JOIN asset original ON original.owner = asset.owner AND original.sha256 = %s"
        " AND original.verified AND original.duplicate_of IS NULL"
        " AND original.trashed_at IS NULL AND original.purging_at IS NULL"
        " WHERE asset.owner = %s AND asset.id = %s",
        [sha256, owner, asset_id],
    ).fetchone()
    if row is None or row["verified"]:
        return Appointed((row and row["duplicate_of"]) or asset_id, promoted=False)
    verify(connection, owner, asset_id, original_id=row["original_id"])
    if row["original_id"] is not None:
        return Appointed(row["original_id"], promoted=False)
    # Others with these bytes may lie in the trash, one of them as the original so far; and this
    # one may have been put there since its intake began.
    return reappoint(connection, owner, sha256) or Appointed(asset_id, promoted=False)


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


def reappoint(connection: Connection, owner: str, sha256: str) -> Appointed | None:
    """Give a group that an asset has left, joined or come back to exactly one original again.

    `None` when the group is empty.
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
    promoted = not heir["original"]
    if promoted:
        connection.execute(
            "UPDATE asset SET duplicate_of = NULL, status = 'processing', updated_at = now()"
            " WHERE owner = %s AND id = %s",
            [owner, heir["id"]],
        )
    return Appointed(heir["id"], promoted)


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
