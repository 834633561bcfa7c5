"""Which type of column holds every value of a field, and which one holds those of two types."""

from __future__ import annotations

from typing import Literal, get_args

from mammothbox.documents.fields import Field
from mammothbox.documents.observed import Format

ColumnType = Literal[
    "bigint",
    "numeric",
    "double precision",
    "boolean",
    "text",
    "timestamptz",
    "date",
    "uuid",
    "jsonb",
]
COLUMN_TYPES: tuple[ColumnType, ...] = get_args(ColumnType)
_OF_FORMAT: dict[Format, ColumnType] = {
    "datetime": "timestamptz",
    "date": "date",
    "uuid": "uuid",
}
_NUMBERS: frozenset[ColumnType] = frozenset({"bigint", "numeric", "double precision"})
_WRITTEN: frozenset[ColumnType] = frozenset({"text", "timestamptz", "date", "uuid"})


def column_type(known: Field) -> ColumnType:
    """The narrowest type that each value seen fits; jsonb fits all, and what nobody saw yet."""
    seen = {kind for kind, count in known.counts.items() if count and kind != "null"}
    if seen == {"boolean"}:
        return "boolean"
    if seen == {"string"} and known.text:
        types = [_OF_FORMAT[each] for each in known.text.formats if each in _OF_FORMAT]
        return types[0] if types else "text"
    if seen and seen <= {"integer", "number"} and known.numeric:
        if seen == {"integer"}:
            return "bigint" if known.numeric.int64 else "numeric"
        return "double precision" if known.numeric.double_exact else "numeric"
    return "jsonb"


def widened(one: ColumnType, other: ColumnType) -> ColumnType:
    """The narrowest type that holds what either of them does, letter for letter."""
    if one == other:
        return one
    if {one, other} <= _NUMBERS:
        return "numeric"
    if {one, other} <= _WRITTEN:
        return "text"
    return "jsonb"
