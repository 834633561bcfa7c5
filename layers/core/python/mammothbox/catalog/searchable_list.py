"""What matches filters and nothing else: a list, the newest first."""

from __future__ import annotations

from psycopg import sql

from mammothbox.catalog import filter_estimate, search_filter
from mammothbox.catalog.connection import Connection
from mammothbox.searching.filters import Filters
from mammothbox.searching.found import Hit, Ranking

_NEWEST = sql.SQL(
    "SELECT s.asset_id FROM searchable s WHERE {}"
    " ORDER BY s.at DESC, s.asset_id DESC LIMIT %(depth)s"
)


def newest(connection: Connection, owner: str, filters: Filters, depth: int) -> Ranking:
    """The newest `depth` that match, by when they were taken or, without that, came.

    `candidates` is how many match: exactly if these are all, and else as the planner expects.
    """
    conditions, values = search_filter.conditions(filters)
    expected = filter_estimate.rows(connection, owner, filters)
    rows = connection.execute(
        _NEWEST.format(conditions), {**values, "owner": owner, "depth": depth}
    ).fetchall()
    hits = tuple(Hit(row["asset_id"]) for row in rows)
    if len(hits) < depth:
        return Ranking("newest", hits, "newest", len(hits), exhausted=True)
    return Ranking("newest", hits, "newest", max(expected(), depth))
