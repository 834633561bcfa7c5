"""How a document becomes a typed row, and the row a document again, as SQL expressions.

A value goes into its column if it fits the column's type. `extra` holds the rest, so that the
row says all that the document says:

- `whole`: the document, if it is no object;
- `rest`: at their places, keys without a column, nulls, empty objects whose keys have columns,
  and other values where such an object was expected;
- `variants`: values that do not fit their columns, by the JSON text of their path;
- `spelled`: values that are in their columns, and that the column would write differently.

No expression fails, whatever the JSON is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import LiteralString, TypeAlias

from psycopg import sql

from mammothbox.catalog import typed_values
from mammothbox.documents.design import Column, Path, TableDesign

_Tree: TypeAlias = "dict[str, _Tree | int]"
_Expression: TypeAlias = sql.Composable

# No function takes more than a hundred.
_ARGUMENTS_AT_ONCE = 50


def rows_of(design: TableDesign, source: sql.Composable) -> sql.Composed:
    """A query for the typed rows of the documents that `source` selects: their ids and docs.

    Its columns are `document_id`, those of the design in their order, and `extra`. A document
    that lacks what a column promises has no row.
    """
    columns = design.columns
    seen = sql.SQL(
        "SELECT document_id, CASE WHEN jsonb_typeof(doc) = 'object' THEN doc || '{{}}' ELSE doc"
        " END AS doc FROM ({}) AS source OFFSET 0"
    ).format(source)
    found = sql.SQL("SELECT document_id, doc{}{} FROM ({}) AS seen OFFSET 0").format(
        _listed(
            sql.SQL("{} AS {}").format(_at(column.path), _value(number))
            for number, column in enumerate(columns)
        ),
        _listed(
            sql.SQL("{} AS {}").format(_at(column.path, "->>"), _text(number))
            for number, column in enumerate(columns)
            if typed_values.reads_text(column.type)
        ),
        seen,
    )
    typed = sql.SQL("SELECT *{} FROM ({}) AS found OFFSET 0").format(
        _listed(
            sql.SQL("{} AS {}").format(
                typed_values.fitting(column, _value(number), _text(number)), _cell(number)
            )
            for number, column in enumerate(columns)
        ),
        found,
    )
    promised = [
        sql.SQL("{} IS NOT NULL").format(_cell(number))
        for number, column in enumerate(columns)
        if column.required
    ]
    return sql.SQL("SELECT document_id{}, {} AS extra FROM ({}) AS typed WHERE {}").format(
        _listed(_cell(number) for number in range(len(columns))),
        _extra(design),
        typed,
        sql.SQL(" AND ").join([sql.SQL("true"), *promised]),
    )


def document_of(design: TableDesign, row: sql.Composable) -> sql.Composed:
    """The document that the typed row says, as `jsonb`."""
    extra = sql.SQL("{}.extra").format(row)
    rest = sql.SQL("({} -> 'rest')").format(extra)
    return sql.SQL("CASE WHEN {extra} ? 'whole' THEN {extra} -> 'whole' ELSE {object} END").format(
        extra=extra, object=_object(design, _tree(design), rest, extra, row)
    )


def path_text(path: Path) -> str:
    """How a path is written in `variants` and `spelled`."""
    return json.dumps([*path], ensure_ascii=False, separators=(",", ":"))


def _listed(items: Iterable[_Expression]) -> sql.Composed:
    """The items behind others of a list."""
    return sql.Composed([part for item in items for part in (sql.SQL(", "), item)])


def _value(number: int) -> sql.SQL:
    """The JSON value that is meant for a column."""
    return sql.SQL(f"v{number}")


def _text(number: int) -> sql.SQL:
    """The text of that value, if it is a string or a number."""
    return sql.SQL(f"s{number}")


def _cell(number: int) -> sql.SQL:
    """The same in the column's type."""
    return sql.SQL(f"c{number}")


def _at(path: Path, last: LiteralString = "->") -> sql.Composed:
    steps = [sql.SQL(" -> {}").format(key) for key in path[:-1]]
    steps.append(sql.SQL(" " + last + " {}").format(path[-1]))
    return sql.SQL("(doc{})").format(sql.Composed(steps))


def _filled(text: str, **parts: sql.Composable) -> sql.Composed:
    return sql.SQL(text).format(**parts)


def _tree(design: TableDesign) -> _Tree:
    """The columns' numbers, by their places in the document."""
    tree: _Tree = {}
    for number, column in enumerate(design.columns):
        here = tree
        for key in column.path[:-1]:
            below = here.setdefault(key, {})
            assert isinstance(below, dict)  # noqa: S101 - no column lies within another
            here = below
        here[column.path[-1]] = number
    return tree


def _extra(design: TableDesign) -> sql.Composed:
    numbers = range(len(design.columns))
    variants = [_variant(design.columns[number], number) for number in numbers]
    vary = [sql.SQL("false"), *(_varies(number) for number in numbers)]
    spelled = [
        sql.SQL("CASE WHEN {} THEN {} ELSE '{{}}' END").format(
            differs, _pair(path_text(column.path), _value(number))
        )
        for column, number, differs in _spelled(design)
    ]
    return sql.SQL(
        "CASE WHEN {plain} THEN '{{}}'::jsonb"
        " WHEN jsonb_typeof(doc) <> 'object' THEN jsonb_build_object('whole', doc)"
        " ELSE (SELECT {rest} || {variants} || {spelled} FROM (SELECT {r} AS rest,"
        " {w} AS variants, {s} AS spelled OFFSET 0) AS beside) END"
    ).format(
        plain=_is_plain(design),
        rest=_unless_empty("rest"),
        variants=_unless_empty("variants"),
        spelled=_unless_empty("spelled"),
        r=_rest(sql.SQL("doc"), _tree(design)),
        w=sql.SQL("CASE WHEN {} THEN {} ELSE '{{}}' END").format(
            sql.SQL(" OR ").join(vary), _together(variants)
        ),
        s=_together(spelled),
    )


def _unless_empty(name: str) -> sql.Composed:
    return sql.SQL(
        "CASE WHEN {0} = '{{}}' THEN '{{}}' ELSE jsonb_build_object({1}, {0}) END"
    ).format(sql.Identifier(name), name)


def _is_plain(design: TableDesign) -> sql.Composed:
    """Whether everything the document says is in the columns, asked in the cheapest way."""
    numbers = range(len(design.columns))
    conditions = [_covers(sql.SQL("doc"), _tree(design))]
    for begin in range(0, len(numbers), _ARGUMENTS_AT_ONCE):
        some = numbers[begin : begin + _ARGUMENTS_AT_ONCE]
        conditions.append(
            sql.SQL("num_nonnulls({}) = num_nonnulls({})").format(
                sql.SQL(", ").join(map(_value, some)), sql.SQL(", ").join(map(_cell, some))
            )
        )
    conditions += [
        sql.SQL("({}) IS NOT TRUE").format(differs) for _, _, differs in _spelled(design)
    ]
    return sql.SQL("CASE WHEN jsonb_typeof(doc) = 'object' THEN {} ELSE false END").format(
        sql.SQL(" AND ").join(conditions)
    )


def _covers(value: _Expression, tree: _Tree) -> sql.Composed:
    """Whether the object has no keys but those of the tree, and objects where it branches."""
    conditions = [sql.SQL("{} = '{{}}'").format(_without(value, tree))]
    for key, below in tree.items():
        if isinstance(below, dict):
            inner = sql.SQL("({} -> {})").format(value, key)
            conditions.append(
                sql.SQL(
                    "CASE WHEN jsonb_typeof({0}) = 'object' THEN {0} <> '{{}}' AND {1}"
                    " ELSE {0} IS NULL END"
                ).format(inner, _covers(inner, below))
            )
    return sql.SQL(" AND ").join(conditions)


def _without(value: _Expression, tree: _Tree) -> sql.Composed:
    return sql.SQL("({} - {}::text[])").format(value, sql.Literal([*tree]))


def _varies(number: int) -> sql.Composed:
    """Whether a value is not in its column. JSON's null tells nothing of a type."""
    return sql.SQL("({} IS NULL AND jsonb_typeof({}) <> 'null')").format(
        _cell(number), _value(number)
    )


def _variant(column: Column, number: int) -> sql.Composed:
    return sql.SQL("CASE WHEN {} THEN {} ELSE '{{}}' END").format(
        _varies(number), _pair(path_text(column.path), _value(number))
    )


def _spelled(design: TableDesign) -> list[tuple[Column, int, sql.Composed]]:
    """The columns that would write some values differently, and whether they would this one."""
    asked = [
        (column, number, typed_values.is_spelled(column.type, _cell(number), _text(number)))
        for number, column in enumerate(design.columns)
    ]
    return [(column, number, differs) for column, number, differs in asked if differs is not None]


def _pair(key: str, value: _Expression) -> sql.Composed:
    return sql.SQL("jsonb_build_object({}, {})").format(key, value)


def _together(objects: Sequence[_Expression]) -> sql.Composed:
    return sql.SQL(" || ").join([sql.SQL("'{}'::jsonb"), *objects])


def _rest(value: _Expression, tree: _Tree) -> sql.Composed:
    """What an object says beside the tree's columns, each thing at its place."""
    gone: list[_Expression] = []
    parts: list[_Expression] = []
    for key, below in tree.items():
        if isinstance(below, int):
            text = "CASE WHEN jsonb_typeof({v}) <> 'null' THEN {key} END"
            gone.append(_filled(text, v=_value(below), key=sql.Literal(key)))
            continue
        inner = sql.SQL("({} -> {})").format(value, key)
        rest = _rest(inner, below)
        opens = _filled("jsonb_typeof({v}) = 'object' AND {v} <> '{{}}'", v=inner)
        gone.append(_filled("CASE WHEN {opens} THEN {key} END", opens=opens, key=sql.Literal(key)))
        text = (
            "CASE WHEN {opens} THEN CASE WHEN {rest} <> '{{}}' THEN {pair} ELSE '{{}}' END"
            " ELSE '{{}}' END"
        )
        parts.append(_filled(text, opens=opens, rest=rest, pair=_pair(key, rest)))
    left = sql.SQL("({} - ARRAY[{}]::text[])").format(value, sql.SQL(", ").join(gone))
    return sql.SQL("({})").format(_together([left, *parts]) if parts else left)


def _object(
    design: TableDesign, tree: _Tree, rest: _Expression, extra: _Expression, row: _Expression
) -> sql.Composed:
    """The object that stood here: its rest, and what its columns say or have noted."""
    parts: list[_Expression] = [sql.SQL("coalesce({}, '{{}}')").format(rest)]
    for key, below in tree.items():
        if isinstance(below, int):
            parts.append(_leaf(design.columns[below], key, extra, row))
            continue
        inner = sql.SQL("({} -> {})").format(rest, key)
        text = (
            "CASE WHEN jsonb_typeof({inner}) <> 'object' THEN '{{}}'"
            " WHEN {inner} IS NULL AND {object} = '{{}}' THEN '{{}}' ELSE {pair} END"
        )
        made = _object(design, below, inner, extra, row)
        parts.append(_filled(text, inner=inner, object=made, pair=_pair(key, made)))
    return sql.SQL("({})").format(_together(parts))


def _leaf(column: Column, key: str, extra: _Expression, row: _Expression) -> sql.Composed:
    cell = sql.SQL("{}.{}").format(row, sql.Identifier(column.name))
    noted = [
        sql.SQL("WHEN {extra} -> {note} ? {path} THEN {pair}").format(
            extra=extra,
            note=note,
            path=path_text(column.path),
            pair=_pair(
                key, sql.SQL("({} -> {} -> {})").format(extra, note, path_text(column.path))
            ),
        )
        for note in ("spelled", "variants")
    ]
    return sql.SQL("CASE {} WHEN {} IS NOT NULL THEN {} ELSE '{{}}' END").format(
        sql.SQL(" ").join(noted), cell, _pair(key, typed_values.written(column.type, cell))
    )
