"""Documents of the same kind are recognised, and their collection gets a name."""

from __future__ import annotations

from typing import Any

import pytest
from mammothbox.documents.structure import (
    MOST_PATHS,
    generated_name,
    key_paths,
    similarity,
    structure_hash,
)
from mammothbox.documents.values import JsonValue

from tests.json_values import ODD_KEYS

SAME = 0.6
ORDER: JsonValue = {
    "id": 1,
    "customer_id": 7,
    "total": 5,
    "currency": "EUR",
    "created_at": "2024-01-01",
    "items": [{"sku": "a", "price": 1}],
}


def paths(*values: Any) -> frozenset[str]:
    return key_paths(values)


def test_paths_lead_into_objects_and_the_objects_of_arrays() -> None:
    found = paths({"a": {"b": 1}, "c": [{"d": 1}, 2, [{"e": 1}]], "f": []})

    assert found == {"/a", "/a/b", "/c", "/c/*/d", "/f"}


def test_paths_end_at_the_third_key() -> None:
    assert paths({"a": {"b": {"c": {"d": 1}}}}) == {"/a", "/a/b", "/a/b/c"}


def test_keys_with_signs_in_them_are_told_apart() -> None:
    assert paths({"a/b": 1, "a~b": 1, "*": [{"*": 1}]}) == {"/a~1b", "/a~0b", "/~2", "/~2/*/~2"}


def test_values_that_are_no_objects_have_no_paths() -> None:
    assert paths(1, None, "x", [1, 2]) == frozenset()


def test_of_hostile_documents_only_the_shortest_paths_count() -> None:
    many: JsonValue = {f"k{number}": {"below": 1} for number in range(5 * MOST_PATHS)}

    found = paths(many, {"a": {"x" * 5000: 1}})

    assert len(found) == MOST_PATHS
    assert "/a" in found
    assert max(map(len, paths({"x" * 5000: 1}))) < 300


def test_the_hash_is_of_the_paths_alone() -> None:
    assert structure_hash(paths({"a": 1, "b": 2})) == structure_hash(paths({"b": "x"}, {"a": None}))
    assert structure_hash(paths({"a": 1})) != structure_hash(paths({"b": 1}))
    assert structure_hash(frozenset({"/a", "/b"})) != structure_hash(frozenset({"/a/b"}))
    assert structure_hash(frozenset()) == "cae66941d9efbd404e4d88758ea67670"


@pytest.mark.parametrize("missing", [["total"], ["items"], ["currency", "items", "created_at"]])
def test_documents_without_optional_fields_are_of_the_same_kind(missing: list[str]) -> None:
    assert isinstance(ORDER, dict)
    rest: JsonValue = {key: value for key, value in ORDER.items() if key not in missing}

    assert similarity(paths(ORDER), paths(rest)) >= SAME


def test_documents_with_a_few_more_fields_are_of_the_same_kind() -> None:
    assert isinstance(ORDER, dict)
    more: JsonValue = {**ORDER, "coupon": "x", "note": "y"}

    assert similarity(paths(ORDER), paths(more)) >= SAME


@pytest.mark.parametrize(
    "other",
    [
        {"id": 1, "name": "Ada", "email": "a@b.c", "created_at": "2024"},
        {"id": 1, "created_at": "2024-01-01", "type": "click", "path": "/", "user": "u"},
        {"id": 1},
        {"lat": 1, "lon": 2},
        {},
    ],
)
def test_documents_that_share_only_what_all_have_are_of_another_kind(other: JsonValue) -> None:
    assert similarity(paths(ORDER), paths(other)) < SAME


def test_what_is_below_a_key_says_no_more_than_the_key() -> None:
    one: JsonValue = {"scores": {f"u{number}": 1 for number in range(50)}, "game": 1}
    other: JsonValue = {"scores": {f"v{number}": 1 for number in range(50)}, "game": 1}

    assert similarity(paths(one), paths(other)) >= SAME


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("orders.json", "orders"),
        ("Orders-2024-01-05.ndjson.gz", "orders"),
        ("user_signups.20240105T101112Z.jsonl", "user-signups"),
        ("C:userSignups (2).json", "c-user-signups"),
        ("folder/été.json", "été"),
        ("日本語.json", "日本語"),
        ("README", "readme"),
        ("x" * 99 + ".json", "x" * 60),
    ],
)
def test_a_file_that_says_what_it_holds_names_the_collection(filename: str, name: str) -> None:
    assert generated_name(paths(ORDER), filename) == name


@pytest.mark.parametrize(
    "filename",
    [None, "", "data.json", "export (3).json", "a.json", "3f2a9c44aa.json", ".json", "—.json"],
)
def test_otherwise_the_most_telling_keys_do(filename: str | None) -> None:
    assert generated_name(paths(ORDER), filename) == "currency-items-total"


def test_common_keys_name_a_collection_where_there_are_no_others() -> None:
    assert generated_name(paths({"id": 1, "name": 2}), None) == "id-name"


@pytest.mark.parametrize("key", ODD_KEYS)
def test_a_name_is_never_empty_nor_long(key: str) -> None:
    for name in (generated_name(paths({key: 1}), None), generated_name(frozenset(), key)):
        assert 0 < len(name) <= 60
        assert name.isprintable()
