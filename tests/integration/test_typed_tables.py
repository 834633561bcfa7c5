"""What becomes of values in a typed table, and what a dry run tells of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import psycopg
import pytest
from mammothbox.catalog import typed_tables
from mammothbox.catalog.table_ddl import MOST_COLUMNS
from mammothbox.catalog.typed_conditions import find_table
from mammothbox.documents.design import Column, ColumnType
from mammothbox.documents.prove import prove

from infra.local.postgres import DatabaseUrls
from tests.typed_library import TypedLibrary, documents

FIELD = Column(("a",), "a", "text")


@pytest.fixture
def library(database_urls: DatabaseUrls) -> Iterator[TypedLibrary]:
    library = TypedLibrary.open(database_urls)
    yield library
    library.close()


def field(kind: ColumnType, *, indexed: bool = False) -> Column:
    return Column(("a",), "a", kind, indexed=indexed)


def row_of(library: TypedLibrary, text: str, *columns: Column) -> dict[str, Any]:
    """The typed row of a document that comes when the table is there."""
    made = library.built(*columns)
    library.add([text])
    assert library.texts_again(made) == library.texts()
    return library.typed(made)[0]


FITTING: list[tuple[ColumnType, str, str]] = [
    ("bigint", "9223372036854775807", "9223372036854775807"),
    ("bigint", "1e2", "100"),
    ("bigint", "-0", "0"),
    ("numeric", "1.50", "1.50"),
    ("numeric", "123456789012345678901234567890.5", "123456789012345678901234567890.5"),
    ("double precision", "0.1", "0.1"),
    ("double precision", "1e15", "1e+15"),
    ("boolean", "false", "false"),
    ("text", '"2024-01-01"', "2024-01-01"),
    ("date", '"2024-02-29"', "2024-02-29"),
    ("timestamptz", '"2024-01-01T10:00:00Z"', "2024-01-01 10:00:00+00"),
    ("timestamptz", '"2024-01-01T10:00:00.25Z"', "2024-01-01 10:00:00.25+00"),
    ("uuid", '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"', "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("jsonb", "[1, {}]", "[1, {}]"),
]


@pytest.mark.parametrize(("kind", "value", "stored"), FITTING)
def test_a_value_of_the_type_is_in_its_column_alone(
    library: TypedLibrary, kind: ColumnType, value: str, stored: str
) -> None:
    made = library.built(field(kind))
    library.add([f'{{"a": {value}}}'])

    rows = library.rows(f"SELECT a::text, extra FROM {made.table_name}")

    assert rows == [{"a": stored, "extra": {}}]
    assert library.texts_again(made) == library.texts()


VARIANTS: list[tuple[ColumnType, str]] = [
    ("bigint", "9223372036854775808"),
    ("bigint", "1.0"),
    ("bigint", '"1"'),
    ("numeric", '"1"'),
    ("double precision", "1e400"),
    ("double precision", "1e-400"),
    ("double precision", "0.1000000000000000055511151231257827"),
    ("boolean", '"true"'),
    ("text", "1"),
    ("text", "{}"),
    ("date", '"2024-02-30"'),
    ("date", '"today"'),
    ("date", '"2024-01-01T00:00:00Z"'),
    ("timestamptz", '"2024-01-01T10:00:00"'),
    ("timestamptz", '"2024-13-01T10:00:00Z"'),
    ("timestamptz", '"now"'),
    ("timestamptz", "1704103200"),
    ("uuid", '"a0eebc99"'),
    ("uuid", '"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1}"'),
]


@pytest.mark.parametrize(("kind", "value"), VARIANTS)
def test_a_value_that_does_not_fit_is_a_variant(
    library: TypedLibrary, kind: ColumnType, value: str
) -> None:
    row = row_of(library, f'{{"a": {value}}}', field(kind))

    assert row["a"] is None
    assert [*row["extra"]] == ["variants"]
    assert [*row["extra"]["variants"]] == ['["a"]']


SPELLED: list[tuple[ColumnType, str, str]] = [
    ("timestamptz", '"2024-01-01T10:00:00+02:00"', "2024-01-01 08:00:00+00"),
    ("timestamptz", '"2024-01-01T10:00:00.500Z"', "2024-01-01 10:00:00.5+00"),
    ("timestamptz", '"2016-12-31T23:59:60Z"', "2017-01-01 00:00:00+00"),
    ("uuid", '"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"', "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("double precision", "1.0", "1"),
]


@pytest.mark.parametrize(("kind", "value", "stored"), SPELLED)
def test_a_value_that_the_column_writes_differently_keeps_its_spelling(
    library: TypedLibrary, kind: ColumnType, value: str, stored: str
) -> None:
    made = library.built(field(kind))
    library.add([f'{{"a": {value}}}'])

    rows = library.rows(
        f"SELECT a::text, extra -> 'spelled' ->> '[\"a\"]' AS spelled FROM {made.table_name}"
    )

    assert rows == [{"a": stored, "spelled": value.strip('"')}]
    assert library.texts_again(made) == library.texts()


NESTED = (Column(("a", "b"), "a__b", "bigint"), Column(("c",), "c", "text"))
RESTS = [
    ({"a": {"b": 1}, "c": "x"}, {}),
    ({}, {}),
    ({"c": None}, {"rest": {"c": None}}),
    ({"a": None}, {"rest": {"a": None}}),
    ({"a": {}}, {"rest": {"a": {}}}),
    ({"a": "text"}, {"rest": {"a": "text"}}),
    ({"a": {"b": None}}, {"rest": {"a": {"b": None}}}),
    ({"a": {"b": 1, "z": 2}}, {"rest": {"a": {"z": 2}}}),
    ({"a": {"b": "x"}}, {"variants": {'["a","b"]': "x"}}),
    ({"z": [1]}, {"rest": {"z": [1]}}),
    ([1], {"whole": [1]}),
    (None, {"whole": None}),
]


@pytest.mark.parametrize(("document", "extra"), RESTS)
def test_extra_holds_what_has_no_column(
    library: TypedLibrary, document: object, extra: object
) -> None:
    assert row_of(library, json.dumps(document), *NESTED)["extra"] == extra


@pytest.mark.parametrize(
    ("kind", "value"), [("text", '"' + "x" * 9000 + '"'), ("numeric", "7" * 60_000)]
)
def test_a_value_too_long_for_an_index_stands_beside_it(
    library: TypedLibrary, kind: ColumnType, value: str
) -> None:
    made = library.built(field(kind, indexed=True))

    library.add([f'{{"a": {value}}}'])

    noted = "extra ? 'variants' AS noted"
    assert library.rows(f"SELECT a, {noted} FROM {made.table_name}") == [{"a": None, "noted": True}]
    assert library.texts_again(made) == library.texts()


def test_a_misfit_among_many_documents_harms_no_other(library: TypedLibrary) -> None:
    made = library.built(field("bigint", indexed=True))
    with library.app.transaction(library.owner) as connection:
        assert find_table(connection, library.collection, [("a",)]) is not None

    library.add(documents({"a": 1}, {"a": "two"}, {"a": 3}))

    assert [row["a"] for row in library.typed(made)] == [1, None, 3]
    with library.app.transaction(library.owner) as connection:
        assert find_table(connection, library.collection, [("a",)]) is None


def test_another_owner_sees_none_of_it(library: TypedLibrary) -> None:
    made = library.built(field("bigint"))
    library.add(documents({"a": 1}))

    seen = {}
    for owner in ("ada", "eve"):
        with library.app.transaction(owner) as connection:
            seen[owner] = connection.execute(f"SELECT a FROM {made.table_name}".encode()).fetchall()

    assert seen == {"ada": [{"a": 1}], "eve": []}


def test_the_api_may_read_and_purge_but_neither_change_nor_drop(library: TypedLibrary) -> None:
    made = library.built(field("bigint"))
    asset_id = library.add(documents({"a": 1}))

    for statement in (
        f"UPDATE {made.table_name} SET a = 2",
        f"INSERT INTO {made.table_name} (document_id) VALUES (gen_random_uuid())",
        f"DROP VIEW {made.table_name}",
        f"SELECT * FROM collections.{made.table_name}",
    ):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            library.app.transaction("ada") as connection,
        ):
            connection.execute(statement.encode()).fetchall()
    with library.app.transaction("ada") as connection:
        typed_tables.forget_asset(connection, library.collection, asset_id)
    assert library.typed(made) == []


def test_a_dry_run_tells_what_would_not_fit(library: TypedLibrary) -> None:
    library.add(
        documents(*({"a": number} for number in range(30)), *({"a": "x"} for _ in range(12)))
    )
    library.add(documents({"a": "2" * 500, "b": 1}))
    before = library.relations()

    schema_id = library.proposed(field("bigint", indexed=True))
    library.prove()

    proved = library.schema(schema_id)
    assert proved.status == "provisional"
    assert proved.dry_run is not None
    found = proved.dry_run
    assert (found["complete"], found["documents"], found["rows"]) == (True, 43, 43)
    assert (found["differing"], found["without_row"], found["with_rest"]) == ([], [], 1)
    assert [(one["path"], one["values"]) for one in found["misfits"]] == [('["a"]', 13)]
    assert len(found["misfits"][0]["examples"]) == 10
    assert max(len(one["value"]) for one in found["misfits"][0]["examples"]) <= 200
    assert found["table_bytes"] > 0
    assert found["index_bytes"] > 0
    assert library.relations() == before


def test_a_dry_run_without_time_says_how_far_it_got(library: TypedLibrary) -> None:
    library.add(documents({"a": 1}))
    schema_id = library.proposed(field("bigint"))

    times = chain([300.0], repeat(0.0))
    prove(library.worker, library.owner, lambda: next(times))

    proved = library.schema(schema_id)
    assert proved.dry_run is not None
    assert (proved.dry_run["complete"], proved.dry_run["documents"]) == (False, 0)


def test_a_promise_that_documents_break_is_not_made(library: TypedLibrary) -> None:
    library.add(documents({"a": 1}, {"b": 1}))

    schema_id = library.proposed(Column(("a",), "a", "bigint", required=True))
    library.prove()

    proved = library.schema(schema_id)
    assert proved.status == "failed"
    assert proved.error is not None
    assert proved.error.startswith("promise_broken")


def test_a_table_that_cannot_be_made_fails_its_proposal_with_the_reason(
    library: TypedLibrary,
) -> None:
    schema_id = library.proposed(field("bigint"))
    library.rows("UPDATE schema_def SET design = jsonb_set(design, '{columns,0,name}', '\"ctid\"')")

    library.prove()

    proved = library.schema(schema_id)
    assert proved.status == "failed"
    assert proved.error is not None
    assert proved.error.startswith("table_failed: column name")


def test_every_column_there_may_be_fits_a_row(library: TypedLibrary) -> None:
    columns = [
        Column((f"{number}",), f"c{number}", "text", indexed=number < 20)
        for number in range(MOST_COLUMNS)
    ]
    made = library.built(*columns)

    library.add(documents({f"{number}": "x" * 1500 for number in range(MOST_COLUMNS)}))

    assert library.typed(made)[0]["extra"] == {}
    assert library.texts_again(made) == library.texts()
