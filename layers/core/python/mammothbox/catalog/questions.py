"""What retrievers ask of the catalogue: each by itself, or several in one look at the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from psycopg import sql

from mammothbox.catalog.connection import Connection, Row
from mammothbox.searching.found import Hit, Ranking

# What was asked of the server; calling it waits for the answer. So several are asked in one go.
Pending: TypeAlias = Callable[[], Ranking]

_ALL = sql.SQL("searchable s WHERE {conditions}")
_THOSE = sql.SQL("candidate s WHERE true")
# Of what a question reads, only what is of use to it is kept for it: words are long.
_COLUMN = sql.SQL(", CASE WHEN {use} THEN s.{column} END AS {column}")
_TOGETHER = sql.SQL(
    "WITH candidate AS MATERIALIZED"
    " (SELECT s.asset_id{columns} FROM searchable s WHERE {conditions}) {parts}"
)
_PART = sql.SQL(
    "SELECT {retriever} AS retriever, asset_id, document_id, distance, share, at_ms, candidates"
    " FROM ({statement}) {name}"
)


@dataclass(frozen=True)
class Question:
    """What a retriever asks.

    `statement` is told where to read, such as `searchable s WHERE …`, and adds its own conditions
    with AND. It answers with `asset_id`, `document_id`, `distance`, `share` and `at_ms` of each
    hit, the best first, and with `candidates`, unless how many are expected is known before.
    `conditions` are those of its filters, whose values are among `values`. Beside ids it reads
    `columns`, each where that has a use. Fewer hits than `uncut` are all that there are.
    """

    retriever: str
    plan: str
    statement: Callable[[sql.Composable], sql.Composed]
    conditions: sql.Composable
    values: Mapping[str, Any]
    uncut: int
    columns: Mapping[str, sql.Composable] = field(default_factory=dict)
    candidates: int | None = None


def ask(connection: Connection, question: Question) -> Pending:
    """Ask one question, of all that matches its filters."""
    rows = _ALL.format(conditions=question.conditions)
    cursor = connection.execute(question.statement(rows), question.values, prepare=True)
    return lambda: _ranking(question, cursor.fetchall())


def ask_together(
    connection: Connection, questions: Sequence[Question]
) -> Callable[[], list[Ranking]]:
    """Ask several questions with the same filters, of rows that are read once for all of them.

    Where filters leave few, to find and to read those rows is most of the work of each.
    """
    columns = [_kept(name, use) for each in questions for name, use in each.columns.items()]
    statement = _TOGETHER.format(
        columns=sql.Composed(columns),
        conditions=questions[0].conditions,
        # Read one after the other, each in its own order.
        parts=sql.SQL(" UNION ALL ").join(map(_part, questions)),
    )
    values = {name: value for each in questions for name, value in each.values.items()}
    cursor = connection.execute(statement, values, prepare=True)

    def read() -> list[Ranking]:
        rows = cursor.fetchall()
        return [
            _ranking(each, [row for row in rows if row["retriever"] == each.retriever])
            for each in questions
        ]

    return read


def _kept(column: str, use: sql.Composable) -> sql.Composed:
    return _COLUMN.format(column=sql.Identifier(column), use=use)


def _part(question: Question) -> sql.Composed:
    return _PART.format(
        retriever=sql.Literal(question.retriever),
        statement=question.statement(_THOSE),
        name=sql.Identifier(question.retriever),
    )


def _ranking(question: Question, rows: Sequence[Row]) -> Ranking:
    expected = question.candidates
    if expected is None:
        expected = rows[0]["candidates"] if rows else 0
    return Ranking(
        question.retriever,
        tuple(
            Hit(row["asset_id"], row["document_id"], row["distance"], row["at_ms"], row["share"])
            for row in rows
        ),
        question.plan,
        candidates=expected,
        exhausted=len(rows) < question.uncut,
    )
