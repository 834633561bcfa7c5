"""What is told of documents that came after the table was designed."""

from __future__ import annotations

import json
from typing import Any

from mammothbox.documents.decide import decide
from mammothbox.documents.design import design
from mammothbox.documents.drift import Drift, report, to_json
from mammothbox.documents.profile import merge, profile_of


def drifted(first: list[Any], more: list[Any]) -> Drift:
    before = profile_of(first)
    return report(design(before, decide(before)), before, merge(before, profile_of(more)))


def test_documents_like_the_first_ones_have_not_drifted() -> None:
    told = drifted([{"a": 1}] * 10, [{"a": 2}] * 5)

    assert not told.drifted
    assert (told.documents_before, told.documents_since) == (10, 5)


def test_a_new_field_is_told_with_its_share_of_the_new_documents() -> None:
    told = drifted([{"a": 1}] * 10, [{"a": 1, "b": "x"}, {"a": 1}])

    assert told.new == 1
    first = told.fields[0]
    assert (first.path, first.what) == ("/b", "new")
    assert (first.presence_before, first.presence_since) == (0, 0.5)
    assert (first.stored_as, first.needs) == (None, "text")


def test_a_field_vanishes_when_new_documents_have_it_no_more() -> None:
    told = drifted([{"a": 1, "b": 1}] * 1000, [{"a": 1}])

    assert told.vanished == 1
    assert (told.fields[0].path, told.fields[0].presence_since) == ("/b", 0)


def test_values_that_do_not_fit_their_column_are_told() -> None:
    told = drifted([{"a": 1}], [{"a": "x"}])

    assert told.wider == 1
    assert (told.fields[0].stored_as, told.fields[0].needs) == ("bigint", "jsonb")


def test_a_field_that_is_there_much_less_often_is_told() -> None:
    told = drifted([{"a": 1, "b": 1}] * 10, [{"a": 1}] * 5 + [{"a": 1, "b": 1}] * 5)

    assert told.presence_moved == 1
    assert (told.fields[0].path, told.fields[0].presence_since) == ("/b", 0.5)


def test_a_few_documents_say_little_about_a_rare_field() -> None:
    rare: list[Any] = [*[{"a": 1}] * 90, *[{"a": 1, "b": 1}] * 10]

    assert not drifted(rare, [{"a": 1}] * 3).drifted
    assert not drifted(rare, [{"a": 1, "b": 1}, {"a": 1}]).drifted
    assert drifted(rare, [{"a": 1}] * 40).vanished == 1


def test_keys_of_objects_are_told_where_they_have_columns() -> None:
    told = drifted([{"a": {"b": 1}}], [{"a": {"b": 1, "c": 1}}])

    assert (told.fields[0].path, told.fields[0].what) == ("/a/c", "new")


def test_nothing_vanished_when_nothing_came() -> None:
    assert not drifted([{"a": 1}, {}], []).drifted


def test_after_documents_went_away_all_that_are_left_are_compared() -> None:
    before = profile_of([{"a": 1, "b": 1}] * 10)

    told = report(None, before, profile_of([{"a": 1}] * 3))

    assert told.documents_since == 3
    assert (told.fields[0].path, told.fields[0].what) == ("/b", "vanished")


def test_a_report_is_plain_json() -> None:
    told = json.loads(json.dumps(to_json(drifted([{"a": 1}], [{"b": 1}]))))

    assert told["new"] == 1
    assert {field["path"] for field in told["fields"]} == {"/a", "/b"}
