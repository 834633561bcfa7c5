"""Typed tables of collections: made, filled from the documents, asked, and dropped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import sql

from mammothbox.catalog import schema_defs
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.document_tables import TABLES, VIEWS, Place, as_ddl, create_view
from mammothbox.catalog.schema_defs import SchemaDef
from mammothbox.catalog.table_ddl import parts_of
from mammothbox.catalog.typed_columns import rows_of
from mammothbox.documents.design import TableDesign, from_json
from mammothbox.errors import Permanent

# Classes of SQLSTATE that tell of the server's troubles, or another's, and not of the statement.
_PASSING = ("08", "40", "53", "55", "57", "58")
_LOCK_TIMEOUT = "5s"
_STATEMENT_TIMEOUT = "120s"
# An index of so many rows is made within seconds, in which no document can come in.
_QUICKLY_INDEXED = 2_000_000


@dataclass(frozen=True)
class TypedTable:
    """A table, and what its rows are made of: which documents, and how."""

    name: str
    design: TableDesign
    docs_table: str
    schema: str = TABLES


@dataclass(frozen=True)
class Piece:
    """Documents of a walk: up to `last`, behind which there are none if it is the end."""

    last: UUID | None
    rows: int
    is_end: bool


def of_collection(connection: Connection, collection: Collection) -> TypedTable | None:
    """The table that is to hold every document of the collection, if there is one by now."""
    found = schema_defs.in_force(connection, collection.owner, collection.id)
    if found is None or found.status == "undoing" or found.filled_to is None:
        return None
    return of_schema(found, collection)


def of_schema(definition: SchemaDef, collection: Collection) -> TypedTable | None:
    """The table that the schema is about, if it is about one."""
    if definition.storage != "sql" or definition.design is None or definition.table_name is None:
        return None
    design = from_json(definition.design)
    return TypedTable(definition.table_name, design, collection.docs_table)


def take_in(connection: Connection, collection: Collection, place: Place) -> int:
    """Give new documents their typed rows; how many have one.

    In the transaction that wrote them, after `collections.add_to`. No document fails it.
    """
    found = of_collection(connection, collection)
    if found is None:
        return 0
    new = sql.SQL("asset_id = {} AND part = {}").format(place.asset_id, place.part)
    return _fill(connection, found, new)


def let_go(connection: Connection, collection: Collection, place: Place) -> None:
    """Take away the typed rows of a piece of a file, whose documents go next."""
    _delete(
        connection,
        collection,
        sql.SQL("docs.asset_id = {} AND docs.part = {}").format(place.asset_id, place.part),
    )


def forget_asset(connection: Connection, collection: Collection, asset_id: UUID) -> None:
    """Take away the typed rows of an asset, whose documents go next. For any role.

    After `collections.rebuild`, or a walk just under way might put them back.
    """
    _delete(connection, collection, sql.SQL("docs.asset_id = {}").format(asset_id))


def fill_behind(
    connection: Connection,
    table: TypedTable,
    after: UUID,
    most: int,
) -> Piece:
    """Write the typed rows of the next documents behind an id, so many at the most."""
    found = connection.execute(
        sql.SQL(
            "SELECT count(*) AS documents, (array_agg(document_id))[count(*)] AS last FROM"
            " (SELECT document_id FROM {} WHERE document_id > %s ORDER BY document_id LIMIT %s)"
            " AS piece"
        ).format(sql.Identifier(TABLES, table.docs_table)),
        [after, most],
    ).fetchone()
    if found is None or found["last"] is None:
        return Piece(None, 0, is_end=True)
    these = sql.SQL("document_id > {} AND document_id <= {}").format(after, found["last"])
    rows = _fill(connection, table, these)
    return Piece(found["last"], rows, is_end=found["documents"] < most)


def make(connection: Connection, definition: SchemaDef, *, documents: int) -> None:
    """Run the approved statements, and show the table to its owner.

    Its columns are indexed at once only if there are very many documents; otherwise `complete`
    does it. In a transaction that is no pipeline, after `collections.rebuild`. Raises `Permanent`
    if they cannot be run; nothing is kept then.
    """
    if definition.table_name is None:
        raise ValueError(f"the schema {definition.id} has no table")
    limit_time(connection)
    with as_ddl(connection, TABLES):
        _drop_view(connection, definition.table_name)
        table, _ = parts_of(definition.ddl)
        run(connection, definition.ddl if documents > _QUICKLY_INDEXED else table)
        connection.execute(
            sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO worker").format(
                sql.Identifier(definition.table_name)
            )
        )
        create_view(connection, definition.owner, definition.table_name)


def drop(connection: Connection, table: str) -> None:
    """Drop the table, if it was made at all, and its view. After `collections.rebuild`."""
    limit_time(connection)
    with as_ddl(connection, TABLES):
        _drop_view(connection, table)
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(table)))


def complete(connection: Connection, definition: SchemaDef) -> None:
    """Index the table that is filled now, and let the planner know what it holds.

    As `make`.
    """
    if definition.table_name is None:
        raise ValueError(f"the schema {definition.id} has no table")
    limit_time(connection)
    with as_ddl(connection, TABLES):
        _, indexes = parts_of(definition.ddl)
        run(connection, indexes)
        connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(definition.table_name)))


def limit_time(connection: Connection) -> None:
    """Let no statement of this transaction wait for others, or take, unforeseeably long."""
    for setting, value in (
        ("lock_timeout", _LOCK_TIMEOUT),
        ("statement_timeout", _STATEMENT_TIMEOUT),
    ):
        connection.execute("SELECT set_config(%s, %s, true)", [setting, value])


def run(connection: Connection, ddl: str) -> None:
    """Run statements that were generated, as one text. Raises `Permanent` for what is wrong."""
    with permanent_faults():
        connection.execute(ddl.encode())


@contextmanager
def permanent_faults() -> Iterator[None]:
    """Tell a statement that cannot be run from a server that cannot run it now.

    The one raises `Permanent`, the other passes.
    """
    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate is None or error.sqlstate.startswith(_PASSING):
            raise
        raise Permanent("table_failed", str(error).partition("\n")[0]) from error


def _fill(connection: Connection, table: TypedTable, which: sql.Composable) -> int:
    """Write the typed rows of those documents; how many there are."""
    columns = [sql.Identifier(column.name) for column in table.design.columns]
    names = [*columns, sql.Identifier("extra")]
    source = sql.SQL("SELECT document_id, doc FROM {} WHERE {}").format(
        sql.Identifier(TABLES, table.docs_table), which
    )
    # Compiling so many expressions takes longer than working them out.
    connection.execute("SET LOCAL jit = off")
    # Without parameters: a key may hold what would be taken for one.
    return connection.execute(
        sql.SQL(
            "INSERT INTO {} (document_id, {}) {} ON CONFLICT (document_id) DO UPDATE SET {}"
        ).format(
            sql.Identifier(table.schema, table.name),
            sql.SQL(", ").join(names),
            rows_of(table.design, source),
            sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in names),
        )
    ).rowcount


def _drop_view(connection: Connection, table: str) -> None:
    view = sql.Identifier(VIEWS, table)
    connection.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(view))


def _delete(connection: Connection, collection: Collection, which: sql.Composable) -> None:
    """Whatever became of the table's schema: as long as it is there, rows may be in it."""
    found = schema_defs.in_force(connection, collection.owner, collection.id)
    if found is None or found.table_name is None:
        return
    table = sql.Identifier(found.table_name)
    there = connection.execute(
        "SELECT to_regclass(%s) IS NOT NULL AS there", [table.as_string(connection)]
    ).fetchone()
    if there is None or not there["there"]:
        return
    connection.execute(
        sql.SQL(
            "DELETE FROM {} AS typed USING {} AS docs"
            " WHERE typed.document_id = docs.document_id AND {}"
        ).format(table, sql.Identifier(collection.docs_table), which)
    )
