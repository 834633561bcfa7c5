"""Which clusters are looked at together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.clustering.neighbours import Pair, near_pairs, neighbourhoods

from tests.unit.clustering.vectors import scattered


def test_pairs_are_near_and_the_most_alike_come_first() -> None:
    centroids = scattered(4, 3, noise=0.1)

    pairs = near_pairs(centroids, np.ones(12, bool), least=0.6)

    assert {(pair.one // 3, pair.other // 3) for pair in pairs} == {(at, at) for at in range(4)}
    assert len(pairs) == 12
    alike = [pair.similarity for pair in pairs]
    assert alike == sorted(alike, reverse=True)
    assert all(np.isclose(centroids[p.one] @ centroids[p.other], p.similarity) for p in pairs)


def test_only_pairs_with_a_changed_cluster_are_looked_for() -> None:
    centroids = scattered(2, 3, noise=0.1)

    pairs = near_pairs(centroids, np.arange(6) == 1, least=0.6)

    assert {(pair.one, pair.other) for pair in pairs} == {(0, 1), (1, 2)}


def test_a_lonely_cluster_has_no_pairs() -> None:
    assert near_pairs(scattered(1, 1), np.ones(1, bool), least=-1) == []


def test_no_more_neighbours_than_asked_for() -> None:
    pairs = near_pairs(scattered(1, 20), np.arange(20) == 0, least=0, most=4)

    assert len(pairs) == 4


@given(data=st.data(), sizes=st.lists(st.integers(1, 30), min_size=2, max_size=20))
def test_neighbourhoods_are_no_larger_than_asked_and_share_nothing(
    data: st.DataObject, sizes: list[int]
) -> None:
    numbers = st.integers(0, len(sizes) - 1)
    drawn = data.draw(st.sets(st.tuples(numbers, numbers).filter(lambda pair: pair[0] < pair[1])))
    pairs = [Pair(one, other, 0.9) for one, other in sorted(drawn)]

    found = neighbourhoods(sizes, pairs, most_members=40)

    seen = [cluster for group in found for cluster in group]
    assert len(seen) == len(set(seen))
    assert all(len(group) > 1 and sum(sizes[at] for at in group) <= 40 for group in found)


def test_what_is_nearest_is_together_where_not_all_can_be() -> None:
    pairs = [Pair(1, 2, 0.9), Pair(0, 1, 0.8)]

    assert neighbourhoods([10, 10, 10], pairs, most_members=20) == [[1, 2]]
