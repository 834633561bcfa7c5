"""What looks like an asset, by its vector alone."""

from __future__ import annotations

from uuid import UUID

from mammothbox.catalog import examples, spaces, vector_search
from mammothbox.catalog.connection import Connection
from mammothbox.searching.filters import Filters
from mammothbox.searching.found import Ranking

# What is in the trash is left out by every search; a duplicate looks like what it is one of.
_EVERYTHING = Filters(duplicates="include")


def similar(connection: Connection, owner: str, asset_id: UUID, limit: int) -> Ranking | None:
    """What looks like the asset in the active space; `None` when it has no vector there.

    What an exact duplicate looks like most, the asset with the same bytes, is left out with it.
    """
    space = spaces.active(connection)
    if space is None:
        return None
    example = examples.find(connection, owner, asset_id, space.id)
    if example is None:
        return None
    return vector_search.nearest(
        connection,
        owner,
        space,
        example.vector,
        _EVERYTHING,
        limit,
        apart_from=example.asset_id,
    )
