"""Conditions on the columns of a typed table that must hold where a filter of documents holds.

They narrow down what has to be looked at, by the columns' indexes, and decide nothing: whether
a document is found is decided by the document itself, so the answer is the same with a table
and without one. They may be used for a field of which every value is in its column, null apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.sql import SQL, Composable

from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.document_conditions import SIGNS, Values
from mammothbox.catalog.document_tables import VIEWS
from mammothbox.catalog.typed_columns import path_text
from mammothbox.documents.design import Column, ColumnType, Path, from_json
from mammothbox.documents.query import Condition, Operator

_BIGINT = (Decimal(-(2**63)), Decimal(2**63 - 1))
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HEX = re.compile("[0-9a-fA-F]{32}")
# Before it a time may be of a year whose text does not begin with four digits, or goes on with BC.
_FOUR_DIGITS = datetime(1000, 1, 2, tzinfo=UTC)
# No offset from UTC is longer.
_FARTHEST = timedelta(hours=16)
_NONE = SQL("false")


@dataclass(frozen=True)
class IndexedTable:
    """The typed table of a collection, and its indexed columns that hold all of their values."""

    name: str
    columns: Mapping[Path, Column]


def find_table(
    connection: Connection, collection: Collection, paths: Iterable[Path]
) -> IndexedTable | None:
    """The table in force, if there is one in which an index leads to values at these paths."""
    row = connection.execute(
        "SELECT table_name, design FROM schema_def WHERE owner = %s AND collection_id = %s"
        " AND status = 'active' AND storage = 'sql'",
        [collection.owner, collection.id],
    ).fetchone()
    if row is None:
        return None
    columns = from_json(row["design"]).columns
    # Without what a column promises a document has no row, so not all of them have one.
    if any(column.required for column in columns):
        return None
    wanted = {*paths}
    indexed = [each for each in columns if each.path in wanted and (each.indexed or each.unique)]
    whole = _without_variants(connection, row["table_name"], indexed)
    return IndexedTable(row["table_name"], {each.path: each for each in whole}) if whole else None


def _without_variants(
    connection: Connection, table: str, columns: Iterable[Column]
) -> list[Column]:
    asked = [(f"v{n}", column) for n, column in enumerate(columns) if column.type != "jsonb"]
    if not asked:
        return []
    exists = SQL(
        "EXISTS (SELECT FROM {} WHERE extra ? 'variants' AND extra -> 'variants' ? {}) AS {}"
    )
    found: dict[str, Any] | None = connection.execute(
        SQL("SELECT {}").format(
            SQL(", ").join(
                exists.format(
                    sql.Identifier(VIEWS, table),
                    sql.Literal(path_text(column.path)),
                    sql.Identifier(name),
                )
                for name, column in asked
            )
        )
    ).fetchone()
    return [column for name, column in asked if found is not None and not found[name]]


def narrowing(condition: Condition, column: Column, values: Values) -> Composable | None:
    """What must hold of the column where the condition holds; `None` if nothing helps."""
    cell = SQL("t.{}").format(sql.Identifier(column.name))
    match condition.operator:
        case "eq" | "in":
            return _one_of(condition, column.type, cell, values)
        case "lt" | "lte" | "gt" | "gte":
            bound = _BOUNDS.get(column.type)
            return bound and bound(condition, cell, values)
        case "like" if column.type == "text":
            (pattern,) = condition.operands.strings
            return SQL("{} LIKE {}").format(cell, values.put(pattern))
    return None


def _one_of(condition: Condition, kind: ColumnType, cell: Composable, values: Values) -> Composable:
    """A text that is no value of the column's type equals none of its values."""
    operands = condition.operands
    told: list[Composable] = [SQL("{} IS NULL").format(cell)] if operands.null else []
    match kind:
        case "bigint":
            whole = [n for n in operands.numbers if n == n.to_integral_value() and _fits(n)]
            told += [SQL("{} = {}::bigint").format(cell, values.put(int(n))) for n in whole]
        case "numeric":
            told += [SQL("{} = {}::numeric").format(cell, values.put(n)) for n in operands.numbers]
        case "double precision":
            told += [_double("{} = {}::float8", n, cell, values) for n in operands.numbers]
        case "boolean":
            told += [_same(cell, values.put(b)) for b in operands.booleans]
        case "text":
            told += [SQL("{} = {}::text").format(cell, values.put(s)) for s in operands.strings]
        case "uuid":
            told += [_same(cell, values.put(u)) for u in map(_uuid, operands.strings) if u]
        case "date":
            told += [_same(cell, values.put(d)) for d in map(_date, operands.strings) if d]
        case "timestamptz":
            told += [_same(cell, _moment(values.put(s))) for s in operands.strings]
    return SQL("({})").format(SQL(" OR ").join(told)) if told else _NONE


def _fits(number: Decimal) -> bool:
    return _BIGINT[0] <= number <= _BIGINT[1]


def _double(text: str, number: Decimal, cell: Composable, values: Values) -> Composable:
    return SQL(text).format(cell, values.put(float(number)))


def _same(cell: Composable, value: Composable) -> Composable:
    return SQL("{} = {}").format(cell, value)


def _uuid(text: str) -> UUID | None:
    """With its hyphens, and in braces, wherever the server takes them."""
    digits = re.sub("[-{}]", "", text)
    return UUID(digits) if _HEX.fullmatch(digits) else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _moment(text: Composable) -> Composable:
    """Only of a cast that depends on settings may CASE be trusted: others are done beforehand."""
    return SQL(
        "CASE WHEN pg_input_is_valid({0}::text, 'timestamptz') THEN {0}::text::timestamptz END"
    ).format(text)


def _whole_bound(condition: Condition, cell: Composable, values: Values) -> Composable:
    """Of a bound with a fraction the next whole number on the far side is meant."""
    if not condition.operands.numbers:
        return _NONE
    (number,) = condition.operands.numbers
    up = condition.operator in ("lt", "gte")
    nearest = number.to_integral_value(ROUND_CEILING if up else ROUND_FLOOR)
    if not _fits(nearest):
        # Beyond all values on one side: each of them holds, or none does.
        every = (nearest > 0) == (condition.operator in ("lt", "lte"))
        return SQL("{} IS NOT NULL").format(cell) if every else _NONE
    sign = SIGNS[condition.operator]
    return SQL("{} {} {}::bigint").format(cell, sign, values.put(int(nearest)))


def _numeric_bound(condition: Condition, cell: Composable, values: Values) -> Composable:
    if not condition.operands.numbers:
        return _NONE
    (number,) = condition.operands.numbers
    sign = SIGNS[condition.operator]
    return SQL("{} {} {}::numeric").format(cell, sign, values.put(number))


def _double_bound(condition: Condition, cell: Composable, values: Values) -> Composable:
    """The bound itself may have to be rounded to a double, and then it may be one of the values."""
    if not condition.operands.numbers:
        return _NONE
    (number,) = condition.operands.numbers
    sign = ">=" if condition.operator in ("gt", "gte") else "<="
    return _double("{} " + sign + " {}::float8", number, cell, values)


def _text_bound(condition: Condition, cell: Composable, values: Values) -> Composable:
    if not condition.operands.strings:
        return _NONE
    (text,) = condition.operands.strings
    return SQL("{} {} {}::text").format(cell, SIGNS[condition.operator], values.put(text))


def _time_bound(condition: Condition, cell: Composable, values: Values) -> Composable | None:
    """Times compare as strings, so all that can be said is on which days they may be.

    Of the years before four digits not even that is said.
    """
    days = _days(condition)
    if days is None:
        return None
    first, last = days
    if condition.operator in ("lt", "lte"):
        latest = values.put(max(last, _FOUR_DIGITS))
        return SQL("{} < {}::timestamptz").format(cell, latest)
    return SQL("({0} >= {1}::timestamptz OR {0} < {2}::timestamptz)").format(
        cell, values.put(first), values.put(_FOUR_DIGITS)
    )


def _day_bound(condition: Condition, cell: Composable, values: Values) -> Composable | None:
    days = _days(condition)
    if days is None:
        return None
    sign, day = (">=", days[0]) if condition.operator in ("gt", "gte") else ("<=", days[1])
    return SQL("{} " + sign + " {}::date").format(cell, values.put(day.date()))


def _days(condition: Condition) -> tuple[datetime, datetime] | None:
    """Before and after the day that the bound begins with, wherever on Earth that day is."""
    if not condition.operands.strings:
        return None
    match = _DAY.match(condition.operands.strings[0])
    try:
        if match is None:
            return None
        day = datetime.fromisoformat(match[0]).replace(tzinfo=UTC)
        return day - _FARTHEST, day + timedelta(days=1) + _FARTHEST
    except (ValueError, OverflowError):
        return None


_Bound = Callable[[Condition, Composable, Values], Composable | None]
_BOUNDS: dict[ColumnType, _Bound] = {
    "bigint": _whole_bound,
    "numeric": _numeric_bound,
    "double precision": _double_bound,
    "text": _text_bound,
    "timestamptz": _time_bound,
    "date": _day_bound,
}
_OPERATORS: frozenset[Operator] = frozenset({"eq", "in", "lt", "lte", "gt", "gte", "like"})


def may_narrow(condition: Condition) -> bool:
    """Whether there is any point in looking for a column."""
    return condition.operator in _OPERATORS
