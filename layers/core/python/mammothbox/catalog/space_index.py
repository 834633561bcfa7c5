"""The index of each embedding space by which what is near a vector is found.

For role that owns the tables.
"""

from __future__ import annotations

from psycopg import sql

from mammothbox.catalog.connection import Connection
from mammothbox.observability import logger

# What pgvector can index of half-precision vectors.
MOST_DIMENSIONS = 4000
# A minute's work on one core: an index is made while nothing can be written beside it.
_MOST_AT_ONCE = 50_000
# How thoroughly a new vector's neighbours are looked for. For vectors of texts among 200,000, the
# nearest 60 of this index hold as many of the ten best as the nearest 200 of pgvector's own 64.
_CARE = 200
_PREFIX = "embedding_near_"

# How many vectors the index of `embedding_space s` has; NULL where there is no valid one.
INDEXED = (
    "(SELECT c.reltuples FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid"
    " WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'catalog')"
    " AND c.relname = '" + _PREFIX + "' || s.id AND i.indisvalid)"
)


def name(space_id: int) -> str:
    """What the index of the space is called."""
    return f"{_PREFIX}{space_id}"


def ensure(connection: Connection, space_id: int, dimension: int) -> None:
    """See to it that the space has its index, unless its vectors are too long for any.

    That takes no time for an empty space, where every space begins. A library that held vectors
    before there were indexes gets its own here, too, if that is done within a minute. One
    that is larger is searched without, which is complete but slow, and the log says what to run:
    the statement of `statement`, with CONCURRENTLY. An index that is invalid, as one is whose
    making was cut short there, or that is of another dimension, is made anew. One that was made
    with less care is kept, takes more of it from now on, and is made anew if that is quick.
    """
    if dimension > MOST_DIMENSIONS:
        return
    if _is_good(connection, space_id, dimension):
        _take_care(connection, space_id)
        return
    connection.execute(
        sql.SQL("DROP INDEX IF EXISTS {}").format(sql.Identifier("catalog", name(space_id)))
    )
    if _is_large(connection, space_id):
        missing = statement(space_id, dimension, concurrently=True).as_string(connection)
        logger.warning("the index of a space is missing", extra={"run": missing})
        return
    create(connection, space_id, dimension)


def create(connection: Connection, space_id: int, dimension: int) -> None:
    """Make the index, whatever there is to be indexed."""
    # Beyond it, the graph does not fit and every vector takes ten times as long.
    connection.execute("SET LOCAL maintenance_work_mem = '256MB'")
    connection.execute(statement(space_id, dimension))


def drop(connection: Connection, space_id: int) -> None:
    """Do without the index, for as long as very many vectors are written at once."""
    connection.execute(
        sql.SQL("DROP INDEX IF EXISTS {}").format(sql.Identifier("catalog", name(space_id)))
    )


def statement(space_id: int, dimension: int, *, concurrently: bool = False) -> sql.Composed:
    """What makes the index. Half precision halves it and finds as much; results are ranked
    anew by the vectors as they are."""
    return sql.SQL(
        "CREATE INDEX {how}{name} ON catalog.embedding"
        " USING hnsw ((vector::halfvec({dimension})) halfvec_cosine_ops)"
        " WITH (ef_construction = {care}) WHERE space_id = {space}"
    ).format(
        how=sql.SQL("CONCURRENTLY " if concurrently else ""),
        name=sql.Identifier(name(space_id)),
        dimension=sql.Literal(dimension),
        care=sql.Literal(_CARE),
        space=sql.Literal(space_id),
    )


def _is_good(connection: Connection, space_id: int, dimension: int) -> bool:
    row = connection.execute(
        "SELECT i.indisvalid AND pg_get_indexdef(i.indexrelid) LIKE %s AS good"
        " FROM pg_index i WHERE i.indexrelid = to_regclass(%s)",
        [f"%halfvec({dimension})%", f"catalog.{name(space_id)}"],
    ).fetchone()
    return bool(row and row["good"])


def _take_care(connection: Connection, space_id: int) -> None:
    index = sql.Identifier("catalog", name(space_id))
    careful = connection.execute(
        "SELECT %s = ANY(reloptions) AS so FROM pg_class WHERE oid = to_regclass(%s)",
        [f"ef_construction={_CARE}", index.as_string(connection)],
    ).fetchone()
    if careful is None or careful["so"]:
        return
    connection.execute(
        sql.SQL("ALTER INDEX {} SET (ef_construction = {})").format(index, sql.Literal(_CARE))
    )
    if _is_large(connection, space_id):
        again = sql.SQL("REINDEX INDEX CONCURRENTLY {}").format(index).as_string(connection)
        logger.warning("the index of a space finds less than it could", extra={"run": again})
        return
    connection.execute(sql.SQL("REINDEX INDEX {}").format(index))


def _is_large(connection: Connection, space_id: int) -> bool:
    row = connection.execute(
        "SELECT count(*) > %(most)s AS large FROM"
        " (SELECT FROM embedding WHERE space_id = %(space)s LIMIT %(most)s + 1) found",
        {"most": _MOST_AT_ONCE, "space": space_id},
    ).fetchone()
    return bool(row and row["large"])
