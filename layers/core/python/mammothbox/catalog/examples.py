"""The vector of an object that a search is given as its example."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Vector:
    """A vector as pgvector writes it, and the asset that has it."""

    asset_id: UUID
    vector: str


def find(connection: Connection, owner: str, asset_id: UUID, space_id: int) -> Vector | None:
    """The asset's vector in the space; `None` when it has none.

    An exact duplicate has none of its own: the asset with the same bytes stands for it.
    """
    row = connection.execute(
        "SELECT e.asset_id, e.vector::text AS vector FROM asset a JOIN embedding e"
        " ON e.owner = a.owner AND e.asset_id IN (a.id, a.duplicate_of)"
        " WHERE a.owner = %s AND a.id = %s AND e.space_id = %s AND e.frame = 0"
        " ORDER BY e.asset_id = a.id DESC LIMIT 1",
        [owner, asset_id, space_id],
    ).fetchone()
    return Vector(**row) if row else None
