"""Nearness: which clusters an asset is near to, and which members are far from their centroid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.memberships import Place

# How many centroids are compared. Of 36,000 vectors near to one of 20,000 made-up centroids, 11 had
# theirs not among the hundred whose signs agree most, all in crowds: `make bench BENCH=sketches`.
LIKELY = 100


@dataclass(frozen=True)
class Near:
    """A cluster near to an asset: how alike they are, and how alike they have to be."""

    cluster_id: UUID
    similarity: float
    threshold: float


@dataclass(frozen=True)
class Likeness:
    """An asset, and how alike it is to the centroid of its cluster."""

    asset_id: UUID
    similarity: float


def nearest(
    connection: Connection, place: Place, asset_id: UUID, *, never: Sequence[UUID], limit: int = 2
) -> list[Near]:
    """The clusters nearest to the asset's own vector, but for those in `never`.

    Of up to `LIKELY` clusters exactly so; of more, among those whose sketches agree most.
    """
    rows = connection.execute(
        "WITH own AS MATERIALIZED (SELECT vector::halfvec AS v FROM embedding"
        " WHERE owner = %(owner)s AND asset_id = %(asset_id)s AND space_id = %(space_id)s"
        " AND frame = 0)"
        # What is shown is worked out behind the limit: for each row it would be a second time.
        " SELECT cluster_id, 1 - distance AS similarity, threshold FROM ("
        "SELECT cluster_id, threshold, centroid <=> (SELECT v FROM own) AS distance"
        " FROM cluster_shape WHERE owner = %(owner)s AND edition = %(edition)s"
        " AND cluster_id = ANY(ARRAY(SELECT cluster_id FROM cluster_sketch"
        "  WHERE owner = %(owner)s AND edition = %(edition)s"
        "  AND cluster_id <> ALL(%(never)s) AND EXISTS (SELECT FROM own)"
        "  ORDER BY signs <~> (SELECT binary_quantize(v) FROM own), cluster_id"
        "  LIMIT %(likely)s))"
        " ORDER BY distance, cluster_id LIMIT %(limit)s) near ORDER BY distance, cluster_id",
        {
            **vars(place),
            "asset_id": asset_id,
            "never": list(never),
            "likely": LIKELY,
            "limit": limit,
        },
        prepare=True,
    ).fetchall()
    return [Near(**row) for row in rows]


def likeness(
    connection: Connection, place: Place, asset_ids: Sequence[UUID], cluster_id: UUID
) -> dict[UUID, float]:
    """How alike each asset is to the cluster's centroid."""
    rows = connection.execute(
        "SELECT e.asset_id, 1 - (s.centroid <=> e.vector::halfvec) AS similarity"
        " FROM cluster_shape s JOIN embedding e ON e.owner = s.owner AND e.space_id = %(space_id)s"
        " AND e.frame = 0 AND e.asset_id = ANY(%(ids)s)"
        " WHERE s.owner = %(owner)s AND s.edition = %(edition)s AND s.cluster_id = %(cluster_id)s",
        {**vars(place), "ids": list(asset_ids), "cluster_id": cluster_id},
    ).fetchall()
    return {row["asset_id"]: row["similarity"] for row in rows}


def below(
    connection: Connection, place: Place, cluster_id: UUID, threshold: float, limit: int
) -> list[Likeness]:
    """Members that no hand put there and that are less like the centroid, the least first."""
    rows = connection.execute(
        "SELECT e.asset_id, 1 - (s.centroid <=> e.vector::halfvec) AS similarity"
        " FROM membership m JOIN cluster c ON c.owner = m.owner AND c.id = m.cluster_id"
        " JOIN cluster_shape s ON s.owner = m.owner AND s.edition = m.edition"
        " AND s.cluster_id = m.cluster_id JOIN embedding e ON e.owner = m.owner"
        " AND e.asset_id = m.asset_id AND e.space_id = %(space_id)s AND e.frame = 0"
        " WHERE m.owner = %(owner)s AND m.edition = %(edition)s AND m.cluster_id = %(cluster_id)s"
        " AND NOT m.pinned AND m.joined_at <= c.held_at IS NOT TRUE"
        " AND 1 - (s.centroid <=> e.vector::halfvec) < %(threshold)s"
        " ORDER BY similarity, e.asset_id LIMIT %(limit)s",
        {**vars(place), "cluster_id": cluster_id, "threshold": threshold, "limit": limit},
    ).fetchall()
    return [Likeness(**row) for row in rows]
