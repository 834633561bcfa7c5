"""Whatever JSON there is, a table is made of it whose rows say every document again."""

from __future__ import annotations

import json
from contextlib import closing
from decimal import Decimal
from typing import Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mammothbox.catalog.document_tables import TABLES, VIEWS
from mammothbox.catalog.schema_defs import SchemaDef
from mammothbox.documents.design import Column, ColumnType, Path
from mammothbox.documents.naming import column_names

from infra.local.postgres import DatabaseUrls
from tests.typed_library import TypedLibrary

TYPES: tuple[ColumnType, ...] = get_args(ColumnType)
ODD_KEYS = (
    "",
    " ",
    "id",
    "ID",
    "Id",
    "created_at",
    "extra",
    "document_id",
    "select",
    "ctid",
    "rest",
    "variants",
    "whole",
    "%s",
    "100%",
    "%(a)s",
    "{}",
    "a.b",
    "a/b",
    "a~b",
    '"; drop table x; --',
    "'; drop table x; --",
    "\\",
    "\\'",
    "$$",
    "\n",
    "schlüssel",
    "ключ",
    "🐘",
    "e\u0301",
    "\u00e9",
    "k" * 200,
    "k" * 63 + "1",
    "k" * 63 + "2",
    "0",
    "a__b",
)
ODD_STRINGS = (
    "",
    "2024-02-30",
    "2024-02-29",
    "0000-01-01",
    "0099-12-31",
    "infinity",
    "today",
    "now",
    "July-04-99T10:00:00Z",
    "2024-01-01T10:00:00Z",
    "2024-01-01T10:00:00.5Z",
    "2024-01-01T10:00:00.500Z",
    "2024-01-01T10:00:00.123456789Z",
    "2024-01-01t10:00:00z",
    "2024-01-01T10:00:00+02:00",
    "2024-01-01T10:00:00+99:00",
    "2024-01-01 10:00:00",
    "2016-12-31T23:59:60Z",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
    "a0ee-bc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
    "%s",
    "x" * 3000,
    "null",
    "{}",
)
ODD_NUMBERS = (
    "0",
    "-0",
    "-0.0",
    "1",
    "1.0",
    "1.50",
    "1e2",
    "1E+2",
    "1e-7",
    "1e400",
    "1e-400",
    "-1e400",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "0.1",
    "0.1000000000000000055511151231257827",
    "1e15",
    "1e22",
    "123456789012345678901234567890.123456789",
    "1" * 6000,
    "5e-324",
    "1.7976931348623157e308",
)


class Number(str):
    """A number by its text."""


def written(value: Any) -> str:
    """The value as JSON, its numbers as they are."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)}:{written(each)}" for key, each in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


keys = st.sampled_from(ODD_KEYS) | st.text(
    st.characters(exclude_characters="\0", codec="utf-8"), max_size=70
)
strings = st.sampled_from(ODD_STRINGS) | st.text(
    st.characters(exclude_characters="\0", codec="utf-8"), max_size=20
)
numbers = st.sampled_from(ODD_NUMBERS).map(Number) | st.decimals(
    allow_nan=False, allow_infinity=False
).map(lambda number: Number(str(number)))
scalars = st.none() | st.booleans() | strings | numbers
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def libraries(draw: st.DrawFn) -> tuple[list[Any], list[tuple[Path, ColumnType, bool]]]:
    """Documents, most of them objects of some keys, and columns for some paths of them."""
    names = draw(st.lists(keys, min_size=1, max_size=6, unique=True))
    inner = draw(st.lists(keys, min_size=1, max_size=3, unique=True))
    parents = set(draw(st.lists(st.sampled_from(names), max_size=2)))
    nested = st.dictionaries(st.sampled_from(inner) | keys, scalars, max_size=4) | scalars

    def document() -> dict[str, Any]:
        some = draw(st.lists(st.sampled_from(names), unique=True))
        return {name: draw(nested if name in parents else values) for name in some}

    found: list[Any] = [document() for _ in range(draw(st.integers(0, 5)))]
    found += draw(st.lists(values, max_size=2))
    paths: list[Path] = [(name,) for name in names if name not in parents]
    paths += [(name, key) for name in sorted(parents) for key in inner]
    chosen = draw(st.lists(st.sampled_from(paths), unique=True)) if paths else []
    columns = [(path, draw(st.sampled_from(TYPES)), draw(st.booleans())) for path in chosen]
    return found, columns


def columns_of(found: list[tuple[Path, ColumnType, bool]]) -> list[Column]:
    names = column_names([path for path, _, _ in found])
    return [Column(path, names[path], kind, indexed=indexed) for path, kind, indexed in found]


def test_any_document_is_said_again_by_its_row(database_urls: DatabaseUrls) -> None:
    """Half of the documents are there when the table is made, the others come later."""

    @settings(
        max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(libraries())
    def check(drawn: tuple[list[Any], list[tuple[Path, ColumnType, bool]]]) -> None:
        with closing(TypedLibrary.open(database_urls)) as library:
            _check(library, [written(value) for value in drawn[0]], columns_of(drawn[1]))

    check()


def _check(library: TypedLibrary, texts: list[str], columns: list[Column]) -> None:
    before = library.relations()
    early, late = texts[::2], texts[1::2]
    library.add(early)
    made = library.built(*columns)
    library.add(late)

    said = library.texts_again(made)
    assert said == library.texts()
    assert [*map(value_of, said)] == [*map(value_of, early + late)]
    assert made.dry_run is not None
    assert made.dry_run["complete"]
    assert made.dry_run["differing"] == []
    assert before - library.relations() == set()
    assert {what[:3] for what in library.relations() - before} == parts_of(library, made)

    library.roll_back(made.id)
    assert library.relations() == before


def parts_of(library: TypedLibrary, made: SchemaDef) -> set[tuple[str, str, str]]:
    """What there is now because of the table: it, its indexes, its view, and their columns."""
    assert made.table_name is not None
    rows = library.rows(
        "WITH made AS (SELECT oid FROM pg_class WHERE relname = %(name)s UNION ALL"
        " SELECT indexrelid FROM pg_index JOIN pg_class ON pg_class.oid = indrelid"
        " WHERE relname = %(name)s)"
        " SELECT 'relation' AS what, relnamespace::regnamespace::text AS place,"
        " relname AS name FROM pg_class"
        " WHERE oid IN (SELECT oid FROM made)"
        " UNION ALL SELECT 'column', attrelid::regclass::text, attname FROM pg_attribute"
        " WHERE attnum > 0 AND attrelid IN (SELECT oid FROM made)"
        " UNION ALL SELECT 'rule', ev_class::regclass::text, rulename FROM pg_rewrite"
        " WHERE ev_class IN (SELECT oid FROM made)",
        {"name": made.table_name},
    )
    found = {tuple(row.values()) for row in rows}
    relations = [place for what, place, _ in found if what == "relation"]
    assert {*relations} == {TABLES, VIEWS}
    assert relations.count(VIEWS) == 1
    return found


def value_of(text: str) -> Any:
    """The JSON value, with every digit of its numbers."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)
