"""What searches leave behind and nobody needs any more, whoever's; for the janitor."""

from __future__ import annotations

from mammothbox.catalog.connection import Connection

_VECTORS_KEPT_DAYS = 30


def forget_frozen(connection: Connection, limit: int) -> int:
    """Forget what searches found whose next pages can be asked for no more; how many."""
    rows = connection.execute(
        "DELETE FROM frozen_search WHERE (owner, id) IN (SELECT owner, id FROM frozen_search"
        " WHERE expires_at <= now() ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)"
        " RETURNING 1",
        [limit],
    ).fetchall()
    return len(rows)


def forget_vectors(connection: Connection, limit: int) -> int:
    """Forget vectors of texts that nobody asked for lately; how many."""
    rows = connection.execute(
        "DELETE FROM query_vector WHERE (owner, space_id, digest) IN ("
        "SELECT owner, space_id, digest FROM query_vector"
        " WHERE used_at < now() - make_interval(days => %s) ORDER BY used_at LIMIT %s"
        " FOR UPDATE SKIP LOCKED) RETURNING 1",
        [_VECTORS_KEPT_DAYS, limit],
    ).fetchall()
    return len(rows)
