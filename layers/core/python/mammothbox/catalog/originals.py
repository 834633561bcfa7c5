"""Exact duplicates: which asset stands for the bytes that several share.

The verified assets of one owner with one SHA-256 are a group, and exactly one of them is its
original: a live one while there is any. JSON is data before it is a file, so its group is about
one collection, too: sent to another one the same bytes are documents there as well, and have an
original of their own. Whoever changes a group takes the lock of its bytes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog import assets, duplicates
from mammothbox.catalog.assets import Asset, Sniffed
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
    """The live original of each of these hashes; of several the oldest."""
    rows = connection.execute(
        "SELECT DISTINCT ON (sha256) sha256, id, raw_id, kind, content_type, size_bytes FROM asset"
        " WHERE owner = %s AND sha256 = ANY(%s) AND verified AND duplicate_of IS NULL"
        " AND trashed_at IS NULL AND purging_at IS NULL ORDER BY sha256, created_at, id",
        [owner, list(sha256s)],
    ).fetchall()
    return {row["sha256"]: Original(**row) for row in rows}


# The collection that an asset's group is about. JSON joins the group that stands for the collection
# it names or, if it names none, that of any live original: it is in the library already.
_GROUP = (
    "CASE WHEN a.kind <> 'json' THEN '' ELSE coalesce((SELECT o.sent_to FROM asset o"
    " WHERE o.owner = a.owner AND o.sha256 = a.sha256 AND o.verified AND o.duplicate_of IS NULL"
    " AND o.purging_at IS NULL AND CASE WHEN a.collection IS NULL THEN o.trashed_at IS NULL"
    " ELSE o.collection = a.collection END"
    " ORDER BY o.trashed_at IS NOT NULL, o.created_at, o.id LIMIT 1), a.collection, '') END"
)


def join(connection: Connection, owner: str, asset_id: UUID, sha256: str) -> Appointed:
    """Give the asset its place in the group of its bytes, whose lock is held.

    Returns the group's original, which may be the asset itself. An asset that was verified
    before keeps its place.
    """
    row = connection.execute(
        "SELECT mine.verified, mine.duplicate_of, mine.sent_to, original.id AS original_id FROM"
        " (SELECT a.verified, a.duplicate_of, " + _GROUP + " AS sent_to FROM asset a"
        " WHERE a.owner = %(owner)s AND a.id = %(id)s) mine"
        " LEFT JOIN asset original ON original.owner = %(owner)s AND original.sha256 = %(sha256)s"
        " AND original.sent_to = mine.sent_to AND original.verified"
        " AND original.duplicate_of IS NULL AND original.trashed_at IS NULL"
        " AND original.purging_at IS NULL",
        {"owner": owner, "id": asset_id, "sha256": sha256},
    ).fetchone()
    if row is None or row["verified"]:
        return Appointed((row and row["duplicate_of"]) or asset_id, promoted=False)
    _verify(connection, owner, asset_id, row["sent_to"], original_id=row["original_id"])
    if row["original_id"] is not None:
        return Appointed(row["original_id"], promoted=False)
    # Others with these bytes may lie in the trash, one of them as the original so far; and this
    # one may have been put there since its intake began.
    return reappoint(connection, owner, sha256, row["sent_to"]) or Appointed(
        asset_id, promoted=False
    )


def _verify(
    connection: Connection, owner: str, asset_id: UUID, sent_to: str, *, original_id: UUID | None
) -> None:
    """Put the asset into a group: as its original, or pointing to it."""
    connection.execute(
        "UPDATE asset SET verified = true, duplicate_of = %(original)s, sent_to = %(sent_to)s,"
        " status = CASE WHEN %(original)s::uuid IS NULL THEN status ELSE 'duplicate' END"
        " WHERE owner = %(owner)s AND id = %(id)s AND NOT verified AND purging_at IS NULL",
        {"owner": owner, "id": asset_id, "sent_to": sent_to, "original": original_id},
    )


def reappoint(
    connection: Connection, owner: str, sha256: str, sent_to: str, *, left: UUID | None = None
) -> Appointed | None:
    """Give a group that an asset has left, joined or come back to exactly one original again.

    JSON without a collection of its own has the group's from then on, and what hands said of an
    earlier original's pairs goes on; `left` is one that is being purged. `None` when the group is
    empty.
    """
    group = {"owner": owner, "sha256": sha256, "sent_to": sent_to}
    members = connection.execute(
        "SELECT id, duplicate_of IS NULL AS original, trashed_at IS NULL AS live FROM asset"
        " WHERE owner = %(owner)s AND sha256 = %(sha256)s AND sent_to = %(sent_to)s AND verified"
        " AND purging_at IS NULL"
        " ORDER BY trashed_at IS NOT NULL, duplicate_of IS NOT NULL, created_at, id",
        group,
    ).fetchall()
    if not members:
        return None
    # The order says it: the live before the trashed, then who is original, then the oldest.
    heir = members[0]
    connection.execute(
        "UPDATE asset SET duplicate_of = %(heir)s, status = 'duplicate', error_code = NULL,"
        " error_detail = NULL, error_retryable = NULL, updated_at = now()"
        " WHERE owner = %(owner)s AND sha256 = %(sha256)s AND sent_to = %(sent_to)s AND verified"
        " AND id <> %(heir)s AND duplicate_of IS DISTINCT FROM %(heir)s AND purging_at IS NULL",
        {**group, "heir": heir["id"]},
    )
    # Before its promotion, which settles whether the heir is found as a duplicate.
    for former in [left, *(each["id"] for each in members[1:] if each["original"])]:
        if former is not None:
            duplicates.hand_over(connection, owner, former, heir["id"])
    promoted = not heir["original"]
    if promoted:
        connection.execute(
            "UPDATE asset SET duplicate_of = NULL, status = 'processing', updated_at = now(),"
            " collection = coalesce(collection, nullif(sent_to, ''))"
            " WHERE owner = %s AND id = %s",
            [owner, heir["id"]],
        )
    return Appointed(heir["id"], promoted)


def share(connection: Connection, owner: str, asset_id: UUID, original: Original) -> Appointed:
    """Give an announced asset the bytes of an original, whose lock is held, from the start.

    Returns the original of its group: that one or, of JSON, another one or the asset itself.
    """
    assets.sniffed(
        connection,
        owner,
        asset_id,
        Sniffed(original.kind, original.content_type, original.size_bytes, original.sha256),
    )
    if original.kind == "json":
        return join(connection, owner, asset_id, original.sha256)
    _verify(connection, owner, asset_id, "", original_id=original.id)
    return Appointed(original.id, promoted=False)


def step_aside(connection: Connection, owner: str, asset_id: UUID, sha256: str) -> None:
    """Before a trashed original returns: point it to the one that took its place meanwhile."""
    connection.execute(
        "UPDATE asset SET duplicate_of = holder.id, status = 'duplicate', error_code = NULL,"
        " error_detail = NULL, error_retryable = NULL FROM asset holder"
        " WHERE asset.owner = %(owner)s AND asset.id = %(id)s AND holder.owner = %(owner)s"
        " AND holder.sha256 = %(sha256)s AND holder.sent_to = asset.sent_to"
        " AND holder.verified AND holder.duplicate_of IS NULL"
        " AND holder.trashed_at IS NULL AND holder.purging_at IS NULL",
        {"owner": owner, "id": asset_id, "sha256": sha256},
    )
