"""What clients ask of the documents of a collection. One meaning, wherever the values lie.

A filter is `filter[field][operator]=text`; all of them hold for every document found. The text
means what the value it is compared with is:

- with a number it is a number, exact to the last digit (1 is 1.0 is 1e0);
- with a string it is the string, compared by code points;
- with a boolean or null it is `true`, `false` or `null`, and there is no more or less of these;
- with an array or an object nothing compares.

`eq`, `lt`, `lte`, `gt`, `gte`, `in` and `like` are false where the field is missing or of a type
the text does not compare with. `ne` is true where the field is there, an explicit null too, and
is not equal. `exists` is `true` or `false`, and an explicit null exists. `like` is about strings
alone: `%` stands for any characters and `_` for one; a backslash before them takes that away.
Paths lead through objects and never into arrays.

`sort` is up to three fields, each with `-` before it for descending. Values stand in this order:
null, false, true, numbers, strings by code points, arrays, objects. Arrays are not told apart
and neither are objects. Documents without the field are last either way. Among equals, and
without `sort`, documents stand in the order they came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from mammothbox.documents.design import Path
from mammothbox.documents.field_names import (
    check_text,
    parse_field,
    parse_list,
    spelled,
    unknown_field,
)
from mammothbox.documents.fields import Profile
from mammothbox.documents.observed import Kind as ObservedKind
from mammothbox.errors import Refused

Kind = Literal["null", "boolean", "number", "string", "array", "object"]
KINDS: frozenset[Kind] = frozenset(get_args(Kind))
Operator = Literal["eq", "ne", "lt", "lte", "gt", "gte", "in", "like", "exists"]
_OPERATORS: dict[str, Operator] = {each: each for each in get_args(Operator)}
_KIND_OF: dict[ObservedKind, Kind] = {
    "null": "null",
    "boolean": "boolean",
    "integer": "number",
    "number": "number",
    "string": "string",
    "array": "array",
    "object": "object",
}
# A profile knows fields so far down; of what is deeper it knows that there are objects.
PROFILED_DEPTH = 3
_MOST_FILTERS = 20
_MOST_ORDERS = 3
_FILTER = re.compile(r"filter\[(?P<field>.*)\]\[(?P<operator>[^\[\]]*)\]", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
# What a number of the server holds before and after its point.
_DIGITS_BEFORE, _DIGITS_AFTER = 131_072, 16_383
_MOST_EXPONENT_DIGITS = 6
_BOOLEANS = ("true", "false")
_SHOWN = 60


@dataclass(frozen=True)
class Known:
    """Which fields documents have had, and of which kinds their values were."""

    kinds: Mapping[Path, frozenset[Kind]]
    # Whether there are no others.
    is_whole: bool = True

    @classmethod
    def of(cls, profile: Profile) -> Known:
        """What the profile knows."""
        return cls(
            {
                path: frozenset(_KIND_OF[kind] for kind in field.counts)
                for path, field in profile.fields.items()
            },
            is_whole=profile.skipped == 0,
        )

    def at(self, path: Path) -> frozenset[Kind]:
        """The kinds of values at the path. Raises `Refused` if no document has had any."""
        found = self.kinds.get(path)
        if found is not None:
            return found
        may_be = len(path) > PROFILED_DEPTH and "object" in self.at(path[:PROFILED_DEPTH])
        if may_be or not self.is_whole:
            return KINDS
        raise unknown_field(path, self.kinds)


@dataclass(frozen=True)
class Operands:
    """What the text of a filter means beside a value of each kind; none where it means nothing."""

    strings: tuple[str, ...] = ()
    numbers: tuple[Decimal, ...] = ()
    booleans: tuple[bool, ...] = ()
    null: bool = False


@dataclass(frozen=True)
class Condition:
    """A filter. Of `exists` the operand is a boolean, of `like` the pattern is a string."""

    path: Path
    operator: Operator
    operands: Operands


@dataclass(frozen=True)
class Order:
    """A field to sort by; `kinds` is what may stand there."""

    path: Path
    descending: bool
    kinds: frozenset[Kind]


@dataclass(frozen=True)
class Query:
    """What is asked for: all conditions hold. Without `fields` the whole document is shown."""

    conditions: tuple[Condition, ...] = ()
    orders: tuple[Order, ...] = ()
    fields: tuple[Path, ...] | None = None


def parse_query(
    filters: Sequence[tuple[str, str]], sort: str | None, fields: str | None, known: Known
) -> Query:
    """The query that the parameters stand for. Raises `Refused` saying what is wrong with them."""
    if len(filters) > _MOST_FILTERS:
        raise Refused(422, "too_many_filters", f"A query has at most {_MOST_FILTERS} filters.")
    return Query(
        tuple(_condition(name, text, known) for name, text in filters),
        _orders(sort, known) if sort is not None else (),
        _shown(fields, known) if fields is not None else None,
    )


def _shown(fields: str, known: Known) -> tuple[Path, ...]:
    paths = [parse_field(name) for name in parse_list(fields)]
    for path in paths:
        known.at(path)
    return tuple(dict.fromkeys(paths))


def _orders(sort: str, known: Known) -> tuple[Order, ...]:
    names = parse_list(sort)
    if len(names) > _MOST_ORDERS:
        raise Refused(422, "invalid_sort", f"Sort by at most {_MOST_ORDERS} fields.")
    orders = [_order(name, known) for name in names]
    if len({order.path for order in orders}) < len(orders):
        raise Refused(422, "invalid_sort", "Sort by each field once.")
    return tuple(orders)


def _order(name: str, known: Known) -> Order:
    path = parse_field(name.removeprefix("-"))
    return Order(path, name.startswith("-"), known.at(path))


def _condition(name: str, text: str, known: Known) -> Condition:
    match = _FILTER.fullmatch(name)
    if match is None:
        raise Refused(422, "invalid_filter", f"Write filter[field][operator]=value, not {name!r}.")
    operator = _OPERATORS.get(match["operator"])
    if operator is None:
        raise Refused(
            422,
            "invalid_filter",
            f"There is no operator {match['operator']!r}; there are {', '.join(_OPERATORS)}.",
        )
    path = parse_field(match["field"])
    kinds = known.at(path)
    return Condition(path, operator, _operands(path, operator, check_text(text), kinds))


def _operands(path: Path, operator: Operator, text: str, kinds: frozenset[Kind]) -> Operands:
    match operator:
        case "exists":
            if text not in ("true", "false"):
                raise Refused(422, "invalid_filter", "exists is either true or false.")
            return Operands(booleans=(text == "true",))
        case "like":
            return _pattern(path, text, kinds)
        case "in":
            return _together(_compared(path, "eq", item, kinds) for item in parse_list(text))
        case _:
            return _compared(path, operator, text, kinds)


def _pattern(path: Path, text: str, kinds: frozenset[Kind]) -> Operands:
    if (len(text) - len(text.rstrip("\\"))) % 2:
        raise Refused(422, "invalid_filter", "A pattern does not end with a single backslash.")
    if "string" not in kinds:
        raise _does_not_compare(path, "like", text, kinds)
    return Operands(strings=(text,))


def _compared(path: Path, operator: Operator, text: str, kinds: frozenset[Kind]) -> Operands:
    number = parse_number(text) if "number" in kinds else None
    only_equal = operator in ("eq", "ne")
    operands = Operands(
        (text,) if "string" in kinds else (),
        (number,) if number is not None else (),
        (text == "true",) if only_equal and "boolean" in kinds and text in _BOOLEANS else (),
        only_equal and "null" in kinds and text == "null",
    )
    if operands == Operands():
        raise _does_not_compare(path, operator, text, kinds)
    return operands


def _together(each: Iterable[Operands]) -> Operands:
    several = list(each)
    return Operands(
        tuple(string for one in several for string in one.strings),
        tuple(number for one in several for number in one.numbers),
        tuple(boolean for one in several for boolean in one.booleans),
        any(one.null for one in several),
    )


def parse_number(text: str) -> Decimal | None:
    if _NUMBER.fullmatch(text) is None:
        return None
    exponent = re.split("[eE]", text)[1:] or ["0"]
    if len(exponent[0].lstrip("+-").lstrip("0")) > _MOST_EXPONENT_DIGITS:
        raise _out_of_range()
    number = Decimal(text)
    if number == 0:
        return Decimal(0)
    before, after = number.adjusted() + 1, -number.as_tuple().exponent  # type: ignore[operator]
    if before > _DIGITS_BEFORE or after > _DIGITS_AFTER:
        raise _out_of_range()
    return number


def _out_of_range() -> Refused:
    return Refused(
        422,
        "number_too_long",
        f"A number has at most {_DIGITS_BEFORE:,} digits before its point"
        f" and {_DIGITS_AFTER:,} behind it.",
    )


def _does_not_compare(path: Path, operator: Operator, text: str, kinds: frozenset[Kind]) -> Refused:
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    held = ", ".join(kind for kind in get_args(Kind) if kind in kinds) or "nothing"
    return Refused(
        422,
        "not_comparable",
        f"{spelled(path)!r} has values of the kinds {held}; {shown!r} does not compare"
        f" with them by {operator}.",
    )
