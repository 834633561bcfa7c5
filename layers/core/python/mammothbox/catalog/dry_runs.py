"""Dry runs: a table made and filled with the stored documents, looked at, and gone again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from mammothbox.catalog import typed_tables
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.document_tables import SCRATCH, TABLES, as_ddl
from mammothbox.catalog.table_ddl import parts_of
from mammothbox.catalog.typed_columns import document_of
from mammothbox.catalog.typed_tables import TypedTable

_EXAMPLES = 10
_LONGEST_EXAMPLE = 200


@dataclass
class Proof:
    """What a dry run showed so far.

    `rows` are the documents that have a typed row, `differing` those among them that could not
    be made again from it. `notes` counts by kind and path the values that are not in their
    column, or that it would write differently.
    """

    documents: int = 0
    rows: int = 0
    differing: list[UUID] = field(default_factory=list)
    without_row: list[UUID] = field(default_factory=list)
    with_rest: int = 0
    notes: dict[tuple[str, str], int] = field(default_factory=dict)
    examples: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    table_bytes: int = 0
    index_bytes: int = 0
    ddl_ms: float = 0
    fill_ms: float = 0


@contextmanager
def rehearsal(database: Database) -> Iterator[Connection]:
    """A transaction, no pipeline, that sees the documents of one moment; nothing of it is kept."""
    with database.session() as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        # What is wrong with one proposal is told of it, and holds up no other.
        with typed_tables.permanent_faults():
            yield connection
        raise psycopg.Rollback


def make(connection: Connection, before: str | None, ddl: str) -> float:
    """Run the statements where nobody sees it; how many milliseconds they took.

    `before` makes the table that they are to change. Raises `Permanent` if they cannot be run.
    """
    typed_tables.limit_time(connection)
    with as_ddl(connection, SCRATCH):
        if before is not None:
            typed_tables.run(connection, before)
        began = time.perf_counter()
        typed_tables.run(connection, parts_of(ddl)[0])
        return (time.perf_counter() - began) * 1000


def fill(
    connection: Connection, proof: Proof, table: TypedTable, after: UUID, most: int
) -> typed_tables.Piece:
    """Fill the table with the next documents, and look at what became of them."""
    with as_ddl(connection, SCRATCH):
        began = time.perf_counter()
        with typed_tables.permanent_faults():
            piece = typed_tables.fill_behind(connection, table, after, most)
        proof.fill_ms += (time.perf_counter() - began) * 1000
        if piece.last is not None:
            between = _Between(table, after, piece.last)
            _compare(connection, proof, between)
            _note(connection, proof, between)
    return piece


def weigh(connection: Connection, proof: Proof, table: str, ddl: str) -> None:
    """Index the table, and put down how large it became."""
    with as_ddl(connection, SCRATCH):
        began = time.perf_counter()
        typed_tables.run(connection, parts_of(ddl)[1])
        proof.ddl_ms += (time.perf_counter() - began) * 1000
        row = connection.execute(
            "SELECT pg_table_size(name) AS of_table, pg_indexes_size(name) AS of_indexes"
            " FROM (SELECT %s::regclass AS name) AS it",
            [sql.Identifier(SCRATCH, table).as_string(connection)],
        ).fetchone()
    if row is not None:
        proof.table_bytes, proof.index_bytes = row["of_table"], row["of_indexes"]


@dataclass(frozen=True)
class _Between:
    """A piece of the walk: documents from beyond one id to another."""

    of: TypedTable
    after: UUID
    last: UUID

    @property
    def table(self) -> sql.Identifier:
        return sql.Identifier(self.of.schema, self.of.name)

    def condition(self, of: str) -> sql.Composed:
        return sql.SQL("{0}.document_id > {1} AND {0}.document_id <= {2}").format(
            sql.Identifier(of), self.after, self.last
        )


def _compare(connection: Connection, proof: Proof, piece: _Between) -> None:
    row = connection.execute(
        sql.SQL(
            "SELECT count(*) AS documents, count(typed.document_id) AS rows,"
            " count(*) FILTER (WHERE typed.extra ? 'rest') AS with_rest,"
            " (array_agg(docs.document_id) FILTER (WHERE typed.document_id IS NULL))[:{most}]"
            " AS without_row,"
            " (array_agg(docs.document_id) FILTER (WHERE typed.document_id IS NOT NULL"
            " AND ({again})::text IS DISTINCT FROM docs.doc::text))[:{most}] AS differing"
            " FROM {docs} AS docs LEFT JOIN {table} AS typed USING (document_id) WHERE {between}"
        ).format(
            again=document_of(piece.of.design, sql.SQL("typed")),
            table=piece.table,
            docs=sql.Identifier(TABLES, piece.of.docs_table),
            between=piece.condition("docs"),
            most=_EXAMPLES,
        )
    ).fetchone()
    if row is not None:
        proof.documents += row["documents"]
        proof.rows += row["rows"]
        proof.with_rest += row["with_rest"]
        _add_some(proof.without_row, row["without_row"])
        _add_some(proof.differing, row["differing"])


def _note(connection: Connection, proof: Proof, piece: _Between) -> None:
    rows = connection.execute(
        sql.SQL(
            # A column of the table may be called as anything here is.
            "SELECT kinds.kind, note.path, count(*) AS values,"
            " (array_agg(jsonb_build_object('document_id', typed.document_id,"
            " 'value', left(note.value::text, {longest}))))[:{most}] AS examples"
            " FROM {table} AS typed, unnest(ARRAY['variants', 'spelled']) AS kinds (kind),"
            " jsonb_each(typed.extra -> kinds.kind) AS note (path, value)"
            " WHERE {between} AND typed.extra ? kinds.kind"
            " GROUP BY kinds.kind, note.path ORDER BY kinds.kind, note.path"
        ).format(
            table=piece.table,
            between=piece.condition("typed"),
            longest=_LONGEST_EXAMPLE,
            most=_EXAMPLES,
        )
    ).fetchall()
    for row in rows:
        key = (row["kind"], row["path"])
        proof.notes[key] = proof.notes.get(key, 0) + row["values"]
        if row["kind"] == "variants":
            _add_some(proof.examples.setdefault(row["path"], []), row["examples"])


def _add_some(examples: list[Any], more: list[Any] | None) -> None:
    examples += (more or [])[: _EXAMPLES - len(examples)]


def to_json(proof: Proof, *, complete: bool) -> dict[str, Any]:
    """The same for the record, and for people."""
    counts: dict[str, list[dict[str, Any]]] = {"variants": [], "spelled": []}
    for (kind, path), values in sorted(proof.notes.items()):
        told: dict[str, Any] = {"path": path, "values": values}
        if kind == "variants":
            told["examples"] = proof.examples[path]
        counts[kind].append(told)
    return {
        "complete": complete,
        "documents": proof.documents,
        "rows": proof.rows,
        "without_row": [str(one) for one in proof.without_row],
        "differing": [str(one) for one in proof.differing],
        "with_rest": proof.with_rest,
        "misfits": counts["variants"],
        "spelled": counts["spelled"],
        "table_bytes": proof.table_bytes,
        "index_bytes": proof.index_bytes,
        "ddl_ms": round(proof.ddl_ms, 1),
        "fill_ms": round(proof.fill_ms, 1),
    }


def without_examples(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """The same of a dry run on record, repeating no value."""
    if found is None:
        return None
    return {**found, "misfits": [{**one, "examples": []} for one in found["misfits"]]}
