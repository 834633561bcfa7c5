"""What becomes of data that packages ship, beside what a person would do with it.

Where the answers differ the data set says so: `make evaluation` tells the reasons.
"""

from __future__ import annotations

import random

import pytest
from mammothbox.documents.decide import decide
from mammothbox.documents.design import design
from mammothbox.documents.profile import merge, profile_of
from mammothbox.documents.structure import key_paths, similarity

from tests.evaluation.data_sets import DATA_SETS, DataSet

INSTALLED = [one for one in DATA_SETS if one.path is not None]
SAME = 0.5

real_data = pytest.mark.parametrize("data", INSTALLED, ids=lambda one: one.name)


def test_there_is_enough_data_to_tell() -> None:
    assert len(INSTALLED) >= 10
    assert {one.storage for one in INSTALLED} == {"sql", "jsonb"}


@real_data
def test_the_decision_is_a_persons_or_is_known_to_differ(data: DataSet) -> None:
    decision = decide(profile_of(data.documents()))

    assert (decision.storage == data.storage) is ("storage" not in data.differs)
    assert decision.storage == "sql" or any(not rule.passed for rule in decision.rationale)


@real_data
def test_a_sample_comes_to_the_same_decision(data: DataSet) -> None:
    values = data.documents()
    sample = random.Random(1).sample(values, min(len(values), 128))

    assert decide(profile_of(sample)).storage == decide(profile_of(values)).storage


@real_data
def test_types_and_indexes_are_a_persons_or_are_known_to_differ(data: DataSet) -> None:
    profile = profile_of(data.documents())

    made = design(profile, decide(profile))

    types = {column.path[0]: column.type for column in made.columns if len(column.path) == 1}
    same_types = {key: types.get(key) for key in data.types} == data.types
    assert same_types is ("types" not in data.differs)
    indexed = {column.path[0] for column in made.columns if column.indexed}
    assert (set(data.keys) <= indexed) is ("keys" not in data.differs)


@real_data
def test_parts_of_a_file_add_up(data: DataSet) -> None:
    values = data.documents()
    middle = len(values) // 2

    assert merge(profile_of(values[middle:]), profile_of(values[:middle])) == profile_of(values)


@pytest.mark.parametrize(
    "data", [one for one in INSTALLED if one.name != "shapes of S3"], ids=lambda one: one.name
)
def test_each_document_is_of_its_files_kind(data: DataSet) -> None:
    values = data.documents()
    whole = key_paths(values[:128])

    assert all(similarity(whole, key_paths([value])) >= SAME for value in values)


def test_files_of_different_kinds_are_told_apart() -> None:
    paths = {one.name: key_paths(one.documents()[:128]) for one in INSTALLED}

    alike = {
        frozenset({one, other})
        for one in paths
        for other in paths
        if one != other and similarity(paths[one], paths[other]) >= SAME
    }

    known = {
        frozenset({"operations of EC2", "operations of S3"}),
        frozenset({"container images", "machine images"}),
        # Codes and names, as all lists of the kind have.
        frozenset({"countries", "currencies"}),
        frozenset({"countries there were", "currencies"}),
        frozenset({"parts of countries", "states"}),
        frozenset({"counties", "states"}),
    }
    assert alike == {pair for pair in known if pair <= paths.keys()}
