"""What `documents.query` promises, as SQL over the column `doc` of a documents table.

Texts of clients travel as parameters alone. No expression fails, whatever a document holds: a
value is looked at as a number only within the branch of a CASE that knows it for one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql
from psycopg.sql import SQL, Composable, Composed

from mammothbox.documents.design import Path
from mammothbox.documents.query import Condition, Operands, Operator, Order
from mammothbox.documents.query_cursor import Key, Position

SIGNS: Mapping[Operator, SQL] = {
    "lt": SQL("<"),
    "lte": SQL("<="),
    "gt": SQL(">"),
    "gte": SQL(">="),
}
# Where a value stands in the order of all values; true comes one after false.
_RANKS = (
    Key("null"),
    Key("boolean", "false"),
    Key("boolean", "true"),
    Key("number"),
    Key("string"),
    Key("array"),
    Key("object"),
)
# Of these ranks there are many values.
VALUED = (3, 4)
_RANK = SQL(
    "CASE jsonb_typeof({value}) WHEN 'null' THEN 0"
    " WHEN 'boolean' THEN CASE WHEN {value} = 'true' THEN 2 ELSE 1 END"
    " WHEN 'number' THEN 3 WHEN 'string' THEN 4 WHEN 'array' THEN 5 WHEN 'object' THEN 6 END"
)
_NUMBER = SQL("CASE jsonb_typeof({value}) WHEN 'number' THEN ({value})::numeric END")
_STRING = SQL(
    "CASE jsonb_typeof({value}) WHEN 'string' THEN ({value} #>> '{{}}') END COLLATE \"C\""
)


@dataclass
class Values:
    """The parameters of a statement that is being put together."""

    given: dict[str, Any] = field(default_factory=dict)

    def put(self, value: Any) -> Composable:
        """A place for the value."""
        name = f"v{len(self.given)}"
        self.given[name] = value
        return sql.Placeholder(name)


def value_at(path: Path, values: Values) -> Composed:
    """The value at the end of the path: NULL if there is none. Arrays are not entered."""
    steps = [SQL("d.doc"), *(SQL("{}::text").format(values.put(key)) for key in path)]
    return SQL(" -> ").join(steps)


def holds(condition: Condition, values: Values, *, by_gin: bool = True) -> Composed:
    """The condition: true or false, and never NULL.

    With `by_gin` equality is written so that the documents' own index can answer it.
    """
    operands = condition.operands
    if condition.operator in ("eq", "in"):
        return (_equals if by_gin else _is_one_of)(condition.path, operands, values)
    value = SQL("({})").format(value_at(condition.path, values))
    match condition.operator:
        case "ne":
            equal = _equals(condition.path, operands, values)
            return SQL("({} IS NOT NULL AND NOT {})").format(value, equal)
        case "exists":
            is_there = SQL("IS NOT NULL" if operands.booleans[0] else "IS NULL")
            return SQL("{} {}").format(value, is_there)
        case "like":
            return SQL(
                "CASE jsonb_typeof({value}) WHEN 'string'"
                " THEN ({value} #>> '{{}}') COLLATE \"C\" LIKE {pattern} ELSE false END"
            ).format(value=value, pattern=values.put(operands.strings[0]))
        case _:
            return _compares(value, SIGNS[condition.operator], operands, values)


def _equals(path: Path, operands: Operands, values: Values) -> Composed:
    """As containment, which the GIN index of the documents answers.

    A document contains an object of one key when it is an object with that key and value.
    """
    contained = [
        SQL("d.doc @> {}::jsonb").format(values.put(_at(path, text)))
        for text in _json_texts(operands)
    ]
    return SQL("({})").format(SQL(" OR ").join(contained))


def _is_one_of(path: Path, operands: Operands, values: Values) -> Composed:
    """The same, so that no index of the documents is thought of."""
    value = SQL("({})").format(value_at(path, values))
    equal = [
        SQL("{} = {}::jsonb").format(value, values.put(text)) for text in _json_texts(operands)
    ]
    return SQL("coalesce({}, false)").format(SQL(" OR ").join(equal))


def _json_texts(operands: Operands) -> Iterator[str]:
    yield from (json.dumps(string, ensure_ascii=False) for string in operands.strings)
    yield from (str(number) for number in operands.numbers)
    yield from ("true" if boolean else "false" for boolean in operands.booleans)
    if operands.null:
        yield "null"


def _at(path: Path, text: str) -> str:
    for key in reversed(path):
        text = "{" + json.dumps(key, ensure_ascii=False) + ":" + text + "}"
    return text


def _compares(value: Composable, sign: SQL, operands: Operands, values: Values) -> Composed:
    branches = [SQL("CASE jsonb_typeof({})").format(value)]
    for number in operands.numbers:
        branches.append(
            SQL("WHEN 'number' THEN ({})::numeric {} {}::numeric").format(
                value, sign, values.put(number)
            )
        )
    for string in operands.strings:
        branches.append(
            SQL("WHEN 'string' THEN ({} #>> '{{}}') COLLATE \"C\" {} {}::text").format(
                value, sign, values.put(string)
            )
        )
    return SQL(" ").join([*branches, SQL("ELSE false END")])


def called(word: str, n: int) -> str:
    """A column of ours beside those of a typed table, none of which is called so: their names are
    printable, and this space is not."""
    return f"{word}\N{NO-BREAK SPACE}{n}"


@dataclass(frozen=True)
class SortedBy:
    """The columns of one order: its rank among all values, and the value of those of one rank."""

    order: Order
    n: int

    @property
    def rank(self) -> sql.Identifier:
        return sql.Identifier(called("rank", self.n))

    @property
    def number(self) -> sql.Identifier:
        return sql.Identifier(called("number", self.n))

    @property
    def string(self) -> sql.Identifier:
        return sql.Identifier(called("string", self.n))

    @property
    def columns(self) -> list[sql.Identifier]:
        """Those that tell values apart, given what kinds of them there are."""
        numbers = [self.number] if "number" in self.order.kinds else []
        strings = [self.string] if "string" in self.order.kinds else []
        return [self.rank, *numbers, *strings]

    def text(self) -> Composed:
        """The value as text, for a cursor; NULL for one that its rank tells all about."""
        texts = [SQL("{}::text").format(column) for column in self.columns[1:]]
        return SQL("coalesce({})").format(SQL(", ").join([*texts, SQL("NULL::text")]))

    def lateral(self, values: Values) -> Composed:
        """What to join to `d` for the columns."""
        value = SQL("({})").format(value_at(self.order.path, values))
        return SQL(" CROSS JOIN LATERAL (SELECT {} AS {}, {} AS {}, {} AS {}) AS {}").format(
            _RANK.format(value=value),
            self.rank,
            _NUMBER.format(value=value),
            self.number,
            _STRING.format(value=value),
            self.string,
            sql.Identifier(f"by{self.n}"),
        )

    def direction(self) -> Composed:
        word = SQL(" DESC NULLS LAST") if self.order.descending else SQL(" ASC NULLS LAST")
        return SQL(", ").join([column + word for column in self.columns])


def ordered(by: Sequence[SortedBy]) -> Composed:
    """The order of documents, in which no two stand at the same place."""
    return SQL(", ").join([*(each.direction() for each in by), SQL("document_id")])


def behind(position: Position, by: Sequence[SortedBy], values: Values) -> Composed:
    """That a document stands behind the position."""
    condition = SQL("d.document_id > {}").format(values.put(position.document_id))
    for each, key in reversed(list(zip(by, position.keys or (), strict=True))):
        same, beyond = _same_and_beyond(each, key, values)
        condition = SQL("({} OR ({} AND {}))").format(beyond, same, condition)
    return condition


def _same_and_beyond(
    by: SortedBy, key: Key | None, values: Values
) -> tuple[Composable, Composable]:
    if key is None:
        return SQL("{} IS NULL").format(by.rank), SQL("false")
    sign = SQL("<") if by.order.descending else SQL(">")
    rank = values.put(_rank_of(key))
    same = SQL("{} = {}::integer").format(by.rank, rank)
    beyond = SQL("({rank} {sign} {is_now}::integer OR {rank} IS NULL)").format(
        rank=by.rank, sign=sign, is_now=rank
    )
    value = _value_of(by, key, values)
    if value is None:
        return same, beyond
    column, now = value
    farther = SQL("({} AND {} {} {})").format(same, column, sign, now)
    return (
        SQL("({} AND {} = {})").format(same, column, now),
        SQL("({} OR {})").format(beyond, farther),
    )


def _rank_of(key: Key) -> int:
    valued = key.kind in ("number", "string")
    return _RANKS.index(Key(key.kind) if valued else key)


def key_of(rank: int, text: str) -> Key:
    """The value of that rank and text."""
    return Key(_RANKS[rank].kind, text) if rank in VALUED else _RANKS[rank]


def _value_of(by: SortedBy, key: Key, values: Values) -> tuple[Composable, Composable] | None:
    if key.kind == "number":
        return by.number, SQL("{}::numeric").format(values.put(key.text))
    if key.kind == "string":
        return by.string, SQL("{}::text").format(values.put(key.text))
    return None
