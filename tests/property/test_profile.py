"""A profile is the same in whatever order and portions documents come, and never fails."""

from __future__ import annotations

import json
from functools import reduce
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from mammothbox.documents.decide import decide, rationale_json
from mammothbox.documents.profile import (
    Observer,
    Profile,
    from_json,
    merge,
    profile_of,
    shown,
    to_json,
)
from mammothbox.documents.structure import key_paths, similarity, structure_hash
from mammothbox.documents.values import JsonValue

from tests.json_values import DOCUMENTS

Documents = list[JsonValue]


@given(st.lists(DOCUMENTS, max_size=4))
def test_profiles_of_parts_add_up_to_that_of_all(parts: list[Documents]) -> None:
    together = profile_of([value for part in parts for value in part])

    assert reduce(merge, map(profile_of, parts), Profile()) == together


@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_it_does_not_matter_who_is_merged_first(
    one: Documents, two: Documents, three: Documents
) -> None:
    a, b, c = map(profile_of, (one, two, three))

    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, b) == merge(b, a)


@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_the_order_of_documents_makes_no_difference_to_a_byte(
    values: Documents, chance: Random
) -> None:
    shuffled = list(values)
    chance.shuffle(shuffled)

    one, other = profile_of(values), profile_of(shuffled)

    assert json.dumps(to_json(one)) == json.dumps(to_json(other))
    assert rationale_json(decide(one)) == rationale_json(decide(other))


@given(DOCUMENTS)
def test_looking_bit_by_bit_is_as_good_as_looking_once(values: Documents) -> None:
    observer = Observer()
    for value in values:
        observer.see([value])

    assert observer.profile() == profile_of(values)


@given(DOCUMENTS)
def test_a_profile_comes_back_from_json_as_it_was(values: Documents) -> None:
    profile = profile_of(values)

    assert from_json(json.loads(json.dumps(to_json(profile)))) == profile
    assert json.dumps(shown(profile))


@given(DOCUMENTS)
def test_every_value_at_the_top_is_counted_once(values: Documents) -> None:
    profile = profile_of(values)

    objects = [value for value in values if isinstance(value, dict)]
    assert (profile.documents, profile.not_objects) == (len(values), len(values) - len(objects))
    for path, known in profile.top().items():
        assert known.present == sum(path[0] in value for value in objects)
        assert known.nulls == sum(value.get(path[0], 0) is None for value in objects)


@given(DOCUMENTS, DOCUMENTS)
def test_likeness_is_mutual_and_between_none_and_all(one: Documents, other: Documents) -> None:
    a, b = key_paths(one), key_paths(other)

    assert 0 <= similarity(a, b) <= 1 + 1e-9
    assert similarity(a, b) == similarity(b, a)
    assert similarity(a, a) == 1
    assert (structure_hash(a) == structure_hash(b)) is (a == b)
