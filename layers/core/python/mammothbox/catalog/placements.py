"""Placements: where copies of originals lie, are being made, or are still to be removed.

The row of a copy comes before its bytes and goes after them. Whoever changes rows of an asset
locks all of them first, in the order of their keys.

What lies in a cluster that has come to lead elsewhere is noted as not placed piece by piece, by
`settle`: the merge itself touches no member.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Unplaced:
    """A member of which it is not noted that its copy lies where it belongs, and its original.

    It `stays` as it is while it is in the trash or a duplicate. `state` is what is on record
    about a copy where it belongs.
    """

    asset_id: UUID
    cluster_id: UUID
    content_type: str | None
    bucket: str
    raw_key: str
    version_id: str
    size_bytes: int
    stays: bool
    state: str | None


@dataclass(frozen=True)
class Copy:
    """A copy that lies under a key, or may; somebody may still be `making` it."""

    key: str
    making: bool


@dataclass(frozen=True)
class Left:
    """Whether there are assets to place, old copies to remove, and copies begun and not ended."""

    to_place: bool
    old: bool
    begun: bool


_EDITION = "(SELECT edition FROM clustering WHERE owner = %(owner)s)"
_STAYS = (
    "(a.purging_at IS NOT NULL OR a.trashed_at IS NOT NULL OR a.duplicate_of IS NOT NULL"
    " OR r.observed_at IS NULL)"
)
_ITS_ORIGINAL = (
    " JOIN cluster c ON c.owner = %(owner)s AND c.id = m.cluster_id"
    " JOIN asset a ON a.owner = %(owner)s AND a.id = m.asset_id"
    " JOIN asset_raw r ON r.owner = %(owner)s AND r.id = a.raw_id"
)
# Members that are still to be placed.
_TO_PLACE = (
    "SELECT true FROM joined m"
    + _ITS_ORIGINAL
    + " WHERE m.owner = %(owner)s AND m.edition = "
    + _EDITION
    + " AND NOT m.placed AND NOT "
    + _STAYS
    + " AND NOT EXISTS (SELECT FROM placement n WHERE n.owner = %(owner)s"
    " AND n.asset_id = m.asset_id AND n.cluster_id = c.root AND n.state = 'no_original')"
)


def unplaced(
    connection: Connection, owner: str, *, after: UUID | None, limit: int
) -> list[Unplaced]:
    """Members of which it is not noted that their copy is where it belongs, by id."""
    rows = connection.execute(
        "SELECT m.asset_id, c.root AS cluster_id, a.content_type, r.bucket, r.key AS raw_key,"
        " r.version_id, r.size_bytes, "
        + _STAYS
        + " AS stays, (SELECT p.state FROM placement p WHERE p.owner = %(owner)s"
        " AND p.asset_id = m.asset_id AND p.cluster_id = c.root ORDER BY"
        " array_position(ARRAY['placed', 'begun', 'no_original', 'old'], p.state) LIMIT 1) AS state"
        # The members first, or it might walk through all assets to find the few.
        " FROM (SELECT asset_id, cluster_id FROM joined WHERE owner = %(owner)s"
        " AND edition = "
        + _EDITION
        + " AND NOT placed AND (%(after)s::uuid IS NULL OR asset_id > %(after)s)"
        " ORDER BY asset_id LIMIT %(limit)s) m" + _ITS_ORIGINAL + " ORDER BY m.asset_id",
        {"owner": owner, "after": after, "limit": limit},
    ).fetchall()
    return [Unplaced(**row) for row in rows]


def settle(connection: Connection, owner: str, limit: int) -> bool:
    """Of what lies in clusters that lead elsewhere by now, note some as not placed; whether that
    was all. The owner's clustering is locked."""
    noted = connection.execute(
        "UPDATE joined SET placed = false WHERE (owner, edition, asset_id) IN (SELECT m.owner,"
        " m.edition, m.asset_id FROM cluster c JOIN joined m ON m.owner = c.owner"
        " AND m.cluster_id = c.id WHERE c.owner = %(owner)s AND c.unsettled AND m.placed"
        " AND m.edition = " + _EDITION + " LIMIT %(limit)s) RETURNING 1",
        {"owner": owner, "limit": limit},
    ).fetchall()
    if len(noted) == limit:
        return False
    connection.execute(
        "UPDATE cluster SET unsettled = false WHERE owner = %s AND unsettled", [owner]
    )
    return True


def recognise(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> None:
    """Of these assets, note which lie where they belong. The owner's clustering is locked."""
    connection.execute(
        "UPDATE joined m SET placed = true FROM clustering k, cluster c, placement p"
        " WHERE k.owner = %(owner)s AND m.owner = k.owner AND m.edition = k.edition"
        " AND m.asset_id = ANY(%(ids)s) AND c.owner = m.owner AND c.id = m.cluster_id"
        " AND p.owner = m.owner AND p.asset_id = m.asset_id AND p.cluster_id = c.root"
        " AND p.state = 'placed'",
        {"owner": owner, "ids": list(asset_ids)},
    )


def begin(connection: Connection, owner: str, item: Unplaced, key: str) -> None:
    """Note that S3 is about to be asked for a copy under this key."""
    connection.execute(
        "INSERT INTO placement (owner, key, asset_id, cluster_id, asked_at)"
        " VALUES (%s, %s, %s, %s, now()) ON CONFLICT (owner, key) DO UPDATE"
        " SET state = 'begun', asked_at = now() WHERE placement.state <> 'placed'",
        [owner, key, item.asset_id, item.cluster_id],
    )


def pause(connection: Connection, owner: str, item: Unplaced, key: str) -> None:
    """The copy is not finished, and nobody is at it."""
    connection.execute(
        "UPDATE placement SET asked_at = NULL WHERE owner = %s AND key = %s"
        " AND asset_id = %s AND state = 'begun'",
        [owner, key, item.asset_id],
    )


def conclude(connection: Connection, owner: str, item: Unplaced, key: str) -> None:
    """The verified copy lies there: from now on it is the asset's, and an earlier one is old.

    If the asset has left the cluster meanwhile, as one that is purged does, the new one is old
    at once.
    """
    if key not in [copy.key for copy in lock(connection, owner, item.asset_id) if copy.making]:
        return
    values = {"owner": owner, "key": key, **vars(item)}
    row = connection.execute(
        # The member first and then its cluster, as others lock them. A merge waits for this, or
        # this finds what it made of the cluster.
        "WITH own AS MATERIALIZED (SELECT m.edition, m.cluster_id FROM clustering k"
        " JOIN joined m ON m.owner = k.owner AND m.edition = k.edition"
        " WHERE k.owner = %(owner)s AND m.asset_id = %(asset_id)s FOR UPDATE OF m),"
        " home AS MATERIALIZED (SELECT own.edition FROM own JOIN cluster c"
        " ON c.owner = %(owner)s AND c.id = own.cluster_id WHERE c.root = %(cluster_id)s"
        " FOR SHARE OF c)"
        " UPDATE joined m SET placed = true FROM home WHERE m.owner = %(owner)s"
        " AND m.edition = home.edition AND m.asset_id = %(asset_id)s RETURNING 1",
        values,
    ).fetchone()
    if row is None:
        _become(connection, owner, key, "old")
        return
    connection.execute(
        "UPDATE placement SET state = 'old' WHERE owner = %(owner)s"
        " AND asset_id = %(asset_id)s AND key <> %(key)s AND state IN ('placed', 'no_original')",
        values,
    )
    _become(connection, owner, key, "placed")


def give_up(connection: Connection, owner: str, item: Unplaced, key: str) -> None:
    """There is no original to copy; until the asset changes its cluster nobody tries again."""
    lock(connection, owner, item.asset_id)
    row = connection.execute(
        "SELECT 1 FROM asset WHERE owner = %s AND id = %s AND purging_at IS NULL",
        [owner, item.asset_id],
    ).fetchone()
    _become(connection, owner, key, "no_original" if row else "old")


def _become(connection: Connection, owner: str, key: str, state: str) -> None:
    connection.execute(
        "UPDATE placement SET state = %s, asked_at = NULL WHERE owner = %s AND key = %s"
        " AND state = 'begun'",
        [state, owner, key],
    )


def lock(connection: Connection, owner: str, asset_id: UUID) -> list[Copy]:
    """All copies of the asset, while nobody else changes what is said of them."""
    rows = connection.execute(
        "SELECT key, state = 'begun' AS making FROM placement"
        " WHERE owner = %s AND asset_id = %s ORDER BY key FOR UPDATE",
        [owner, asset_id],
    ).fetchall()
    return [Copy(**row) for row in rows]


def lock_removable(
    connection: Connection, owner: str, *, abandoned_after_s: float, limit: int
) -> list[Copy]:
    """Old copies, and those whose making was given up long ago; nobody begins them meanwhile."""
    rows = connection.execute(
        "SELECT p.key, p.state = 'begun' AS making FROM placement p WHERE p.owner = %(owner)s"
        " AND (p.state = 'old' OR (p.state = 'begun'"
        " AND coalesce(p.asked_at <= clock_timestamp()"
        " - make_interval(secs => %(abandoned_after_s)s), true)"
        " AND (" + _TO_PLACE + " AND m.asset_id = p.asset_id AND c.root = p.cluster_id"
        " LIMIT 1) IS NULL))"
        " ORDER BY p.key LIMIT %(limit)s FOR UPDATE OF p SKIP LOCKED",
        {"owner": owner, "abandoned_after_s": abandoned_after_s, "limit": limit},
    ).fetchall()
    return [Copy(**row) for row in rows]


def forget(connection: Connection, owner: str, copies: Sequence[Copy]) -> None:
    """These copies were removed."""
    connection.execute(
        "DELETE FROM placement WHERE owner = %s AND key = ANY(%s)",
        [owner, [copy.key for copy in copies]],
    )


def left(connection: Connection, owner: str) -> Left:
    """What is still to be done for the owner."""
    row = connection.execute(
        "SELECT EXISTS (" + _TO_PLACE + ") OR EXISTS (SELECT FROM cluster"
        " WHERE owner = %(owner)s AND unsettled) AS to_place, EXISTS (SELECT FROM placement"
        " WHERE owner = %(owner)s AND state = 'old') AS old, EXISTS (SELECT FROM placement"
        " WHERE owner = %(owner)s AND state = 'begun') AS begun",
        {"owner": owner},
    ).fetchone()
    return Left(**(row or {}))


def key_of(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Where the verified copy of each asset lies; those that have none are missing."""
    rows = connection.execute(
        "SELECT asset_id, key FROM placement WHERE owner = %s AND asset_id = ANY(%s)"
        " AND state = 'placed'",
        [owner, list(asset_ids)],
    ).fetchall()
    return {row["asset_id"]: row["key"] for row in rows}
