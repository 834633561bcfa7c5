"""A table follows its documents, and what is there stays."""

from __future__ import annotations

from typing import Any

import pytest
from mammothbox.documents.column_types import COLUMN_TYPES, ColumnType, widened
from mammothbox.documents.decide import decide
from mammothbox.documents.design import Column, TableDesign, design
from mammothbox.documents.evolve import Change, changes, changes_json, next_design
from mammothbox.documents.profile import profile_of
from mammothbox.documents.values import Digits, JsonValue


def designed(*values: Any, contract: str = "evolve") -> TableDesign:
    profile = profile_of(values)
    return design(profile, decide(profile), contract=contract)


def evolved(
    active: TableDesign, *values: Any, overrides: dict[str, Any] | None = None
) -> TableDesign:
    profile = profile_of(values)
    return next_design(active, profile, decide(profile), overrides)


def told(active: TableDesign, wanted: TableDesign) -> list[tuple[str, str, str | None]]:
    return [(change.kind, change.column.name, change.before) for change in changes(active, wanted)]


def test_a_new_field_gets_a_column_at_the_end() -> None:
    active = designed({"b": 1})

    wanted = evolved(active, {"b": 1}, {"a": "x", "b": 1})

    assert [column.name for column in wanted.columns] == ["b", "a"]
    assert told(active, wanted) == [("added", "a", None)]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ([1], [1, Digits("1.5")], "numeric"),
        ([1], [2**70], "numeric"),
        ([Digits("0.5")], [Digits("0.5"), Digits("1.0")], "numeric"),
        (["2024-01-01"], ["2024-01-01", "soon"], "text"),
        (["2024-01-01T00:00:00Z"], ["x"], "text"),
        ([1], [1, "x"], "jsonb"),
        ([True], [1], "jsonb"),
        (["x"], ["x", {"b": 1}], "jsonb"),
    ],
)
def test_a_type_widens_to_what_holds_all_values(
    before: list[JsonValue], after: list[JsonValue], kind: ColumnType
) -> None:
    active = designed(*({"a": value} for value in before))

    wanted = evolved(active, *({"a": value} for value in after))

    assert [column.type for column in wanted.columns] == [kind]
    assert told(active, wanted) == [("widened", "a", active.columns[0].type)]


def test_a_type_never_narrows() -> None:
    active = designed({"a": "x", "b": None, "c": 2**70})

    assert evolved(active, {"a": "2024-01-01", "b": 1, "c": 1}) == active


def test_a_type_that_a_person_chose_stays() -> None:
    active = TableDesign((Column(("a",), "a", "text"),))

    assert evolved(active, {"a": 1}, overrides={"columns": {"/a": {"type": "text"}}}) == active
    assert evolved(active, {"a": 1}).columns[0].type == "jsonb"


def test_an_index_goes_with_a_type_that_has_none() -> None:
    active = TableDesign((Column(("a",), "a", "bigint", indexed=True),))

    assert evolved(active, {"a": 1}, {"a": Digits("1.0")}).columns[0].indexed
    assert not evolved(active, {"a": 1}, {"a": "x"}).columns[0].indexed


def test_a_field_that_vanished_keeps_its_column_and_is_told() -> None:
    active = designed({"a": 1, "b": 1})
    profile = profile_of([{"a": 1}])

    wanted = next_design(active, profile, decide(profile))

    assert wanted == active
    assert changes(active, wanted) == ()
    assert [(change.kind, change.column.name) for change in changes(active, wanted, profile)] == [
        ("vanished", "b")
    ]


def test_names_stay_though_new_keys_would_have_them() -> None:
    active = designed({"customerName": "x"})

    wanted = evolved(active, {"customerName": "x", "customer_name": "y"})

    first, second = wanted.columns
    assert first == active.columns[0]
    assert second.name.startswith("customer_name_")


def test_a_promise_that_cannot_be_kept_is_taken_back() -> None:
    active = designed({"a": 1}, contract="freeze")
    assert active.columns[0].required

    wanted = evolved(active, {"a": 1}, {})

    assert told(active, wanted) == [("released", "a", "bigint")]


def test_what_is_new_is_promised_to_nobody() -> None:
    active = designed({"a": 1}, contract="freeze")
    profile = profile_of([{"a": 1, "b": 1}])

    wanted = next_design(active, profile, decide(profile), contract="freeze")

    assert [column.required for column in wanted.columns] == [True, False]


def test_columns_of_an_object_stay_when_it_becomes_something_else() -> None:
    active = designed({"a": {"b": 1}})

    assert evolved(active, {"a": {"b": 1}}, {"a": "x"}) == active
    assert [column.path for column in evolved(active, {"a": {"b": 1, "c": 1}}).columns] == [
        ("a", "b"),
        ("a", "c"),
    ]


def test_a_column_for_a_whole_object_stays_one() -> None:
    active = designed({"a": {"b": 1}}, {"a": 1})

    assert evolved(active, *[{"a": {"b": 1}}] * 9) == active


def test_changes_are_told_as_json() -> None:
    change = Change("widened", Column(("a", "b/c"), "a__b_c", "numeric"), "bigint")

    assert changes_json((change,)) == [
        {
            "kind": "widened",
            "path": "/a/b~1c",
            "name": "a__b_c",
            "type": "numeric",
            "before": "bigint",
        }
    ]


@pytest.mark.parametrize("one", COLUMN_TYPES)
@pytest.mark.parametrize("two", COLUMN_TYPES)
def test_widening_is_the_same_from_either_side_and_settles(
    one: ColumnType, two: ColumnType
) -> None:
    wide = widened(one, two)

    assert wide == widened(two, one)
    assert widened(wide, one) == wide == widened(wide, two)
    for three in COLUMN_TYPES:
        assert widened(wide, three) == widened(one, widened(two, three))


def test_what_a_person_chose_for_a_field_that_is_new_holds_on() -> None:
    active = designed({"a": 1})
    chosen = {"columns": {"/b": {"name": "amount", "type": "numeric"}, "/a": {"type": "numeric"}}}

    wanted = evolved(active, {"a": 1, "b": 1, "amount": "x"}, overrides=chosen)

    columns = {column.path: (column.name, column.type) for column in wanted.columns}
    assert columns[("a",)] == ("a", "numeric")
    assert columns[("b",)] == ("amount", "numeric")
    assert columns[("amount",)][0].startswith("amount_")
    assert evolved(wanted, {"a": 1, "b": 1, "amount": "x"}, overrides=chosen) == wanted


def test_what_a_person_chose_for_a_field_that_is_gone_is_passed_over() -> None:
    active = designed({"a": 1})
    chosen = {"columns": {"/z": {"type": "text"}, "/a": {"name": "b"}}}
    taken = TableDesign((Column(("a",), "a", "bigint"), Column(("b",), "b", "bigint")))

    assert evolved(active, {"a": 1}, overrides={"columns": {"/z": {"type": "text"}}}) == active
    assert evolved(taken, {"a": 1, "b": 1}, overrides=chosen) == taken


def test_a_column_of_a_table_with_rows_is_not_made_required() -> None:
    active = designed({"a": 1})

    assert evolved(active, {"a": 1}, overrides={"columns": {"/a": {"required": True}}}) == active
