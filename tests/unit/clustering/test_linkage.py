"""Average linkage: the same as the plain way of doing it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.clustering.assignment import Vectors, unit
from mammothbox.clustering.linkage import agglomerate, linkage
from numpy.typing import NDArray

from tests.unit.clustering.vectors import partition, scattered


def grouped(
    vectors: Vectors, least: float, forbidden: NDArray[np.bool_] | None = None
) -> NDArray[np.intp]:
    none = np.zeros((len(vectors), len(vectors)), bool)
    ones = np.ones(len(vectors), np.intp)
    return agglomerate(vectors, ones, least, none if forbidden is None else forbidden)


def plainly(vectors: Vectors, least: float, forbidden: NDArray[np.bool_]) -> set[frozenset[int]]:
    """Join the two groups most alike, over and over, each time measured pair by pair."""
    groups = [frozenset([at]) for at in range(len(vectors))]
    cosines = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    while True:
        pairs = [
            (cosines[np.ix_(list(one), list(other))].mean(), one, other)
            for at, one in enumerate(groups)
            for other in groups[:at]
            if not forbidden[np.ix_(list(one), list(other))].any()
        ]
        near = [pair for pair in pairs if pair[0] >= least]
        if not near:
            return set(groups)
        _alike, one, other = max(near, key=lambda pair: pair[0])
        groups = [group for group in groups if group not in (one, other)] + [one | other]


@given(
    count=st.integers(1, 14),
    least=st.floats(-0.2, 0.9),
    seed=st.integers(0, 2**16),
    barred=st.floats(0, 0.4),
)
def test_groups_are_those_of_joining_the_nearest_pair_each_time(
    count: int, least: float, seed: int, barred: float
) -> None:
    random = np.random.default_rng(seed)
    vectors = unit(random.normal(size=(count, 4)) + np.eye(4)[0])
    forbidden = np.triu(random.random((count, count)) < barred, 1)
    forbidden |= forbidden.T

    assert partition(grouped(vectors, least, forbidden)) == plainly(vectors, least, forbidden)


def test_the_order_of_pieces_does_not_matter() -> None:
    vectors = scattered(6, 20, noise=0.2)
    order = np.random.default_rng(1).permutation(len(vectors))

    shuffled = np.empty(len(vectors), np.intp)
    shuffled[order] = grouped(vectors[order], 0.5)

    assert partition(shuffled) == partition(grouped(vectors, 0.5))


def test_a_piece_counts_with_all_its_members() -> None:
    vectors = scattered(2, 10, noise=0.4, seed=3)
    whole = vectors[:10].sum(axis=0)

    assert np.isclose(
        linkage(whole, 10, vectors[10:].sum(axis=0), 10), (vectors[:10] @ vectors[10:].T).mean()
    )
    sums = np.stack([whole, *vectors[10:]])
    sizes = np.array([10] + [1] * 10)
    least = float((vectors[10:] @ whole).max()) / 10 + 1e-4
    joined = agglomerate(sums, sizes, least, np.zeros((11, 11), bool))
    assert (joined == joined[0]).sum() == 1


def test_copies_of_one_vector_are_one_group() -> None:
    vectors = np.repeat(scattered(2, 1), 7, axis=0)

    assert len(partition(grouped(vectors, 0.99))) == 2
