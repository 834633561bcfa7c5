"""Parts of a cluster, found where its vectors are: spherical k-means in the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.memberships import Place


@dataclass(frozen=True)
class Nearest:
    """A member and the number of the centre it is nearest to, with how alike they are."""

    asset_id: UUID
    part: int
    similarity: float


_MEMBERS = (
    "SELECT e.asset_id, e.vector FROM membership m JOIN embedding e ON e.owner = m.owner"
    " AND e.asset_id = m.asset_id AND e.space_id = %(space_id)s AND e.frame = 0"
    " WHERE m.owner = %(owner)s AND m.edition = %(edition)s AND m.cluster_id = %(cluster_id)s"
)
_NEAREST = (
    " SELECT member.asset_id, member.vector, best.part::integer AS part,"
    " 1 - best.distance AS similarity"
    " FROM member CROSS JOIN LATERAL (SELECT part, member.vector <=> centre AS distance"
    " FROM unnest(%(centres)s::text[]::vector[]) WITH ORDINALITY AS c (centre, part)"
    " ORDER BY distance, part LIMIT 1) best"
)


def farthest(
    connection: Connection, place: Place, cluster_id: UUID, centres: Sequence[str]
) -> str | None:
    """The vector of the member least like any of the centres, or without any, like the others."""
    values = {**vars(place), "cluster_id": cluster_id, "centres": list(centres)}
    if not centres:
        row = connection.execute(
            f"WITH member AS MATERIALIZED ({_MEMBERS}),"
            " middle AS (SELECT avg(vector) AS centre FROM member)"
            " SELECT vector::text AS vector FROM member, middle"
            " ORDER BY vector <=> centre DESC, asset_id LIMIT 1",
            values,
        ).fetchone()
    else:
        row = connection.execute(
            f"WITH member AS MATERIALIZED ({_MEMBERS})"
            f" SELECT vector::text AS vector FROM ({_NEAREST}) found"
            " ORDER BY similarity, asset_id LIMIT 1",
            values,
        ).fetchone()
    return row["vector"] if row else None


def middles(
    connection: Connection, place: Place, cluster_id: UUID, centres: Sequence[str]
) -> list[str]:
    """The means of the members nearest to each centre; a centre without any keeps its place."""
    rows = connection.execute(
        f"WITH member AS MATERIALIZED ({_MEMBERS})"
        f" SELECT part, avg(vector)::text AS centre FROM ({_NEAREST}) found GROUP BY part",
        {**vars(place), "cluster_id": cluster_id, "centres": list(centres)},
    ).fetchall()
    after = {row["part"]: row["centre"] for row in rows}
    return [after.get(number, centre) for number, centre in enumerate(centres, 1)]


def nearest(
    connection: Connection, place: Place, cluster_id: UUID, centres: Sequence[str]
) -> list[Nearest]:
    """Each member's centre, by the member's id."""
    rows = connection.execute(
        f"WITH member AS MATERIALIZED ({_MEMBERS})"
        f" SELECT asset_id, part, similarity FROM ({_NEAREST}) found ORDER BY asset_id",
        {**vars(place), "cluster_id": cluster_id, "centres": list(centres)},
    ).fetchall()
    return [Nearest(**row) for row in rows]
