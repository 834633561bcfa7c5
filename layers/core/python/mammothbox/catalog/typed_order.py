"""Reading documents in the order of a typed column, so that its index gives them page by page.

An order falls into stretches: nulls, values, and documents without the field. Within one the
documents stand as they do in the order of the values themselves, and of these the column has
the very order, if it is of a type that sorts like JSON's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from psycopg import sql
from psycopg.sql import SQL, Composable

from mammothbox.catalog.document_conditions import SortedBy, Values, ordered
from mammothbox.catalog.typed_conditions import narrowing
from mammothbox.documents.design import Column, ColumnType
from mammothbox.documents.query import Condition, Kind, Operands
from mammothbox.documents.query_cursor import Key, Position

Stretch = Literal["all", "nulls", "values", "missing"]
# Times and the like sort as strings do, which is not how their columns sort.
_SORTED: dict[ColumnType, Kind] = {
    "bigint": "number",
    "numeric": "number",
    "double precision": "number",
    "text": "string",
}


@dataclass(frozen=True)
class Way:
    """How to go through documents: by stretches, of which each is read in its own order."""

    by: Sequence[SortedBy]
    after: Position | None
    column: Column | None
    stretches: tuple[Stretch, ...]

    def condition(self, stretch: Stretch, values: Values) -> Composable:
        """That a document belongs to the stretch, and is not far before the position."""
        if self.column is None or stretch == "all":
            return SQL("true")
        cell, rank = _cell(self.column), self.by[0].rank
        if stretch == "nulls":
            return SQL("{} IS NULL AND {} = 0").format(cell, rank)
        if stretch == "missing":
            return SQL("{} IS NULL AND {} IS NULL").format(cell, rank)
        key = self.after.keys[0] if self.after and self.after.keys else None
        if key is None or key.kind == "null":
            return SQL("{} IS NOT NULL").format(cell)
        not_before = narrowing(_not_before(self.by[0], key), self.column, values)
        return not_before or SQL("{} IS NOT NULL").format(cell)

    def order(self, stretch: Stretch) -> Composable:
        if self.column is None or stretch == "all":
            return ordered(self.by)
        rest = ordered(self.by[1:])
        if stretch != "values":
            return rest
        direction = SQL("DESC") if self.by[0].order.descending else SQL("ASC")
        return SQL("{} {}, {}").format(_cell(self.column), direction, rest)


def _not_before(by: SortedBy, key: Key) -> Condition:
    operands = (
        Operands(strings=(key.text,))
        if key.kind == "string"
        else Operands(numbers=(Decimal(key.text),))
    )
    return Condition(by.order.path, "lte" if by.order.descending else "gte", operands)


def find_way(by: Sequence[SortedBy], after: Position | None, column: Column | None) -> Way:
    """The way behind the position, by the column if that has the order of the values."""
    alone = Way(by, after, None, ("all",))
    if column is None or column.type not in _SORTED:
        return alone
    order = by[0].order
    nulls: tuple[Stretch, ...] = ("nulls",) if "null" in order.kinds else ()
    every: tuple[Stretch, ...] = (
        ("values", *nulls, "missing") if order.descending else (*nulls, "values", "missing")
    )
    if after is None or after.keys is None:
        return Way(by, after, column, every)
    key = after.keys[0]
    if key is None:
        return Way(by, after, column, ("missing",))
    stretch: Stretch = "nulls" if key.kind == "null" else "values"
    # A value that the column does not hold: the cursor is from another time.
    if stretch not in every or (stretch == "values" and key.kind != _SORTED[column.type]):
        return alone
    return Way(by, after, column, every[every.index(stretch) :])


def _cell(column: Column) -> Composable:
    return SQL("t.{}").format(sql.Identifier(column.name))
