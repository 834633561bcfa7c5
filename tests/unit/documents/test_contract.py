"""Documents that do not fit the schema in force, under each contract."""

from __future__ import annotations

import pytest
from mammothbox.documents.column_types import ColumnType
from mammothbox.documents.contract import held_to
from mammothbox.documents.design import Column, TableDesign
from mammothbox.documents.parsing import parse
from mammothbox.documents.reading import Document, Refusal
from mammothbox.documents.writing import text_of

DESIGN = TableDesign(
    (
        Column(("id",), "id", "bigint"),
        Column(("price",), "price", "numeric"),
        Column(("share",), "share", "double precision"),
        Column(("paid",), "paid", "boolean"),
        Column(("name",), "name", "text"),
        Column(("at",), "at", "timestamptz"),
        Column(("day",), "day", "date"),
        Column(("key",), "key", "uuid"),
        Column(("rest",), "rest", "jsonb"),
        Column(("home", "city"), "home__city", "text"),
    )
)


def document(text: str) -> Document:
    return Document(0, text.encode(), parse(text))


def held(contract: str, text: str) -> Document | Refusal:
    (outcome,) = held_to(contract, DESIGN, [document(text)])
    return outcome


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"id": 9223372036854775807, "paid": true}',
        '{"id": 1e2, "price": 1.50, "share": 0.25}',
        '{"price": 1e400, "name": null, "home": null}',
        '{"at": "2026-01-31T10:00:00+02:00", "day": "2024-02-29"}',
        '{"key": "123E4567-e89b-12d3-a456-426614174000", "rest": [1, {"a": null}]}',
        '{"home": {"city": "Rome"}}',
        '{"home": {}}',
    ],
)
@pytest.mark.parametrize("contract", ["freeze", "discard_row", "discard_value"])
def test_what_fits_stays_as_it_is(contract: str, text: str) -> None:
    assert held(contract, text) == document(text)


@pytest.mark.parametrize(
    ("text", "blamed", "left"),
    [
        ('{"id": 9223372036854775808, "paid": true}', "/id", '{"paid": true}'),
        ('{"id": 1.5}', "/id", "{}"),
        ('{"id": true}', "/id", "{}"),
        ('{"share": 0.10, "price": 0.10}', "/share", '{"price": 0.10}'),
        ('{"paid": 1}', "/paid", "{}"),
        ('{"name": ["x"]}', "/name", "{}"),
        ('{"at": "2026-02-30T10:00:00Z"}', "/at", "{}"),
        ('{"day": "tomorrow", "id": 1e2}', "/day", '{"id": 1e2}'),
        ('{"new": 1, "name": "x"}', "/new", '{"name": "x"}'),
        ('{"home": {"city": "Rome", "street": 1}}', "/home/street", '{"home": {"city": "Rome"}}'),
        ('{"home": "Rome", "name": "é"}', "/home", '{"name": "\\u00e9"}'),
    ],
)
def test_what_does_not_fit_is_refused_or_discarded(text: str, blamed: str, left: str) -> None:
    frozen, row, value = (held(one, text) for one in ("freeze", "discard_row", "discard_value"))

    assert isinstance(frozen, Refusal)
    assert frozen.code == "schema_frozen"
    assert f" {blamed} " in frozen.detail
    assert isinstance(row, Refusal)
    assert row.code == "row_discarded"
    assert isinstance(value, Document)
    assert value.text.decode() == left


def test_a_document_that_is_no_object_cannot_be_mended() -> None:
    outcome = held("discard_value", "[1, 2]")

    assert isinstance(outcome, Refusal)
    assert outcome.code == "row_discarded"


@pytest.mark.parametrize("text", ['{"id": null}', "{}", '{"name": "x"}'])
def test_a_field_that_was_promised_cannot_be_left_out(text: str) -> None:
    design = TableDesign((Column(("id",), "id", "bigint", required=True), DESIGN.columns[4]))

    (outcome,) = held_to("discard_value", design, [document(text)])

    assert isinstance(outcome, Refusal)
    assert " /id " in outcome.detail


def test_refusals_pass_through() -> None:
    refusal = Refusal(3, "invalid_json", "…", 9)

    assert list(held_to("freeze", DESIGN, [refusal])) == [refusal]


@pytest.mark.parametrize("text", ['{"a": [1.0, 10, -0.50, 1e400, null, true, "\\"\\u00e9"]}', "[]"])
def test_a_value_is_written_with_all_its_digits(text: str) -> None:
    assert text_of(parse(text)) == text


def test_every_type_of_column_is_known() -> None:
    from typing import get_args

    assert {column.type for column in DESIGN.columns} == set(get_args(ColumnType))
