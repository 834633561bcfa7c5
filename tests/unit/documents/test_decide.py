"""A table is proposed for documents that are alike, and the reasons are numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from mammothbox.documents.decide import Decision, Rule, decide, rationale_json
from mammothbox.documents.knobs import Knobs
from mammothbox.documents.profile import profile_of
from mammothbox.documents.values import Digits, JsonValue


def decided(*values: Any, knobs: Knobs | None = None) -> Decision:
    return decide(profile_of(values), knobs or Knobs())


def rule(decision: Decision, name: str) -> Rule:
    return next(each for each in decision.rationale if each.rule == name)


def failed(decision: Decision) -> set[str]:
    return {each.rule for each in decision.rationale if not each.passed}


def test_flat_documents_that_are_alike_get_a_table() -> None:
    decision = decided(*({"id": number, "name": "x", "paid": True} for number in range(10)))

    assert decision.storage == "sql"
    assert decision.score == 1
    assert failed(decision) == set()


def test_every_rule_tells_its_number_and_its_limit() -> None:
    decision = decided({"a": 1, "b": {"c": 1}}, {"a": "x"})

    told = {each["rule"]: (each["value"], each["limit"]) for each in rationale_json(decision)}
    assert told == {
        "documents": (2, 1),
        "not_objects": (0, 0),
        "fields": (2, 1),
        "type_conflicts": (1, 0),
        "arrays_of_objects": (0, 0),
        "top_level_keys": (2, 20),
        "depth": (2, 2),
        "stability": (0.75, 0.6),
        "type_stability": (0.75, 0.9),
        "score": (0.85, 0.85),
    }


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], "documents"),
        ([{}], "fields"),
        ([{"a": 1}, 5], "not_objects"),
        ([{"a": 1}, {"a": {"b": 1}}], "type_conflicts"),
        ([{"a": 1}, {"a": []}], "type_conflicts"),
        ([{"a": {}}, {"a": []}], "type_conflicts"),
        ([{"a": 1}, {"a": "x"}], "type_conflicts"),
        ([{"a": [{"b": 1}]}], "arrays_of_objects"),
        ([{"a": [1, {"b": 1}]}], "arrays_of_objects"),
        ([{"a": {"b": [{"c": 1}]}}], "arrays_of_objects"),
    ],
)
def test_some_things_settle_it_alone(values: list[JsonValue], reason: str) -> None:
    decision = decided(*values)

    assert decision.storage == "jsonb"
    assert reason in failed(decision)
    assert rule(decision, reason).veto


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([{f"k{number}": 1 for number in range(21)}], "top_level_keys"),
        ([{"a": {"b": {"c": 1}}}], "depth"),
        ([{"a": 1}, {"b": 1}, {"c": 1}], "stability"),
    ],
)
def test_what_is_beyond_a_limit_stays_jsonb(values: list[JsonValue], reason: str) -> None:
    decision = decided(*values)

    assert decision.storage == "jsonb"
    assert reason in failed(decision)
    assert not rule(decision, reason).veto


def test_limits_themselves_are_within() -> None:
    twenty: JsonValue = {f"k{number}": 1 for number in range(20)}
    nested: JsonValue = {"a": {"b": 1}, "tags": ["x"], "none": None}

    assert decided(twenty).storage == "sql"
    assert decided(nested).storage == "sql"
    assert decided(*[{"a": 1, "b": 1}] * 6, *[{"a": 1}] * 24).storage == "sql"


def test_fields_that_hardly_a_document_has_do_not_count_against_the_others() -> None:
    odd = [{"a": 1, f"rare{number}": 1} for number in range(5)]

    assert failed(decided(*[{"a": 1}] * 995, *odd)) == set()
    assert "stability" in failed(decided(*[{"a": 1}] * 15, *odd))
    # Of nothing but rare fields these are all there is to tell.
    assert "stability" in failed(decided(*({f"key{number}": 1} for number in range(200))))


def test_whole_and_other_numbers_are_of_one_type_and_null_is_of_any() -> None:
    assert decided({"a": 1}, {"a": Digits("1.5")}, {"a": None}).storage == "sql"


def test_a_few_stray_scalars_are_no_conflict() -> None:
    few = [{"a": 1}] * 96 + [{"a": "x"}] * 4
    too_many = [{"a": 1}] * 94 + [{"a": "x"}] * 6

    assert decided(*few).storage == "sql"
    assert failed(decided(*too_many)) == {"type_conflicts"}


def test_the_fields_to_blame_are_named() -> None:
    decision = decided({"a/b": 1, "c": [{"d": 1}]}, {"a/b": {}, "c": []})

    assert rule(decision, "type_conflicts").fields == ("/a~1b",)
    assert rule(decision, "arrays_of_objects").fields == ("/c",)


def test_the_score_falls_the_further_a_number_is_beyond_its_limit() -> None:
    scores = [decided({f"k{n}": 1 for n in range(count)}).score for count in (20, 21, 40, 400)]

    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


def test_knobs_move_the_limits() -> None:
    values: list[JsonValue] = [{"a": {"b": {"c": 1}}}]

    assert decided(*values, knobs=replace(Knobs(), max_depth=3)).storage == "sql"
    assert decided({"a": 1}, knobs=replace(Knobs(), score=1.1)).storage == "jsonb"
    strays: list[Any] = [{"a": 1}] * 9 + [{"a": {}}]
    assert decided(*strays, knobs=replace(Knobs(), stray_containers=0.1)).storage == "sql"
