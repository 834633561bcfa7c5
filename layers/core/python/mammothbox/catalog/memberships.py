"""Memberships: which asset is in which cluster and why, and the exact sums that follow.

On record is the cluster that an asset joined. By merges that leads to where the asset is now,
which `membership` tells.

A cluster's sum, size and mean change in the same transaction as its members do. Whoever changes
them holds the owner's clustering lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Why:
    """Why an asset is in its cluster."""

    similarity: float | None = None
    threshold: float | None = None
    runner_up: UUID | None = None
    runner_up_similarity: float | None = None


@dataclass(frozen=True)
class Membership:
    """Where an asset is, and why. A hand that moved it `pinned` it; one that said who belongs to
    the cluster `held` it, too."""

    asset_id: UUID
    cluster_id: UUID
    similarity: float | None
    threshold: float | None
    runner_up: UUID | None
    runner_up_similarity: float | None
    pinned: bool
    held: bool
    joined_at: datetime


@dataclass(frozen=True)
class Place:
    """An owner's edition and the space it lies in."""

    owner: str
    edition: int
    space_id: int


@dataclass(frozen=True)
class Sum:
    """How many assets, how many of them in the trash, and the exact sum of their vectors."""

    size: int
    trashed: int
    total: list[int]


def has_vector(connection: Connection, place: Place, asset_id: UUID) -> bool:
    """Whether the asset can be clustered there at all."""
    row = connection.execute(
        "SELECT 1 FROM embedding"
        " WHERE owner = %s AND asset_id = %s AND space_id = %s AND frame = 0",
        [place.owner, asset_id, place.space_id],
    ).fetchone()
    return row is not None


def of_assets(
    connection: Connection, owner: str, edition: int, asset_ids: Sequence[UUID]
) -> dict[UUID, Membership]:
    """Where each asset is; those that are nowhere are missing."""
    rows = connection.execute(
        "SELECT m.asset_id, m.cluster_id, m.similarity, m.threshold, m.runner_up,"
        " m.runner_up_similarity, m.pinned, m.pinned OR m.joined_at <= c.held_at IS TRUE AS held,"
        " m.joined_at FROM membership m JOIN cluster c ON c.owner = m.owner AND c.id = m.cluster_id"
        " WHERE m.owner = %s AND m.edition = %s AND m.asset_id = ANY(%s)",
        [owner, edition, list(asset_ids)],
        prepare=True,
    ).fetchall()
    return {row["asset_id"]: Membership(**row) for row in rows}


def of_cluster(connection: Connection, owner: str, edition: int, cluster_id: UUID) -> list[UUID]:
    """The ids of all members, those in the trash too."""
    rows = connection.execute(
        "SELECT asset_id FROM membership WHERE owner = %s AND edition = %s AND cluster_id = %s"
        " ORDER BY asset_id",
        [owner, edition, cluster_id],
        binary=True,
    ).fetchall()
    return [row["asset_id"] for row in rows]


def join(
    connection: Connection,
    place: Place,
    asset_id: UUID,
    cluster_id: UUID,
    why: Why,
    *,
    pinned: bool = False,
    joined_at: datetime | None = None,
) -> None:
    """Put an asset that is nowhere into a cluster. Without its vector it stays nowhere.

    It joins now, unless it is told since when it belongs there.
    """
    connection.execute(
        "INSERT INTO joined (owner, edition, asset_id, cluster_id, similarity, threshold,"
        " runner_up, runner_up_similarity, pinned, joined_at) SELECT owner, %(edition)s, asset_id,"
        " %(cluster_id)s, %(similarity)s, %(threshold)s, %(runner_up)s,"
        " %(runner_up_similarity)s, %(pinned)s, coalesce(%(joined_at)s, clock_timestamp())"
        " FROM embedding WHERE owner = %(owner)s"
        " AND asset_id = %(asset_id)s AND space_id = %(space_id)s AND frame = 0",
        {
            **vars(place),
            **vars(why),
            "asset_id": asset_id,
            "cluster_id": cluster_id,
            "pinned": pinned,
            "joined_at": joined_at,
        },
    )
    count(connection, place, cluster_id, sum_of(connection, place, [asset_id]))


def leave(connection: Connection, place: Place, asset_id: UUID) -> UUID | None:
    """Take an asset out of its cluster; returns which that was."""
    row = connection.execute(
        "DELETE FROM joined j USING cluster c WHERE j.owner = %s AND j.edition = %s"
        " AND j.asset_id = %s AND c.owner = j.owner AND c.id = j.cluster_id"
        " RETURNING c.root AS cluster_id",
        [place.owner, place.edition, asset_id],
    ).fetchone()
    if row is None:
        return None
    discount(connection, place, row["cluster_id"], sum_of(connection, place, [asset_id]))
    return UUID(str(row["cluster_id"]))


def move(
    connection: Connection,
    place: Place,
    asset_ids: Sequence[UUID],
    *,
    source: UUID,
    target: UUID,
    pinned: bool | None = None,
    by_machine: bool = False,
) -> list[UUID]:
    """Put those of these assets that are in one cluster into another; returns them.

    Without `pinned` each stays as firmly where it is as before. What a machine moves joins now: no
    hand that held the cluster before has seen it there.
    """
    rows = connection.execute(
        "UPDATE joined j SET cluster_id = %(target)s, placed = false,"
        " similarity = NULL, threshold = NULL, runner_up = NULL, runner_up_similarity = NULL,"
        " pinned = coalesce(%(pinned)s, j.pinned),"
        " joined_at = CASE WHEN %(by_machine)s THEN clock_timestamp() ELSE j.joined_at END"
        " FROM cluster c WHERE j.owner = %(owner)s"
        " AND j.edition = %(edition)s AND j.asset_id = ANY(%(ids)b) AND c.owner = j.owner"
        " AND c.id = j.cluster_id AND c.root = %(source)s RETURNING j.asset_id",
        {
            **vars(place),
            "source": source,
            "target": target,
            "pinned": pinned,
            "by_machine": by_machine,
            "ids": list(asset_ids),
        },
    ).fetchall()
    moved = [row["asset_id"] for row in rows]
    _recount(connection, place, sum_of(connection, place, moved), source=source, target=target)
    return moved


def pour(connection: Connection, place: Place, *, source: UUID, target: UUID) -> list[UUID]:
    """Count all members of one cluster as another's; returns them.

    They stay on record where they joined; whoever calls this lets that cluster lead to the other.
    The sums are known, so however many they are, no member and no vector is touched.
    """
    moved = of_cluster(connection, place.owner, place.edition, source)
    row = connection.execute(
        "SELECT size, trashed, total FROM cluster_shape"
        " WHERE owner = %s AND edition = %s AND cluster_id = %s FOR UPDATE",
        [place.owner, place.edition, source],
    ).fetchone()
    if row is not None:
        _recount(connection, place, Sum(**row), source=source, target=target)
    return moved


def reclaim(connection: Connection, place: Place, *, source: UUID, target: UUID) -> None:
    """Count as a cluster's own again what had joined it before it was merged into `source`.

    Whoever calls this has let it stand for itself again.
    """
    back = of_cluster(connection, place.owner, place.edition, target)
    _recount(connection, place, sum_of(connection, place, back), source=source, target=target)


def explain(connection: Connection, place: Place, asset_id: UUID, why: Why) -> None:
    """Put down why the asset is where it is now."""
    connection.execute(
        "UPDATE joined SET similarity = %(similarity)s, threshold = %(threshold)s,"
        " runner_up = %(runner_up)s, runner_up_similarity = %(runner_up_similarity)s"
        " WHERE owner = %(owner)s AND edition = %(edition)s AND asset_id = %(asset_id)s",
        {**vars(place), **vars(why), "asset_id": asset_id},
    )


def set_pinned(
    connection: Connection,
    owner: str,
    edition: int,
    asset_id: UUID,
    *,
    pinned: bool,
    joined_at: datetime | None,
) -> None:
    """Whether a hand put the asset where it is, and since when it belongs there, if told."""
    connection.execute(
        "UPDATE joined SET pinned = %s, joined_at = coalesce(%s, joined_at)"
        " WHERE owner = %s AND edition = %s AND asset_id = %s",
        [pinned, joined_at, owner, edition, asset_id],
    )


def sum_of(connection: Connection, place: Place, asset_ids: Sequence[UUID]) -> Sum:
    """The exact sum of these assets' own vectors."""
    row = connection.execute(
        "WITH member AS MATERIALIZED (SELECT e.vector, a.trashed_at FROM embedding e"
        " JOIN asset a ON a.owner = e.owner AND a.id = e.asset_id WHERE e.owner = %(owner)s"
        " AND e.space_id = %(space_id)s AND e.frame = 0 AND e.asset_id = ANY(%(ids)b))"
        " SELECT (SELECT count(*) FROM member) AS size,"
        " (SELECT count(trashed_at) FROM member) AS trashed,"
        " coalesce((SELECT array_agg(component ORDER BY n) FROM (SELECT n,"
        " sum(round(x::double precision * 16777216)::bigint)::bigint AS component"
        " FROM member, unnest(vector::real[]) WITH ORDINALITY AS c (x, n) GROUP BY n) summed),"
        " '{}') AS total",
        {**vars(place), "ids": list(asset_ids)},
        prepare=True,
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has its row
    return Sum(**row)


def count(connection: Connection, place: Place, cluster_id: UUID, added: Sum) -> None:
    """Add what has come into a cluster to its sum; its mean follows."""
    _add(connection, place, cluster_id, added, times=1)


def discount(connection: Connection, place: Place, cluster_id: UUID, taken: Sum) -> None:
    """Take what has left a cluster from its sum; its mean follows."""
    _add(connection, place, cluster_id, taken, times=-1)


def _recount(
    connection: Connection, place: Place, summed: Sum, *, source: UUID, target: UUID
) -> None:
    discount(connection, place, source, summed)
    count(connection, place, target, summed)


def _add(
    connection: Connection, place: Place, cluster_id: UUID, summed: Sum, *, times: int
) -> None:
    if summed.size == 0:
        return
    connection.execute(
        "UPDATE cluster_shape s SET size = s.size + %(size)s, trashed = s.trashed + %(trashed)s,"
        " (total, centroid) = (SELECT together, mean_of(together, nullif(s.size + %(size)s, 0))"
        # With OFFSET, or the sum would be written into both places and worked out twice.
        " FROM (SELECT add_up(s.total, %(total)s::bigint[], %(times)s) AS together OFFSET 0) once)"
        " WHERE owner = %(owner)s AND edition = %(edition)s AND cluster_id = %(cluster_id)s",
        {
            **vars(place),
            "cluster_id": cluster_id,
            "size": times * summed.size,
            "trashed": times * summed.trashed,
            "total": summed.total,
            "times": times,
        },
        prepare=True,
    )


def trashed(connection: Connection, owner: str, edition: int, asset_id: UUID, *, by: int) -> None:
    """One member more, or less, of the asset's cluster is in the trash."""
    connection.execute(
        "UPDATE cluster_shape s SET trashed = s.trashed + %s FROM membership m"
        " WHERE m.owner = %s AND m.edition = %s AND m.asset_id = %s AND s.owner = m.owner"
        " AND s.edition = m.edition AND s.cluster_id = m.cluster_id",
        [by, owner, edition, asset_id],
    )
