"""What consolidation looks at: clusters that have changed, what is near them, and their members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pgvector import Vector

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.memberships import Place


@dataclass(frozen=True)
class Shape:
    """Where a cluster lies. `kept` when a hand shaped it, named it or set its threshold."""

    id: UUID
    size: int
    threshold: float
    kept: bool
    total: list[int]


@dataclass(frozen=True)
class Member:
    """A member, its vector, and whether a hand put or holds it there."""

    asset_id: UUID
    cluster_id: UUID
    pinned: bool
    vector: NDArray[np.float32]


_SELECT = (
    "SELECT s.cluster_id AS id, s.size, s.threshold, s.total, c.held_at IS NOT NULL"
    " OR c.name_source = 'hand' OR s.threshold_source = 'hand' AS kept"
    " FROM cluster_shape s JOIN cluster c ON c.owner = s.owner AND c.id = s.cluster_id"
    " WHERE s.owner = %(owner)s AND s.edition = %(edition)s AND s.size > 0"
)


def changed(connection: Connection, place: Place) -> UUID | None:
    """The smallest cluster whose middle is not where it was measured last."""
    row = connection.execute(
        "SELECT cluster_id FROM cluster_shape WHERE owner = %s AND edition = %s AND size > 0"
        " AND (measured IS NULL OR measured <> centroid) ORDER BY size, cluster_id LIMIT 1",
        [place.owner, place.edition],
    ).fetchone()
    return row["cluster_id"] if row else None


def members_in_all(connection: Connection, place: Place) -> int:
    """How many members the clusters of the edition have together."""
    row = connection.execute(
        "SELECT coalesce(sum(size), 0)::bigint AS members FROM cluster_shape"
        " WHERE owner = %s AND edition = %s",
        [place.owner, place.edition],
    ).fetchone()
    return row["members"] if row else 0


def every(connection: Connection, place: Place) -> list[Shape]:
    """All clusters with members, the oldest first."""
    rows = connection.execute(_SELECT + " ORDER BY s.cluster_id", vars(place)).fetchall()
    return [Shape(**row) for row in rows]


def around(connection: Connection, place: Place, cluster_id: UUID, limit: int) -> list[Shape]:
    """The cluster and those nearest to it, the oldest first."""
    rows = connection.execute(
        "WITH seed AS MATERIALIZED (SELECT centroid FROM cluster_shape WHERE owner = %(owner)s"
        " AND edition = %(edition)s AND cluster_id = %(seed)s), near AS MATERIALIZED ("
        "SELECT cluster_id FROM cluster_shape WHERE owner = %(owner)s AND edition = %(edition)s"
        " AND size > 0 ORDER BY centroid <=> (SELECT centroid FROM seed), cluster_id"
        " LIMIT %(limit)s) "
        + _SELECT
        + " AND s.cluster_id IN (SELECT cluster_id FROM near) ORDER BY s.cluster_id",
        {**vars(place), "seed": cluster_id, "limit": limit},
    ).fetchall()
    return [Shape(**row) for row in rows]


def members(
    connection: Connection, place: Place, whole: Sequence[UUID], in_part: Sequence[UUID]
) -> list[Member]:
    """All members of some clusters; of others only those with a link, or put there by a hand."""
    rows = connection.execute(
        "SELECT m.asset_id, m.cluster_id, m.pinned OR m.joined_at <= c.held_at IS TRUE AS pinned,"
        " e.vector::text AS vector FROM membership m"
        " JOIN cluster c ON c.owner = m.owner AND c.id = m.cluster_id"
        " JOIN embedding e ON e.owner = m.owner AND e.asset_id = m.asset_id"
        " AND e.space_id = %(space_id)s AND e.frame = 0"
        " WHERE m.owner = %(owner)s AND m.edition = %(edition)s AND (m.cluster_id = ANY(%(whole)s)"
        " OR (m.cluster_id = ANY(%(in_part)s) AND (m.pinned OR EXISTS (SELECT FROM link l"
        " WHERE l.owner = m.owner AND m.asset_id IN (l.asset_a, l.asset_b)))))"
        " ORDER BY m.asset_id",
        {**vars(place), "whole": list(whole), "in_part": list(in_part)},
    ).fetchall()
    return [
        Member(
            row["asset_id"],
            row["cluster_id"],
            row["pinned"],
            Vector.from_text(row["vector"]).to_numpy(),
        )
        for row in rows
    ]


def measure(connection: Connection, place: Place, cluster_ids: Sequence[UUID]) -> None:
    """Note how tight these clusters are, and how far their middles moved since the last time."""
    connection.execute(
        "UPDATE cluster_shape s SET measured = s.centroid, measured_at = now(),"
        " moved = coalesce(s.measured <=> s.centroid, 0), tightness = tight.mean"
        " FROM (SELECT m.cluster_id, avg(1 - (e.vector::halfvec <=> own.centroid)) AS mean"
        "  FROM membership m JOIN cluster_shape own ON own.owner = m.owner"
        "  AND own.edition = m.edition AND own.cluster_id = m.cluster_id"
        "  JOIN embedding e ON e.owner = m.owner AND e.asset_id = m.asset_id"
        "  AND e.space_id = %(space_id)s AND e.frame = 0 WHERE m.owner = %(owner)s"
        "  AND m.edition = %(edition)s AND m.cluster_id = ANY(%(ids)s) GROUP BY m.cluster_id) tight"
        " WHERE s.owner = %(owner)s AND s.edition = %(edition)s"
        " AND s.cluster_id = tight.cluster_id",
        {**vars(place), "ids": list(cluster_ids)},
    )
