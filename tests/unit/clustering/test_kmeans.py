"""Splitting into parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.clustering.assignment import unit
from mammothbox.clustering.kmeans import split, tightness

from tests.unit.clustering.vectors import partition, scattered


def test_parts_that_lie_apart_are_found() -> None:
    vectors = scattered(4, 15)

    parts = split(vectors, 4)

    assert partition(parts) == partition(np.repeat(np.arange(4), 15))
    assert tightness(vectors, parts) > tightness(vectors, np.zeros(60, np.intp))


@given(
    count=st.integers(1, 30),
    distinct=st.integers(1, 5),
    parts=st.integers(1, 30),
    seed=st.integers(0, 99),
)
def test_every_part_has_a_member_and_the_largest_comes_first(
    count: int, distinct: int, parts: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    vectors = unit(random.normal(size=(distinct, 6)))[random.integers(0, distinct, count)]
    parts = min(parts, count)

    found = np.bincount(split(vectors, parts), minlength=parts)

    assert len(found) == parts
    assert found.min() >= 1
    assert found.tolist() == sorted(found, reverse=True)


def test_the_same_vectors_are_split_alike_every_time() -> None:
    vectors = scattered(3, 20, noise=0.3)

    assert np.array_equal(split(vectors, 5), split(vectors.copy(), 5))


@pytest.mark.parametrize("parts", [0, 4])
def test_more_parts_than_members_or_none_are_refused(parts: int) -> None:
    with pytest.raises(ValueError, match="3 vectors cannot be split"):
        split(scattered(1, 3), parts)
