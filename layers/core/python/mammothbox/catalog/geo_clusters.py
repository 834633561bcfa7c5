"""What is where: how much there is in each cell of a grid over the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from uuid import UUID

from psycopg import sql

from mammothbox.catalog import search_filter
from mammothbox.catalog.connection import Connection
from mammothbox.searching.filters import Box, Filters

WHOLE_WORLD = Box(-180.0, -90.0, 180.0, 90.0)
# Beside each other on the map of a web page, whose tiles have 256 pixels.
_CELLS_PER_TILE = 4
MOST_CELLS = 2000


@dataclass(frozen=True)
class Cell:
    """What is in one cell of the grid: the middle and the bounds of it, and its newest."""

    latitude: float
    longitude: float
    count: int
    west: float
    south: float
    east: float
    north: float
    cover: UUID


# The newest of a cell is looked up by its time: there is no `max` of identifiers.
_CELLS = sql.SQL(
    "WITH cell AS MATERIALIZED (SELECT floor((s.longitude + 180) / %(size)s) AS x,"
    " floor((s.latitude + 90) / %(size)s) AS y, count(*) AS count,"
    " avg(s.latitude) AS latitude, avg(s.longitude) AS longitude,"
    " min(s.longitude) AS west, min(s.latitude) AS south,"
    " max(s.longitude) AS east, max(s.latitude) AS north, max(s.at) AS newest"
    " FROM searchable s WHERE {conditions} GROUP BY 1, 2)"
    " SELECT cell.latitude, cell.longitude, cell.count, cell.west, cell.south, cell.east,"
    " cell.north, (SELECT s.asset_id FROM searchable s WHERE {conditions}"
    "  AND s.at = cell.newest AND s.longitude BETWEEN cell.west AND cell.east"
    "  AND s.latitude BETWEEN cell.south AND cell.north"
    "  ORDER BY s.asset_id DESC LIMIT 1) AS cover"
    " FROM cell ORDER BY cell.count DESC, cell.x, cell.y"
)


def cells(
    connection: Connection,
    owner: str,
    filters: Filters,
    size: float,
    among: Sequence[UUID] | None = None,
) -> Sequence[Cell]:
    """The cells that hold anything that matches, the fullest first; if given, only of `among`."""
    conditions, values = search_filter.conditions(filters)
    conditions += sql.SQL(" AND s.latitude IS NOT NULL")
    if among is not None:
        conditions += sql.SQL(" AND s.asset_id = ANY(%(among)s)")
    rows = connection.execute(
        _CELLS.format(conditions=conditions),
        {**values, "owner": owner, "size": size, "among": among},
    ).fetchall()
    return [Cell(**row) for row in rows]


def seen(filters: Filters) -> Box:
    """The smallest part of the map that the filters name; all that they leave is within it."""
    parts = [*filters.boxes, *map(search_filter.box_around, filters.circles), WHOLE_WORLD]
    return min(parts, key=lambda box: _width(box) * (box.north - box.south))


def cell_size(zoom: int, box: Box) -> float:
    """How many degrees wide and high cells are: by the zoom, but never too many in the box."""
    of_zoom: float = 360.0 / (2**zoom * _CELLS_PER_TILE)
    width = _width(box)
    height = box.north - box.south
    # Of n by m cells of a grid that is not the box's own, n + 1 by m + 1 may show.
    fits: float = sqrt(width * height / MOST_CELLS)
    size: float = max(of_zoom, fits)
    while (width / size + 1) * (height / size + 1) > MOST_CELLS:
        size *= 1.1
    return size


def _width(box: Box) -> float:
    return (box.east - box.west) % 360.0 or 360.0
