"""What looks like an asset, by its vector alone."""

from __future__ import annotations

from uuid import UUID

from mammothbox.catalog.connection import Connection


def similar(
    connection: Connection, owner: str, asset_id: UUID, *, least: float, limit: int
) -> list[tuple[UUID, float]]:
    """What looks like the asset in the active space, with the cosine, the most alike first."""
    rows = connection.execute(
        "WITH own AS MATERIALIZED (SELECT e.space_id, e.vector FROM embedding e"
        " JOIN embedding_space s ON s.id = e.space_id AND s.state = 'active'"
        " WHERE e.owner = %(owner)s AND e.asset_id = %(asset_id)s AND e.frame = 0)"
        " SELECT e.asset_id, 1 - (e.vector <=> own.vector) AS cosine FROM own JOIN embedding e"
        " ON e.owner = %(owner)s AND e.space_id = own.space_id AND e.frame = 0"
        " JOIN asset a ON a.owner = e.owner AND a.id = e.asset_id AND a.trashed_at IS NULL"
        " AND a.purging_at IS NULL WHERE e.asset_id <> %(asset_id)s"
        " AND 1 - (e.vector <=> own.vector) >= %(least)s"
        " ORDER BY e.vector <=> own.vector, e.asset_id LIMIT %(limit)s",
        {"owner": owner, "asset_id": asset_id, "least": least, "limit": limit},
    ).fetchall()
    return [(row["asset_id"], row["cosine"]) for row in rows]
