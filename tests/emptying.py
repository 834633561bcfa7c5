"""An empty database again, between two tests: a tenth of the time of making one."""

from __future__ import annotations

import psycopg
from psycopg import sql

_END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_USED = """
    SELECT tablename, size FROM pg_tables,
        pg_relation_size(format('%I.%I', schemaname, tablename)::regclass) AS size
    WHERE schemaname = 'catalog' AND size > 0
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'catalog'"
_COUNT_ANEW = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE schemaname = 'catalog' AND last_value IS NOT NULL
"""
_GENERATED = """
    SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('collections', 'scratch')
"""
# The next spaces have these numbers, and may have other dimensions.
_OF_SPACES = "SELECT indexname FROM pg_indexes WHERE indexname LIKE 'embedding_near_%'"
# Of larger tables the rows take longer to delete than all tables take to be replaced.
_LARGE = 4_000_000


def empty(superuser: str) -> None:
    """Leave no row, no generated table and no connection of anyone else.

    Tables that a test used are emptied, for to replace all of them takes a tenth of a second.
    """
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(_END_OTHERS)
        # Or lineage would refuse to be emptied.
        connection.execute("SET session_replication_role = replica")
        for (name,) in connection.execute(_OF_SPACES).fetchall():
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier("catalog", name)))
        used: dict[str, int] = dict(connection.execute(_USED).fetchall())
        if max(used.values(), default=0) < _LARGE:
            _delete(connection, list(used))
        else:
            _replace(connection)
        connection.execute(_COUNT_ANEW)
        for schema, table in connection.execute(_GENERATED).fetchall():
            drop = sql.SQL("DROP TABLE {} CASCADE").format(sql.Identifier(schema, table))
            connection.execute(drop)


def _delete(connection: psycopg.Connection[tuple[object, ...]], tables: list[str]) -> None:
    if not tables:
        return
    names = [sql.Identifier("catalog", table) for table in tables]
    for name in names:
        connection.execute(sql.SQL("DELETE FROM {}").format(name))
    connection.execute(sql.SQL("VACUUM {}").format(sql.SQL(", ").join(names)))
    # As if it had never held anything: what is known of it steers the planner.
    connection.execute(
        "UPDATE pg_class SET relpages = 0, reltuples = -1, relallvisible = 0"
        " WHERE relnamespace = 'catalog'::regnamespace AND relname = ANY(%s)",
        [tables],
    )


def _replace(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    names = [sql.Identifier("catalog", str(name)) for (name,) in connection.execute(_TABLES)]
    connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(names)))
