"""Who there is; for operators."""

from __future__ import annotations

from mammothbox.catalog.connection import Connection

# One step along an index for each owner, however much they have.
_NEXT = (
    "least((SELECT min(owner) FROM asset WHERE owner > {0}),"
    " (SELECT min(owner) FROM api_key WHERE owner > {0})) AS owner"
)
_OWNERS = (
    "WITH RECURSIVE one AS (SELECT "
    + _NEXT.format("%(after)s")
    + " UNION ALL SELECT "
    # What follows the last one is null, and ends it.
    + _NEXT.format("one.owner")
    + " FROM one WHERE one.owner IS NOT NULL)"
    " SELECT owner::text FROM one WHERE owner IS NOT NULL LIMIT %(limit)s"
)


def page(connection: Connection, after: str = "", limit: int | None = None) -> list[str]:
    """Who has a key or an asset, by name, beyond `after`; all, unless there is a limit."""
    rows = connection.execute(_OWNERS, {"after": after, "limit": limit}).fetchall()
    return [row["owner"] for row in rows]
