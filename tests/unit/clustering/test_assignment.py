"""Where a vector belongs, and means that do not depend on any order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.clustering.assignment import (
    SCALE,
    Vectors,
    centroid,
    fixed,
    joins,
    nearest,
    total,
    unit,
)

from tests.unit.clustering.vectors import scattered


def rows(seed: int, count: int) -> Vectors:
    return unit(np.random.default_rng(seed).normal(size=(count, 12)))


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 40))
def test_a_sum_is_the_same_in_any_order_and_after_taking_away(seed: int, count: int) -> None:
    vectors = rows(seed, count)
    shuffled = np.random.default_rng(seed).permutation(vectors)

    forward = total(vectors)
    back = sum((fixed(vector) for vector in shuffled), start=np.zeros(12, np.int64))

    assert np.array_equal(forward, back)
    assert not (forward - total(shuffled)).any()


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 40))
def test_a_centroid_points_to_the_mean_of_the_members(seed: int, count: int) -> None:
    vectors = rows(seed, count)

    found = centroid(total(vectors), count)

    assert np.allclose(found, unit(vectors.astype(np.float64).mean(axis=0)), atol=1e-4)
    assert found.dtype == np.float32


def test_fixed_point_rounds_half_to_even() -> None:
    halves = np.array([0.5, 1.5, -0.5, -2.5]) / SCALE

    assert fixed(halves).tolist() == [0, 2, 0, -2]


def test_opposite_members_have_no_direction() -> None:
    vectors = np.array([[1, 0], [-1, 0]], np.float32)

    assert centroid(total(vectors), 2).tolist() == [0, 0]


def test_the_nearest_cluster_and_the_runner_up() -> None:
    centroids = np.array([[0, 1], [1, 0], [0.6, 0.8]], np.float32)

    found = nearest(np.array([0.8, 0.6], np.float32), centroids)

    assert found is not None
    assert (found.at, found.runner_up) == (2, 1)
    assert np.isclose(found.similarity, 0.96)
    assert joins(found, 0.96 - 1e-6)
    assert not joins(found, 0.97)


def test_the_only_cluster_has_no_runner_up_and_none_has_no_nearest() -> None:
    vectors = scattered(1, 1)

    found = nearest(vectors[0], vectors)

    assert found is not None
    assert found.runner_up is None
    assert nearest(vectors[0], vectors[:0]) is None
