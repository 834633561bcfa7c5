"""What is known of fields after documents went by."""

from __future__ import annotations

from decimal import Decimal

import pytest
from mammothbox.documents.fields import MOST_FIELDS
from mammothbox.documents.profile import Field, Profile, merge, profile_of, shown
from mammothbox.documents.values import Digits, JsonValue

A = ("a",)


def seen(*values: JsonValue) -> Field:
    """The profile of a field with these values."""
    return profile_of([{"a": value} for value in values]).fields[A]


def test_values_are_counted_by_their_kind() -> None:
    known = seen(None, True, 1, Digits("1.5"), "x", [], {}, Digits("1e2"))

    assert known.counts == {
        "null": 1,
        "boolean": 1,
        "integer": 2,
        "number": 1,
        "string": 1,
        "array": 1,
        "object": 1,
    }


def test_presence_is_the_share_of_documents_with_the_key() -> None:
    profile = profile_of([{"a": None}, {"a": 1}, {}, {"b": {"c": 1}}])

    assert profile.presence(A) == 0.5
    assert profile.presence(("b", "c")) == 0.25
    assert profile.presence(("z",)) == 0


def test_what_is_no_object_is_counted_apart() -> None:
    profile = profile_of([1, "x", None, [{"a": 1}], {"a": 1}])

    assert (profile.documents, profile.not_objects) == (5, 4)
    assert profile.fields[A].present == 1


def test_the_smallest_and_the_largest_number_keep_every_digit() -> None:
    known = seen(10**40, Digits("-0.00000000000000000000000001"), Digits("2.50"))

    assert known.numeric is not None
    assert known.numeric.largest == 10**40
    assert known.numeric.smallest == Decimal("-0.00000000000000000000000001")
    assert known.numeric.scale == 26


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        ([2**63 - 1, -(2**63)], True),
        ([2**63], False),
        ([-(2**63) - 1], False),
    ],
)
def test_it_is_known_whether_whole_numbers_fit_a_bigint(
    values: list[JsonValue], fits: bool
) -> None:
    numeric = seen(*values).numeric

    assert numeric is not None
    assert numeric.int64 is fits


def test_a_number_of_very_many_digits_is_bounded_and_not_kept() -> None:
    numeric = seen(10**9000 + 1, -(10**9000) - 1).numeric

    assert numeric is not None
    assert numeric.largest >= 10**9000 + 1
    assert numeric.smallest <= -(10**9000) - 1
    assert len(numeric.largest.as_tuple().digits) == 400


@pytest.mark.parametrize(
    ("texts", "exact"),
    [
        (["0.1", "0.25"], True),
        (["0.30000000000000004", "3.141592653589793"], True),
        (["1.0"], False),
        (["12.50"], False),
        (["3.1415926535897932"], False),
        (["0.00001"], False),
        (["1e400"], False),
    ],
)
def test_it_is_known_whether_doubles_write_the_same(texts: list[str], exact: bool) -> None:
    numeric = seen(*map(Digits, texts)).numeric

    assert numeric is not None
    assert numeric.double_exact is exact


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("2024-02-29T10:00:00Z", {"datetime"}),
        ("2024-02-29 10:00:00.123456+0200", {"datetime"}),
        ("2024-02-30T10:00:00Z", set()),
        ("2024-02-29T10:00:00.1234567Z", set()),
        ("2024-02-29T10:00:00+16:00", set()),
        ("2024-02-29T10:00:00", {"naive_datetime"}),
        ("2024-02-29", {"date"}),
        ("2023-02-29", set()),
        ("20240229", set()),
        ("٢٠٢٤-02-29", set()),
        ("6F9619FF-8b86-d011-b42d-00cf4fc964ff", {"uuid"}),
        ("6f9619ff8b86d011b42d00cf4fc964ff", set()),
        ("ada@example.com", {"email"}),
        ("ada@example", set()),
        ("https://example.com/a?b", {"url"}),
        ("example.com", set()),
    ],
)
def test_texts_are_known_by_their_format(text: str, formats: set[str]) -> None:
    known = seen(text)

    assert known.text is not None
    assert known.text.formats == formats


def test_one_text_of_another_format_takes_the_format_away() -> None:
    known = seen("2024-01-01", "2024-01-02", "soon")

    assert known.text is not None
    assert known.text.formats == set()


def test_few_values_are_counted_one_by_one() -> None:
    known = seen("new", "paid", "new", True, 1, Digits("1.0"), None)

    assert known.values == {'"new"': 2, '"paid"': 1, "true": 1, "1": 1, "1.0": 1}
    assert known.distinct == 5


def test_very_many_values_are_estimated() -> None:
    known = seen(*range(20_000))

    assert known.values is None
    assert 17_000 < known.distinct <= 20_000


def test_examples_are_few_and_short() -> None:
    known = seen(*(f"{number} " + "x" * 500 for number in range(100)))

    assert len(known.examples) == 5
    assert all(len(text) <= 80 for _, text in known.examples)


def test_fields_are_followed_three_keys_deep() -> None:
    profile = profile_of([{"a": {"b": {"c": {"d": {"e": 1}}}}}])

    assert set(profile.fields) == {A, ("a", "b"), ("a", "b", "c")}
    assert profile.max_depth == 4


@pytest.mark.parametrize(
    ("value", "depth"), [(1, 1), ({}, 1), ({"b": 1}, 2), ({"b": {"c": {}}}, 3), ([{"b": {}}], 1)]
)
def test_depth_is_the_longest_path_of_keys(value: JsonValue, depth: int) -> None:
    assert profile_of([{"a": value}]).max_depth == depth


def test_arrays_are_told_apart_by_what_is_in_them() -> None:
    lists = seen([], [1, "x"], [{"b": 1}, {"c": 2}], [1, {"b": None}], [[1]]).lists

    assert lists is not None
    assert (lists.empty, lists.of_scalars, lists.of_objects, lists.mixed) == (1, 1, 1, 2)
    assert lists.elements is not None
    assert lists.elements.documents == 3
    assert set(lists.elements.fields) == {("b",), ("c",)}


def test_of_hostile_documents_only_so_many_fields_are_profiled() -> None:
    many: JsonValue = {f"k{number:05}": number for number in range(3 * MOST_FIELDS)}
    deep: JsonValue = {"d": {f"x{number:05}": None for number in range(2 * MOST_FIELDS)}}

    profile = profile_of([many, deep, many])

    assert len(profile.fields) == MOST_FIELDS
    assert ("d",) in profile.fields
    counted = sum(known.present for known in profile.fields.values())
    assert counted + profile.skipped == 6 * MOST_FIELDS + 1 + 2 * MOST_FIELDS
    assert profile == merge(profile_of([many]), profile_of([deep, many]))


def test_nothing_is_known_of_no_documents() -> None:
    assert profile_of([]) == Profile()
    assert merge(Profile(), Profile()) == Profile()


def test_people_see_shares_and_no_hashes() -> None:
    told = shown(profile_of([{"a": "x", "b": [{"c": 1}]}, {}]))

    first, second = told["fields"]
    assert first["presence"] == 0.5
    assert first["distinct"] == 1
    assert first["examples"] == ['"x"']
    assert second["lists"]["elements"]["fields"][0]["path"] == ["c"]
    assert "sketch" not in str(told)


def test_a_long_whole_number_is_read_as_digits_and_counts_as_whole() -> None:
    known = seen(Digits("9" * 131_072), Digits("1e131071"), 5)

    assert known.counts == {"integer": 3}
    assert known.numeric is not None
    assert not known.numeric.int64
    assert not known.numeric.double_exact
    assert known.numeric.scale == 0
