"""The table of a collection's documents: every document as JSONB, whatever is decided later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection

TABLES = "collections"
VIEWS = "collected"
SCRATCH = "scratch"

_CREATE = """
CREATE TABLE {table} (
    document_id uuid    PRIMARY KEY,
    asset_id    uuid    NOT NULL,
    part        integer NOT NULL,
    position    bigint  NOT NULL,
    doc         jsonb   NOT NULL
);
CREATE INDEX {of_asset} ON {table} (asset_id, part);
CREATE INDEX {by_value} ON {table} USING gin (doc jsonb_path_ops);
COMMENT ON TABLE {table} IS {comment};
GRANT SELECT, INSERT, DELETE ON {table} TO worker;
"""
# COPY knows these three signs; a control character proper stands escaped in JSON already.
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"})
_LINES_AT_ONCE = 500
# Of a large table so many rows are looked at for different values.
_LOOKED_AT = 20_000


@dataclass(frozen=True)
class Place:
    """Which piece of which asset documents come from."""

    asset_id: UUID
    part: int


@contextmanager
def as_ddl(connection: Connection, schema: str) -> Iterator[None]:
    """Let the statements inside touch nothing but generated tables; they mean those of `schema`.

    Only in a transaction. One that fails stays in that role until it is rolled back.
    """
    connection.execute("SET LOCAL ROLE ddl")
    connection.execute(sql.SQL("SET LOCAL search_path = {}, public").format(sql.Identifier(schema)))
    yield
    connection.execute("RESET ROLE")
    connection.execute("RESET search_path")


def create(connection: Connection, owner: str, collection_name: str, table: str) -> None:
    """Make the table, and the view through which its owner alone reads it."""
    names = {
        "table": sql.Identifier(table),
        "of_asset": sql.Identifier(f"{table}_asset"),
        "by_value": sql.Identifier(f"{table}_doc"),
        "comment": sql.Literal(f"Documents of the collection {collection_name!r} of {owner}."),
    }
    with as_ddl(connection, TABLES):
        for statement in _CREATE.split(";")[:-1]:
            connection.execute(sql.SQL(statement).format(**names))
        create_view(connection, owner, table)


def create_view(connection: Connection, owner: str, table: str) -> None:
    """Show a generated table to its owner, and let them delete from it. As role `ddl`.

    The condition is about the asker and not about rows: it costs nothing, and every index of
    the table serves behind it.
    """
    view, of = sql.Identifier(VIEWS, table), sql.Identifier(TABLES, table)
    connection.execute(
        sql.SQL(
            "CREATE VIEW {view} AS SELECT * FROM {of} WHERE current_setting('app.owner') = {owner}"
        ).format(view=view, of=of, owner=sql.Literal(owner))
    )
    connection.execute(sql.SQL("GRANT SELECT, DELETE ON {} TO app").format(view))


def write(
    connection: Connection, table: str, place: Place, rows: Iterable[tuple[int, int, str]]
) -> None:
    """Add documents: the number of their id, their position, and their very text.

    The connection is no pipeline. What the server takes for no JSON fails the transaction.
    """
    between = f"\t{place.asset_id}\t{place.part}\t"
    statement = sql.SQL("COPY {} (document_id, asset_id, part, position, doc) FROM STDIN").format(
        sql.Identifier(TABLES, table)
    )
    lines: list[str] = []
    with connection.cursor().copy(statement) as copy:
        for number, position, text in rows:
            lines.append(f"{number:032x}{between}{position}\t{text.translate(_ESCAPES)}\n")
            if len(lines) == _LINES_AT_ONCE:
                copy.write("".join(lines))
                lines.clear()
        copy.write("".join(lines))


def delete_part(connection: Connection, table: str, place: Place) -> int:
    """Take away what an earlier run wrote of this piece; how many documents that were."""
    cursor = connection.execute(
        sql.SQL("DELETE FROM {} WHERE asset_id = %s AND part = %s").format(
            sql.Identifier(TABLES, table)
        ),
        [place.asset_id, place.part],
    )
    return cursor.rowcount


def texts(
    connection: Connection, collection: Collection, after: UUID | None, limit: int
) -> list[tuple[UUID, str]]:
    """The ids and texts of the next documents behind `after`, as the server writes them."""
    rows = connection.execute(
        sql.SQL(
            "SELECT document_id, doc::text AS doc FROM {}"
            " WHERE %(after)s::uuid IS NULL OR document_id > %(after)s"
            " ORDER BY document_id LIMIT %(limit)s"
        ).format(sql.Identifier(TABLES, collection.docs_table)),
        {"after": after, "limit": limit},
    ).fetchall()
    return [(row["document_id"], row["doc"]) for row in rows]


def size(connection: Connection, table: str) -> int:
    """The bytes of its documents, without indexes."""
    row = connection.execute(
        "SELECT pg_table_size(%s::regclass) AS bytes",
        [sql.Identifier(TABLES, table).as_string(connection)],
    ).fetchone()
    return int(row["bytes"]) if row else 0


def delete_asset(connection: Connection, table: str, asset_id: UUID) -> int:
    """Take away every document of an asset; how many there were.

    Unlike the others this is for role `app` too, which finds a view of that name.
    """
    row = connection.execute(
        sql.SQL(
            "WITH gone AS (DELETE FROM {} WHERE asset_id = %s RETURNING 1)"
            " SELECT count(*)::integer AS documents FROM gone"
        ).format(sql.Identifier(table)),
        [asset_id],
    ).fetchone()
    return int(row["documents"]) if row else 0


def share_contained(
    connection: Connection,
    table: str,
    path: Sequence[str],
    *,
    other_table: str,
    other_path: Sequence[str],
    most: int,
) -> float:
    """What share of a field's different values, of some of them, another table's field has."""
    row = connection.execute(
        sql.SQL(
            "SELECT coalesce(avg(EXISTS (SELECT FROM {other} WHERE doc @> {sought})::integer), 0)"
            " AS share FROM (SELECT DISTINCT doc #> %(path)s AS value"
            " FROM (SELECT doc FROM {table} LIMIT %(looked_at)s)"
            " WHERE jsonb_typeof(doc #> %(path)s) IN ('number', 'string') LIMIT %(most)s)"
        ).format(
            table=sql.Identifier(TABLES, table),
            other=sql.Identifier(TABLES, other_table),
            sought=_holding(other_path),
        ),
        {
            "path": list(path),
            "most": most,
            "looked_at": _LOOKED_AT,
            **{f"key{number}": key for number, key in enumerate(other_path)},
        },
    ).fetchone()
    return float(row["share"]) if row else 0.0


def _holding(path: Sequence[str]) -> sql.Composable:
    """A document that has `value` at the path, whose keys are the parameters `key0` and on."""
    held: sql.Composable = sql.SQL("value")
    for number in reversed(range(len(path))):
        key = sql.Placeholder(f"key{number}")
        held = sql.SQL("jsonb_build_object({}::text, {})").format(key, held)
    return held
