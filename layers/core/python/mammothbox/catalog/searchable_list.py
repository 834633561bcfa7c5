"""What matches filters and nothing else: a list, the newest first."""

from __future__ import annotations

from psycopg import sql

from mammothbox.catalog import filter_estimate, search_filter
from mammothbox.catalog.connection import Connection
from mammothbox.searching.filters import Filters
from mammothbox.searching.found import Hit, Ranking

# One more than any list has, so that it is known when there is more. Where twice as many are
# expected nobody counts.
_MOST_COUNTED = 1001
_CLEARLY_MORE = 2 * _MOST_COUNTED

_NEWEST = sql.SQL(
    "SELECT s.asset_id FROM searchable s WHERE {}"
    " ORDER BY s.at DESC, s.asset_id DESC LIMIT %(depth)s"
)
_COUNTED = sql.SQL(
    "SELECT count(*) AS count FROM (SELECT FROM searchable s WHERE {} LIMIT %(most)s) counted"
)


def newest(connection: Connection, owner: str, filters: Filters, depth: int) -> Ranking:
    """The newest `depth` that match, by when they were taken or, without that, came.

    `candidates` is how many match, up to one more than a list has; where there clearly are more, it
    is as many as the planner expects.
    """
    conditions, values = search_filter.conditions(filters)
    values |= {"owner": owner, "depth": depth, "most": _MOST_COUNTED}
    expected = filter_estimate.rows(connection, owner, filters)
    rows = connection.execute(_NEWEST.format(conditions), values).fetchall()
    hits = tuple(Hit(row["asset_id"]) for row in rows)
    if len(hits) < depth:
        return Ranking("newest", hits, "newest", len(hits), exhausted=True)
    candidates = expected()
    if candidates < _CLEARLY_MORE:
        counted = connection.execute(_COUNTED.format(conditions), values).fetchone()
        assert counted is not None  # noqa: S101 - a count is one row
        candidates = counted["count"]
    return Ranking("newest", hits, "newest", candidates)
