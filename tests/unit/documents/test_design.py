"""The table that is proposed for documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mammothbox.documents.decide import decide
from mammothbox.documents.design import (
    Column,
    ColumnType,
    InvalidOverride,
    TableDesign,
    design,
    from_json,
    storage_of,
    to_json,
)
from mammothbox.documents.profile import profile_of
from mammothbox.documents.values import Digits, JsonValue

UUIDS = [f"01920000-0000-7000-8000-{number:012x}" for number in range(300)]


def designed(
    *values: Any, overrides: dict[str, Any] | None = None, contract: str = "evolve"
) -> TableDesign:
    profile = profile_of(values)
    return design(profile, decide(profile), overrides, contract=contract)


def columns(*values: Any, overrides: dict[str, Any] | None = None) -> dict[str, Column]:
    return {column.name: column for column in designed(*values, overrides=overrides).columns}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, -(2**63), 2**63 - 1, None], "bigint"),
        ([1, 2**63], "numeric"),
        ([Digits("1e3"), 7], "bigint"),
        ([Digits("0.5"), 3], "double precision"),
        ([Digits("0.5"), 10**15], "numeric"),
        ([Digits("1.0")], "numeric"),
        ([Digits("0.1"), Digits("3.1415926535897932")], "numeric"),
        ([True, False, None], "boolean"),
        (["x", ""], "text"),
        (["2024-01-01T00:00:00Z", "2024-01-01T00:00:00+01:00"], "timestamptz"),
        (["2024-01-01T00:00:00"], "text"),
        (["2024-01-01", None], "date"),
        (["2024-01-01", "2024-01-01T00:00:00Z"], "text"),
        (["2024-01-01", "soon"], "text"),
        (UUIDS[:3], "uuid"),
        ([None], "jsonb"),
        ([1, "x"], "jsonb"),
        ([True, 1], "jsonb"),
        ([[1, 2]], "jsonb"),
        ([{}], "jsonb"),
        ([{"b": 1}, 1], "jsonb"),
    ],
)
def test_a_column_has_the_narrowest_type_that_holds_each_value(
    values: list[JsonValue], kind: ColumnType
) -> None:
    assert [column.type for column in designed(*({"a": value} for value in values)).columns] == [
        kind
    ]


def test_objects_give_their_keys_a_column_each() -> None:
    found = columns({"to": {"zipCode": "1", "geo": {"lat": 1}}}, {"to": {"zipCode": "2"}}, {})

    assert {name: (column.path, column.type) for name, column in found.items()} == {
        "to__zip_code": (("to", "zipCode"), "text"),
        "to__geo": (("to", "geo"), "jsonb"),
    }


def test_an_object_whose_keys_are_never_the_same_stays_one_column() -> None:
    sparse = [{"scores": {f"player{number}": number}} for number in range(5)]
    wide = [{"scores": {f"player{number}": 1 for number in range(21)}}]

    assert [column.type for column in designed(*sparse).columns] == ["jsonb"]
    assert [column.type for column in designed(*wide).columns] == ["jsonb"]


def test_keys_come_first_and_then_what_most_documents_have() -> None:
    made = designed({"b": 1, "id": 1, "a": 1}, {"b": 1, "id": 2})

    assert [column.name for column in made.columns] == ["id", "b", "a"]


def test_indexes_are_for_what_documents_are_looked_up_by() -> None:
    made = designed(
        *(
            {
                "id": number,
                "customer_id": number % 7,
                "at": f"2024-01-01T00:00:{number % 60:02}Z",
                "status": "new" if number % 2 else "paid",
                "price": Digits("1.25"),
                "paid": True,
                "email": f"{number}@example.com",
                "essay": f"{number} " + "x" * 100,
                "tags": [],
                "country": f"country {number % 60}",
            }
            for number in range(300)
        )
    )

    assert [column.name for column in made.columns if column.indexed] == [
        "id",
        "at",
        "country",
        "customer_id",
        "email",
    ]


@pytest.mark.parametrize("name", ["placeid", "placeId", "PLACE_ID", "place_uuid", "refno_no"])
def test_a_key_is_known_by_its_name_though_its_numbers_have_gaps(name: str) -> None:
    made = designed(*({name: number * 37, "people": number * 91} for number in range(200)))

    assert {column.path[0] for column in made.columns if column.indexed} == {name}


def test_at_most_five_indexes_are_suggested() -> None:
    made = designed(*({f"thing{n}_id": number for n in range(9)} for number in range(9)))

    assert sum(column.indexed for column in made.columns) == 5


@pytest.mark.parametrize("contract", ["evolve", "discard_value"])
def test_nothing_is_required_where_nothing_is_promised(contract: str) -> None:
    assert not designed({"a": 1}, contract=contract).columns[0].required


@pytest.mark.parametrize("contract", ["freeze", "discard_row"])
def test_a_promise_is_made_of_what_every_document_has(contract: str) -> None:
    made = designed({"a": 1, "b": 1, "c": 1}, {"a": 1, "b": None}, contract=contract)

    assert {column.name: column.required for column in made.columns} == {
        "a": True,
        "b": False,
        "c": False,
    }


def test_arrays_of_objects_are_proposed_as_tables_of_their_own() -> None:
    lines: JsonValue = [{"sku": "a", "element": 1}, {"sku": "b", "extra": None}]

    made = designed({"lines": lines, "shipping": {"stops": [{"city": "x"}]}})

    lines_table, stops = made.child_tables
    assert (lines_table.path, stops.path) == (("lines",), ("shipping", "stops"))
    names = [(column.path, column.name, column.type) for column in lines_table.columns]
    assert names[:2] == [((), "document_id", "uuid"), ((), "element", "bigint")]
    assert {kind for _, _, kind in names[2:]} == {"bigint", "jsonb", "text"}
    assert len({name for _, name, _ in names}) == 5


def test_the_columns_of_hostile_documents_are_the_most_that_fit_a_row() -> None:
    assert len(designed({f"k{number}": 1 for number in range(2000)}).columns) == 250


def test_no_documents_have_no_columns() -> None:
    assert designed().columns == ()
    assert designed(1, "x").columns == ()


def test_a_person_has_the_last_word() -> None:
    found = columns(
        {"a": 1, "b": "x", "c": {"d": 1}},
        overrides={
            "columns": {
                "/a": {"name": "amount", "type": "numeric", "indexed": True},
                "/b": {"required": True},
                "/c/d": {"name": "d"},
            }
        },
    )

    assert found["amount"] == Column(("a",), "amount", "numeric", indexed=True)
    assert found["b"].required
    assert found["d"].path == ("c", "d")


def test_names_can_be_swapped() -> None:
    found = columns(
        {"a": 1, "b": "x"}, overrides={"columns": {"/a": {"name": "b"}, "/b": {"name": "a"}}}
    )

    assert found["a"].path == ("b",)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"storages": "sql"}, "'storages' cannot be set"),
        ({"storage": "mongo"}, "storage is one of sql, jsonb"),
        ({"columns": []}, "columns is an object"),
        ({"columns": [1]}, "columns is an object"),
        ({"columns": {"/a": 1}}, "is an object"),
        ({"columns": {"/a": {"size": 1}}}, "'size' cannot be set"),
        ({"columns": {"/a": {"type": "varchar"}}}, "is one of bigint"),
        ({"columns": {"/a": {"type": ["text"]}}}, "is one of bigint"),
        ({"columns": {"/a": {"indexed": 1}}}, "true or false"),
        ({"columns": {"/a": {"name": ""}}}, "some characters"),
        ({"columns": {"/a": {"name": 5}}}, "some characters"),
        ({"columns": {"/a": {"name": "a\nb"}}}, "some characters"),
        ({"columns": {"/a": {"name": "a\0b"}}}, "some characters"),
        ({"columns": {"/a": {"name": "é" * 32}}}, "longer than 63 bytes"),
        ({"columns": {"/a": {"name": "extra"}}}, "every table has"),
        ({"columns": {"/a": {"name": "ctid"}}}, "every table has"),
        ({"columns": {"/a": {"name": "b"}}}, "cannot both be called 'b'"),
        ({"columns": {"/a": {"name": "x"}, "/b": {"name": "x"}}}, "2 columns cannot all"),
        ({"columns": {"/z": {"name": "x"}}}, "No column is proposed for '/z'"),
        ({"columns": {"a": {"name": "x"}}}, "JSON pointers, such as '/a': 'a' is none"),
        ({"columns": {"/b": {"required": True}}}, "not in every document"),
    ],
)
def test_an_override_that_cannot_be_is_refused_with_its_reason(
    overrides: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidOverride, match=message):
        designed({"a": 1, "b": "x"}, {"a": 1}, overrides=overrides)


def test_where_documents_live_can_be_set() -> None:
    decision = decide(profile_of([{"a": 1}]))

    assert storage_of(decision, None) == "sql"
    assert storage_of(decision, {"storage": "jsonb"}) == "jsonb"


def test_a_design_comes_back_from_json_as_it_was() -> None:
    made = designed({"a": 1, "b": [{"c": 1}], "d": {"e": None}})

    assert from_json(json.loads(json.dumps(to_json(made)))) == made


def test_overrides_of_long_ago_hold_as_far_as_they_can() -> None:
    profile = profile_of([{"a": 1, "total": "x", "b": 1}, {"a": 1}])
    old = {
        "columns": {
            "/a": {"name": "total"},
            "/b": {"required": True, "type": "numeric"},
            "/c/d": {"name": "d"},
        }
    }

    made = design(profile, decide(profile), old, lenient=True)

    found = {column.path: column for column in made.columns}
    assert found[("a",)].name == "total"
    assert found[("total",)].name.startswith("total_")
    assert (found[("b",)].type, found[("b",)].required) == ("numeric", False)
    with pytest.raises(InvalidOverride):
        design(profile, decide(profile), {"columns": {"/a": {"type": "x"}}}, lenient=True)
