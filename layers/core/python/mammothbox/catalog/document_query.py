"""Pages of a collection's documents, as `documents.query` promises them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.sql import SQL, Composable, Composed

from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.document_conditions import (
    VALUED,
    SortedBy,
    Values,
    behind,
    called,
    holds,
    key_of,
    ordered,
)
from mammothbox.catalog.document_tables import VIEWS
from mammothbox.catalog.hidden_documents import GONE, IS_HIDDEN
from mammothbox.catalog.typed_conditions import IndexedTable, find_table, may_narrow, narrowing
from mammothbox.catalog.typed_order import Stretch, Way, find_way
from mammothbox.documents.design import Path
from mammothbox.documents.query import Query
from mammothbox.documents.query_cursor import Key, Position
from mammothbox.errors import Refused

# What a page may weigh: Lambda lets 6 MB through, in which every quote is escaped once more.
PAGE_BYTES = 2 * 1024 * 1024
# API Gateway waits 29 seconds.
PATIENCE = "20s"
# Beyond it a value is not repeated in cursors, but read from its document.
_LONGEST_KEY = 300
_OF_COLLECTION = (
    "SELECT FROM document_part p JOIN asset a ON a.owner = p.owner AND a.id = p.asset_id"
    " WHERE p.owner = %(owner)s AND p.collection_id = %(collection)s AND "
)
# Whether copies are among them is not looked for, but known.
_HIDES_SOME = (
    "SELECT "
    + "".join("EXISTS (" + _OF_COLLECTION + is_gone + ") OR " for is_gone in GONE)
    + "EXISTS (SELECT FROM collection"
    " WHERE owner = %(owner)s AND id = %(collection)s AND has_copies) AS hides"
)
_IS_SHOWN = SQL(
    "NOT EXISTS (SELECT FROM asset a WHERE a.owner = {owner} AND a.id = d.asset_id AND "
    + IS_HIDDEN
    + ")"
)
_PAGE = SQL(
    "WITH page AS (SELECT d.document_id, d.asset_id, d.doc{keys} FROM {source}{laterals}"
    " WHERE {condition} ORDER BY {sorted} LIMIT %(limit)s),"
    # Large documents that come behind a page's fill are not written out, which takes long.
    " lifted AS (SELECT *, sum({heavy}) OVER (ORDER BY {order}"
    " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM page),"
    " written AS MATERIALIZED (SELECT document_id, asset_id{keys},"
    " CASE WHEN coalesce(before, 0) <= %(bytes)s THEN ({shown})::text END AS text FROM lifted d),"
    " weighed AS (SELECT *, sum(octet_length(text))"
    " OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING) AS so_far FROM written)"
    " SELECT document_id, asset_id, octet_length(text) AS size{told},"
    " CASE WHEN so_far <= %(bytes)s THEN text END AS text FROM weighed ORDER BY {order}"
)


@dataclass(frozen=True)
class Document:
    """A document as the server writes it, every digit kept; `None` if it is too large to show."""

    document_id: UUID
    asset_id: UUID
    text: str | None
    size: int


@dataclass(frozen=True)
class Page:
    """Some documents, and the position behind which there are more."""

    documents: list[Document]
    ended: Position | None


def page(
    connection: Connection,
    collection: Collection,
    query: Query,
    after: Position | None,
    limit: int,
    *,
    most_bytes: int = PAGE_BYTES,
) -> Page:
    """The next documents that the query finds, those in the trash left out.

    It is shorter than `limit` when more would weigh too much, stored or written. A document that
    does so alone is there without its text. Raises `Refused` when `after` leads to a document
    that is gone, and when it takes longer than a client waits.
    """
    by = [SortedBy(order, n) for n, order in enumerate(query.orders)]
    # Compiling a statement takes longer than it runs.
    connection.execute("SET LOCAL jit = off")
    connection.execute("SELECT set_config('statement_timeout', %s, true)", [PATIENCE])
    try:
        if after is not None and after.keys is None:
            after = _position(connection, collection, after.document_id, by)
        search = _search(connection, collection, query, by, after)
        return _page(_read(connection, search, limit, most_bytes), limit, by)
    except psycopg.errors.QueryCanceled as error:
        raise Refused(
            422,
            "query_too_slow",
            "This takes too long. Filter by equality or, once the collection has a table, by"
            " fields that have an index in it.",
        ) from error


def _search(
    connection: Connection,
    collection: Collection,
    query: Query,
    by: Sequence[SortedBy],
    after: Position | None,
) -> _Search:
    paths = [each.path for each in query.conditions if may_narrow(each)]
    paths += [each.path for each in query.orders[:1]]
    table = find_table(connection, collection, paths) if paths else None
    first = query.orders[0].path if query.orders else ()
    way = find_way(by, after, table.columns.get(first) if table else None)
    return _Search(collection, query, table, way, _hides_some(connection, collection))


def _read(
    connection: Connection, search: _Search, limit: int, most_bytes: int
) -> list[dict[str, Any]]:
    """The rows of a page and the one behind it, stretch by stretch."""
    rows: list[dict[str, Any]] = []
    for stretch in search.way.stretches:
        weight = sum(row["size"] for row in rows)
        values = Values({"limit": limit + 1 - len(rows), "bytes": max(0, most_bytes - weight)})
        statement = search.statement(stretch, values)
        rows += connection.execute(statement, values.given).fetchall()
        if len(rows) > limit or any(row["text"] is None for row in rows):
            break
    return rows


@dataclass(frozen=True)
class _Search:
    """What is looked for, and where."""

    collection: Collection
    query: Query
    table: IndexedTable | None
    way: Way
    hides_some: bool

    def statement(self, stretch: Stretch, values: Values) -> Composed:
        way = self.way
        conditions, narrowed = self._filters(values)
        if way.after is not None:
            conditions.append(behind(way.after, way.by, values))
        if self.hides_some:
            conditions.append(_IS_SHOWN.format(owner=values.put(self.collection.owner)))
        conditions.append(way.condition(stretch, values))
        source: Composable = SQL("{} d").format(sql.Identifier(VIEWS, self.collection.docs_table))
        if self.table is not None and (narrowed or way.column is not None):
            source += SQL(" JOIN {} t ON t.document_id = d.document_id").format(
                sql.Identifier(VIEWS, self.table.name)
            )
        columns = [column for each in way.by for column in each.columns]
        return _PAGE.format(
            keys=_more_columns(columns),
            told=_more_columns(_told(each, values) for each in way.by),
            source=source,
            laterals=_joined(way.by, values),
            condition=SQL(" AND ").join(conditions),
            sorted=way.order(stretch),
            order=ordered(way.by),
            heavy=SQL("pg_column_size(doc)" if self.query.fields is None else "0"),
            shown=_projection(self.query.fields, values),
        )

    def _filters(self, values: Values) -> tuple[list[Composable], bool]:
        """The filters, and whether typed rows help to find what they mean."""
        conditions: list[Composable] = []
        narrowed = False
        for each in self.query.conditions:
            column = self.table and self.table.columns.get(each.path)
            narrow = narrowing(each, column, values) if column else None
            conditions.append(holds(each, values, by_gin=narrow is None))
            if narrow is not None:
                conditions.append(narrow)
                narrowed = True
        return conditions, narrowed


def _more_columns(columns: Iterable[Composable]) -> Composed:
    return SQL("").join([SQL(", {}").format(column) for column in columns])


def _joined(by: Iterable[SortedBy], values: Values) -> Composed:
    return SQL("").join([each.lateral(values) for each in by])


def _told(by: SortedBy, values: Values) -> Composed:
    return SQL("{rank}, CASE WHEN octet_length({text}) <= {most} THEN {text} END AS {told}").format(
        rank=by.rank,
        text=by.text(),
        most=values.put(_LONGEST_KEY),
        told=sql.Identifier(called("told", by.n)),
    )


def _hides_some(connection: Connection, collection: Collection) -> bool:
    """Whether documents of the collection are in the trash, or on their way out of there."""
    row = connection.execute(
        _HIDES_SOME, {"owner": collection.owner, "collection": collection.id}
    ).fetchone()
    return row is not None and row["hides"]


def _projection(fields: Iterable[Path] | None, values: Values) -> Composable:
    """The document, or an object with these fields of it, each where it stands."""
    if fields is None:
        return SQL("d.doc")
    tree: _Tree = {}
    for path in sorted(fields, key=len):
        _plant(tree, path)
    return SQL("coalesce({}, '{{}}')").format(_picked(SQL("d.doc"), tree, values))


# The keys to be shown; below an empty one everything is.
_Tree: TypeAlias = "dict[str, _Tree]"


def _plant(tree: _Tree, path: Path) -> None:
    """Add a path to those that are not longer; one that is within another adds nothing."""
    for key in path:
        if key in tree and not tree[key]:
            return
        tree = tree.setdefault(key, {})


def _picked(value: Composable, tree: _Tree, values: Values) -> Composable:
    """An object of what is there of the tree; NULL if nothing is."""
    rows = []
    for key, below in tree.items():
        name = SQL("{}::text").format(values.put(key))
        inner = SQL("({} -> {})").format(value, name)
        rows.append(SQL("({}, {})").format(name, _picked(inner, below, values) if below else inner))
    return SQL(
        "(SELECT jsonb_object_agg(key, value) FROM (VALUES {}) AS picked (key, value)"
        " WHERE value IS NOT NULL)"
    ).format(SQL(", ").join(rows))


def _position(
    connection: Connection, collection: Collection, document_id: UUID, by: Sequence[SortedBy]
) -> Position:
    values = Values()
    columns = [SQL("{}, {}").format(each.rank, _named_text(each)) for each in by]
    row = connection.execute(
        SQL("SELECT {} FROM {} d{} WHERE document_id = {}").format(
            SQL(", ").join(columns),
            sql.Identifier(VIEWS, collection.docs_table),
            _joined(by, values),
            values.put(document_id),
        ),
        values.given,
    ).fetchone()
    if row is None:
        raise Refused(
            422, "cursor_gone", "The last document of the page before is gone; begin anew."
        )
    return Position(document_id, tuple(_key(row, each) for each in by))


def _named_text(by: SortedBy) -> Composed:
    return SQL("{} AS {}").format(by.text(), sql.Identifier(called("told", by.n)))


def _page(rows: list[dict[str, Any]], limit: int, by: Sequence[SortedBy]) -> Page:
    fit = [row for row in rows[:limit] if row["text"] is not None] or rows[:1]
    documents = [
        Document(row["document_id"], row["asset_id"], row["text"], row["size"]) for row in fit
    ]
    ended = _ended(fit[-1], by) if len(fit) < len(rows) else None
    return Page(documents, ended)


def _ended(row: dict[str, Any], by: Sequence[SortedBy]) -> Position:
    cut = any(
        row[called("rank", each.n)] in VALUED and row[called("told", each.n)] is None for each in by
    )
    return Position(row["document_id"], None if cut else tuple(_key(row, each) for each in by))


def _key(row: dict[str, Any], by: SortedBy) -> Key | None:
    rank, text = row[called("rank", by.n)], row[called("told", by.n)]
    return None if rank is None else key_of(rank, text or "")
