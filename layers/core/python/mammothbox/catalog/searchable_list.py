"""What matches filters and nothing else: a list, the newest first."""

from __future__ import annotations

from psycopg import sql

from mammothbox.catalog import search_filter
from mammothbox.catalog.connection import Connection
from mammothbox.searching.filters import Filters
from mammothbox.searching.found import Hit, Ranking

# One more than any list has, so that it is known when there is more.
_MOST_COUNTED = 1001

_NEWEST = sql.SQL(
    "WITH newest AS MATERIALIZED (SELECT s.asset_id, s.at FROM searchable s WHERE {}"
    " ORDER BY s.at DESC, s.asset_id DESC LIMIT %(most)s)"
    " SELECT asset_id, (SELECT count(*) FROM newest) AS candidates FROM newest"
    " ORDER BY at DESC, asset_id DESC LIMIT %(depth)s"
)


def newest(connection: Connection, owner: str, filters: Filters, depth: int) -> Ranking:
    """The newest `depth` that match, by when they were taken or, without that, came.

    `candidates` is how many match, up to one more than a list has.
    """
    conditions, values = search_filter.conditions(filters)
    rows = connection.execute(
        _NEWEST.format(conditions),
        {**values, "owner": owner, "depth": depth, "most": max(depth, _MOST_COUNTED)},
    ).fetchall()
    hits = tuple(Hit(row["asset_id"]) for row in rows)
    candidates = rows[0]["candidates"] if rows else 0
    return Ranking("newest", hits, "newest", candidates, exhausted=len(hits) < depth)
