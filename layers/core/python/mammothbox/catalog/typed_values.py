"""What a JSON value is in a column of each type, and the column's value in JSON again.

As SQL expressions, none of which fails, whatever the JSON is: a function is asked only what it
can answer. That is what CASE promises, and AND does not.
"""

from __future__ import annotations

from psycopg import sql

from mammothbox.documents.design import Column, ColumnType

# An entry of a b-tree has room for a third of a page.
_LONGEST_INDEXED = 2000
_LONGEST_TIME = 40
# The first is the usual one, and is looked for faster than a pattern. What it lets through and
# is no time of day is refused by the type; what it lets through in another spelling is noted.
_USUAL_TIME = "____-__-__T__:__:__%Z"
_TIME = r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)$"

_FITTING: dict[ColumnType, str] = {
    "bigint": (
        "CASE WHEN jsonb_typeof({v}) = 'number' THEN CASE WHEN pg_input_is_valid({s}, 'bigint')"
        " THEN {s}::bigint END END"
    ),
    "numeric": "CASE WHEN jsonb_typeof({v}) = 'number' THEN {v}::numeric END",
    "double precision": (
        "CASE WHEN jsonb_typeof({v}) = 'number' THEN CASE WHEN pg_input_is_valid({s}, 'float8')"
        " THEN CASE WHEN to_jsonb({s}::float8) = {v} THEN {s}::float8 END END END"
    ),
    "boolean": "CASE WHEN jsonb_typeof({v}) = 'boolean' THEN {v}::boolean END",
    "text": "CASE WHEN jsonb_typeof({v}) = 'string' THEN {s} END",
    "timestamptz": (
        "CASE WHEN jsonb_typeof({v}) = 'string' THEN CASE WHEN {s} LIKE {usual}"
        " AND ascii({s}) <= ascii('9') OR octet_length({s}) <= {longest} AND {s} ~ {time}"
        " THEN CASE WHEN pg_input_is_valid({s}, 'timestamptz') THEN {s}::timestamptz END END END"
    ),
    "date": (
        "CASE WHEN jsonb_typeof({v}) = 'string' THEN CASE WHEN octet_length({s}) = 10"
        " THEN CASE WHEN pg_input_is_valid({s}, 'date')"
        " THEN CASE WHEN to_jsonb({s}::date) = {v} THEN {s}::date END END END END"
    ),
    "uuid": (
        "CASE WHEN jsonb_typeof({v}) = 'string' THEN CASE WHEN octet_length({s}) = 36"
        " THEN CASE WHEN pg_input_is_valid({s}, 'uuid') THEN {s}::uuid END END END"
    ),
    "jsonb": "CASE WHEN jsonb_typeof({v}) <> 'null' THEN {v} END",
}
# What would be too long for an index stays beside the column.
_SHORT: dict[ColumnType, str] = {
    "text": "CASE WHEN octet_length({s}) <= {most} THEN {fitting} END",
    "numeric": "CASE WHEN pg_column_size({v}) <= {most} THEN {fitting} END",
}
# A column's value as JSON, where JSON would not write it the same by itself.
_WRITTEN: dict[ColumnType, str] = {
    "timestamptz": "((to_jsonb({c} AT TIME ZONE 'UTC') #>> '{{}}') || 'Z')",
    "uuid": "{c}::text",
}
# Values that fit the other types are all written as they were.
_SPELLED: dict[ColumnType, str] = {
    "double precision": "to_jsonb({c})::text <> {s}",
    "timestamptz": _WRITTEN["timestamptz"] + " <> {s}",
    "uuid": _WRITTEN["uuid"] + " <> {s}",
}


def reads_text(kind: ColumnType) -> bool:
    """Whether the text of a value is asked for; it is made once then."""
    return "{s}" in _FITTING[kind]


def fitting(column: Column, value: sql.Composable, text: sql.Composable) -> sql.Composed:
    """The value in the column's type; NULL for one that does not fit, and for JSON's null.

    `text` is the text of a string or a number.
    """
    fits = _formatted(_FITTING[column.type], v=value, s=text)
    if (column.indexed or column.unique) and column.type in _SHORT:
        return _formatted(_SHORT[column.type], v=value, s=text, fitting=fits)
    return fits


def written(kind: ColumnType, cell: sql.Composable) -> sql.Composed:
    """What becomes of the column's value in JSON: an argument of `jsonb_build_object`."""
    return _formatted(_WRITTEN.get(kind, "{c}"), c=cell)


def is_spelled(kind: ColumnType, cell: sql.Composable, text: sql.Composable) -> sql.Composed | None:
    """Whether the column would write the value differently; `None` if it never does."""
    return _formatted(_SPELLED[kind], c=cell, s=text) if kind in _SPELLED else None


def _formatted(text: str, **parts: sql.Composable) -> sql.Composed:
    return sql.SQL(text).format(
        most=sql.Literal(_LONGEST_INDEXED),
        longest=sql.Literal(_LONGEST_TIME),
        usual=sql.Literal(_USUAL_TIME),
        time=sql.Literal(_TIME),
        **parts,
    )
