"""How many rows filters are expected to leave: what the planner says, without looking."""

from __future__ import annotations

from collections.abc import Callable

from psycopg import sql

from mammothbox.catalog import search_filter
from mammothbox.catalog.connection import Connection
from mammothbox.searching.filters import Filters


def rows(connection: Connection, owner: str, filters: Filters) -> Callable[[], int]:
    """Asks for the estimate; what is returned reads the answer.

    One that is wrong costs those who plan by it time, and nothing else.
    """
    conditions, values = search_filter.conditions(filters)
    cursor = connection.execute(
        sql.SQL("EXPLAIN (FORMAT json) SELECT FROM searchable s WHERE {}").format(conditions),
        {**values, "owner": owner},
    )

    def read() -> int:
        row = cursor.fetchone()
        assert row is not None  # noqa: S101 - EXPLAIN always answers
        return int(row["QUERY PLAN"][0]["Plan"]["Plan Rows"])

    return read
