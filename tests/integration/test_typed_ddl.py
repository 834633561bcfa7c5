"""The statements for typed tables: what they call things, what they change, what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.catalog import typed_tables
from mammothbox.catalog.document_tables import TABLES
from mammothbox.catalog.table_ddl import (
    Unbuildable,
    alter_statements,
    create_statements,
    ddl_sha256,
    ddl_text,
    index_name,
    parts_of,
)
from mammothbox.documents.build import build
from mammothbox.documents.design import Column, TableDesign

from infra.local.postgres import DatabaseUrls
from tests.typed_library import TypedLibrary, documents

A = Column(("a",), "a", "bigint")
B = Column(("b",), "b", "text")


@pytest.fixture
def library(database_urls: DatabaseUrls) -> Iterator[TypedLibrary]:
    library = TypedLibrary.open(database_urls)
    yield library
    library.close()


def indexes(library: TypedLibrary, table: str | None) -> set[str]:
    """The definitions of the table's indexes, without their names."""
    rows = library.rows(
        "SELECT indexdef FROM pg_indexes WHERE tablename = %(table)s AND schemaname = %(schema)s",
        {"table": table, "schema": TABLES},
    )
    return {row["indexdef"].partition(" USING ")[2] for row in rows}


@given(st.text(min_size=1, max_size=63), st.text(min_size=1, max_size=63), st.text())
def test_an_index_has_a_name_of_its_own_of_63_bytes_at_most(
    table: str, name: str, key: str
) -> None:
    one = index_name(table, Column((key,), name, "text"))

    assert len(one.encode()) <= 63
    assert one != index_name(table, Column((key, "b"), name, "text"))
    assert one != index_name(table + "_", Column((key,), name, "text"))


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ([Column((f"{n}",), f"c{n}", "text") for n in range(251)], "at most 250 columns"),
        ([A, Column(("b",), "a", "text")], "called 'a'"),
        ([Column(("b",), "extra", "text")], "called 'extra'"),
        ([Column(("b",), "document_id", "text")], "called 'document_id'"),
        ([A, Column(("a",), "b", "text")], "the same value"),
        ([A, Column(("a", "b"), "b", "text")], "a part of the other's"),
        ([Column((), "b", "jsonb")], "a part of the other's"),
    ],
)
def test_a_table_that_could_not_say_its_documents_is_not_built(
    columns: list[Column], why: str
) -> None:
    with pytest.raises(Unbuildable, match=why):
        create_statements(TableDesign(tuple(columns)), "t", "")


def test_the_same_design_makes_the_same_text() -> None:
    def text(comment: str) -> str:
        return ddl_text(create_statements(TableDesign((A, B)), "t", comment))

    assert text("x") == text("x")
    assert ddl_sha256(text("x")) != ddl_sha256(text("y"))


def test_what_does_not_change_is_not_touched() -> None:
    statements = alter_statements("t", TableDesign((A, B)), TableDesign((A, B)), "x")

    assert [statement.partition(" ON ")[0] for statement in statements.table] == ["COMMENT"]
    assert statements.indexes == []


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.booleans())
def test_the_statements_of_indexes_are_told_from_all_others(text: str, indexed: bool) -> None:
    column = Column(
        (f"{text}-- When all rows are there, at the latest:\n",), "a", "text", indexed=indexed
    )
    statements = create_statements(TableDesign((column,)), "t", text)

    table, indexes = parts_of(ddl_text(statements))

    assert table == ddl_text(replace(statements, indexes=[]))
    assert indexes == "".join(f"{statement};\n" for statement in statements.indexes)


@pytest.mark.parametrize("most", [-1, 1000])
def test_a_table_is_indexed_before_it_is_filled_or_after(
    library: TypedLibrary, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(typed_tables, "_QUICKLY_INDEXED", most)
    library.add(documents({"a": 1}))
    schema_id = library.proposed(Column(("a",), "a", "bigint", indexed=True))
    library.prove()
    library.approve(schema_id)

    build(library.worker, library.owner, lambda: 0.0)
    made = library.schema(schema_id)
    assert ("btree (a)" in indexes(library, made.table_name)) == (most < 0)
    library.build()

    assert "btree (a)" in indexes(library, made.table_name)


def test_text_is_ordered_and_indexed_by_code_point(library: TypedLibrary) -> None:
    made = library.built(Column(("b",), "b", "text", indexed=True))
    library.add(documents({"b": "a"}, {"b": "B"}, {"b": "ä"}))

    rows = library.rows(f"SELECT b FROM {made.table_name} ORDER BY b")

    assert [row["b"] for row in rows] == ["B", "a", "ä"]


def test_json_of_any_size_can_be_indexed(library: TypedLibrary) -> None:
    made = library.built(Column(("a",), "a", "jsonb", indexed=True))

    library.add(documents({"a": ["x" * 100_000, {"b": 1}]}))

    assert library.typed(made)[0]["extra"] == {}
    assert "gin (a jsonb_path_ops)" in indexes(library, made.table_name)


def test_the_next_version_may_change_indexes_and_take_promises_back(library: TypedLibrary) -> None:
    library.add(documents({"a": 1, "b": "x"}))
    library.built(Column(("a",), "a", "bigint", required=True, indexed=True), B)

    made = library.built(A, Column(("b",), "b", "text", indexed=True))

    assert {"btree (b)"} <= indexes(library, made.table_name)
    assert "btree (a)" not in indexes(library, made.table_name)
    library.add(documents({"b": "y"}))
    assert [row["a"] for row in library.typed(made)] == [1, None]


def test_a_column_that_a_person_renames_or_leaves_out_goes(library: TypedLibrary) -> None:
    library.add(documents({"a": 1, "b": "x"}))
    library.built(A, B)

    made = library.built(Column(("a",), "number", "bigint"))

    (row,) = library.typed(made)
    assert (row["number"], row["extra"]) == (1, {"rest": {"b": "x"}})
    assert {*row} == {"document_id", "number", "extra"}


def test_the_table_tells_where_it_comes_from(library: TypedLibrary) -> None:
    made = library.built(Column(("a/b", "c"), "a_b__c", "bigint"))

    (row,) = library.rows(
        f"SELECT obj_description('{made.table_name}'::regclass) AS of_table,"
        f" col_description('{made.table_name}'::regclass, 2) AS of_column"
    )
    assert "collection 'orders' of ada" in row["of_table"]
    assert str(made.id) in row["of_table"]
    assert row["of_column"] == "/a~1b/c"
