"""The statements that make a typed table, or change it, as the very text that is approved.

They name nothing but the table, and no schema: the same text makes the table of a dry run and
the table proper.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from mammothbox.documents.design import Column, ColumnType, TableDesign
from mammothbox.documents.pointers import pointer

# As many columns of any type as are sure to fit a row of one page, each kept out of line.
MOST_COLUMNS = 250
_LONGEST_NAME = 63
_TAG_SIZE = 4
_EXTRA = sql.SQL("extra jsonb NOT NULL DEFAULT '{{}}'").format()
# Strings compare by code point, as they do in JSONB's own index, and not by a language's rules.
_TYPES: dict[ColumnType, str] = {
    "bigint": "bigint",
    "numeric": "numeric",
    "double precision": "double precision",
    "boolean": "boolean",
    "text": 'text COLLATE "C"',
    "timestamptz": "timestamptz",
    "date": "date",
    "uuid": "uuid",
    "jsonb": "jsonb",
}


_THEN = "-- When all rows are there, at the latest:\n"


@dataclass(frozen=True)
class Statements:
    """What makes or changes a table, and the indexes of columns.

    A full table is indexed faster than one that is being filled; a very large one had better not
    be kept waiting for it.
    """

    table: Sequence[str]
    indexes: Sequence[str]


class Unbuildable(ValueError):
    """No table can be made of this design; the message says why."""


def create_statements(design: TableDesign, table: str, comment: str) -> Statements:
    """The statements that make the table. Raises `Unbuildable`."""
    check(design)
    name = sql.Identifier(table)
    lines = [
        sql.SQL("document_id uuid PRIMARY KEY"),
        *(_column(column) for column in design.columns),
        _EXTRA,
    ]
    create = sql.SQL("CREATE TABLE {} (\n    {}\n)").format(name, sql.SQL(",\n    ").join(lines))
    made = [
        create,
        _index_of_variants(table),
        _comment(table, comment),
        *(_column_comment(table, column) for column in design.columns),
    ]
    return _statements(made, [_index(table, one) for one in design.columns if _has_index(one)])


def alter_statements(
    table: str, before: TableDesign, after: TableDesign, comment: str
) -> Statements:
    """The statements that make the one table of the other. Raises `Unbuildable`.

    A column whose type changes is dropped and added, for all rows are filled again in any case
    and the table is not locked while they are.
    """
    check(after)
    old = {column.name: column for column in before.columns}
    new = {column.name: column for column in after.columns}
    gone = [column for column in before.columns if _differs(column, new.get(column.name))]
    come = [column for column in after.columns if _differs(column, old.get(column.name))]
    kept = [(old[name], column) for name, column in new.items() if column not in come]
    made: list[sql.Composed] = []
    changes = [
        *(sql.SQL("DROP COLUMN {}").format(sql.Identifier(column.name)) for column in gone),
        *(sql.SQL("ADD COLUMN {}").format(_column(column, late=True)) for column in come),
        *(change for was, now in kept for change in _promise(was, now)),
    ]
    if changes:
        listed = sql.SQL(",\n    ").join(changes)
        made.append(sql.SQL("ALTER TABLE {}\n    {}").format(sql.Identifier(table), listed))
    for was, now in kept:
        if _has_index(was) and not _has_index(now):
            name = sql.Identifier(index_name(table, was))
            made.append(sql.SQL("DROP INDEX {}").format(name))
    indexed_before = {was.name for was, _ in kept if _has_index(was)}
    made.append(_comment(table, comment))
    made += [_column_comment(table, column) for column in come]
    indexes = [
        _index(table, column)
        for column in after.columns
        if _has_index(column) and column.name not in indexed_before
    ]
    return _statements(made, indexes)


def ddl_text(statements: Statements) -> str:
    """The statements as one text, to be read, approved and run."""
    table, indexes = (
        "".join(f"{statement};\n" for statement in some)
        for some in (statements.table, statements.indexes)
    )
    return f"{table}{_THEN}{indexes}" if indexes else table


def parts_of(ddl: str) -> tuple[str, str]:
    """The texts that make the table and its indexes; the latter may be run again at any time."""
    # A key may read like this line, but not in the statement of an index.
    table, then, indexes = ddl.rpartition(_THEN)
    if not then or not indexes.startswith("CREATE INDEX IF NOT EXISTS "):
        return ddl, ""
    return table, indexes


def ddl_sha256(text: str) -> str:
    """What an approval is given to."""
    return hashlib.sha256(text.encode()).hexdigest()


def index_name(table: str, column: Column) -> str:
    """The index of a column: no two of a schema have the same name, whatever they are called."""
    return _name(table, column.name, json.dumps([*column.path]))


def check(design: TableDesign) -> None:
    """Raises `Unbuildable` for a design of which no table, or no document, could be made again."""
    if len(design.columns) > MOST_COLUMNS:
        raise Unbuildable(
            f"A table has at most {MOST_COLUMNS} columns, and this one would have"
            f" {len(design.columns)}."
        )
    names = [column.name for column in design.columns]
    twice = {name for name in names if names.count(name) > 1}
    twice |= {name for name in names if name in ("document_id", "extra")}
    if twice:
        raise Unbuildable(f"More than one column would be called {sorted(twice)[0]!r}.")
    paths = {column.path for column in design.columns}
    above = {path[:length] for path in paths for length in range(len(path))}
    if len(paths) < len(names) or paths & above or () in paths:
        raise Unbuildable("Two columns would hold the same value, or one a part of the other's.")


def _statements(table: Sequence[sql.Composed], indexes: Sequence[sql.Composed]) -> Statements:
    return Statements(
        [statement.as_string(None) for statement in table],
        [statement.as_string(None) for statement in indexes],
    )


def _differs(column: Column, other: Column | None) -> bool:
    return other is None or (column.path, column.type) != (other.path, other.type)


def _has_index(column: Column) -> bool:
    return column.indexed or column.unique


def _column(column: Column, *, late: bool = False) -> sql.Composed:
    """A column added to a table that has rows is promised nothing before it is filled."""
    promise = " NOT NULL" if column.required and not late else ""
    kind = sql.SQL(_TYPES[column.type] + promise)
    return sql.SQL("{} {}").format(sql.Identifier(column.name), kind)


def _promise(was: Column, now: Column) -> list[sql.Composed]:
    if was.required and not now.required:
        name = sql.Identifier(now.name)
        return [sql.SQL("ALTER COLUMN {} DROP NOT NULL").format(name)]
    return []


def _index(table: str, column: Column) -> sql.Composed:
    """JSON of any size goes into a GIN index; other values are short enough for a b-tree."""
    method = "USING gin ({} jsonb_path_ops)" if column.type == "jsonb" else "({})"
    return sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} " + method).format(
        sql.Identifier(index_name(table, column)),
        sql.Identifier(table),
        sql.Identifier(column.name),
    )


def _index_of_variants(table: str) -> sql.Composed:
    """Whether any value of a field is not in its column is asked with each query."""
    return sql.SQL(
        "CREATE INDEX {} ON {} USING gin ((extra -> 'variants')) WHERE extra ? 'variants'"
    ).format(sql.Identifier(_name(table, "variants", "extra")), sql.Identifier(table))


def _comment(table: str, comment: str) -> sql.Composed:
    return sql.SQL("COMMENT ON TABLE {} IS {}").format(sql.Identifier(table), comment)


def _column_comment(table: str, column: Column) -> sql.Composed:
    return sql.SQL("COMMENT ON COLUMN {} IS {}").format(
        sql.Identifier(table, column.name), pointer(column.path)
    )


def _name(table: str, part: str, of: str) -> str:
    tag = hashlib.blake2b(f"{table}\0{of}".encode(), digest_size=_TAG_SIZE).hexdigest()
    room = _LONGEST_NAME - len(tag) - 1
    return _cut(f"{table}_{part}", room) + "_" + tag


def _cut(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode(errors="ignore")
