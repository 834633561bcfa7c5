"""Merges and splits a hand might want."""

from __future__ import annotations

import numpy as np
from mammothbox.clustering.assignment import total, unit
from mammothbox.clustering.neighbours import near_pairs
from mammothbox.clustering.suggestions import MARGIN, Merge, merge_suggestions, split_suggestion

from tests.unit.clustering.vectors import THRESHOLD, partition, scattered


def suggested(threshold: float, never: tuple[tuple[int, int], ...] = ()) -> list[Merge]:
    """For three clusters, the first two of them of one thing."""
    vectors = scattered(2, 20)
    parts = [vectors[:10], vectors[10:20], vectors[20:]]
    means = unit(np.stack([part.sum(axis=0) for part in parts]))
    pairs = near_pairs(means, np.ones(3, bool), least=-1)
    totals = [total(part) for part in parts]
    return merge_suggestions(pairs, totals, [len(part) for part in parts], threshold, never)


def test_clusters_of_one_thing_are_suggested_with_their_numbers() -> None:
    vectors = scattered(2, 20)

    found = suggested(THRESHOLD)

    assert [(merge.one, merge.other) for merge in found] == [(0, 1)]
    assert np.isclose(found[0].linkage, (vectors[:10] @ vectors[10:20].T).mean(), atol=1e-4)
    assert found[0].similarity > found[0].linkage


def test_a_merge_just_below_the_threshold_is_suggested_and_one_far_below_is_not() -> None:
    linkage = suggested(THRESHOLD)[0].linkage

    assert suggested(linkage + MARGIN - 0.01)
    assert suggested(linkage + MARGIN + 0.01) == []


def test_what_a_hand_took_apart_is_not_suggested() -> None:
    assert suggested(THRESHOLD, never=((0, 1),)) == []


def test_a_cluster_of_two_things_is_suggested_to_be_split() -> None:
    vectors = scattered(2, 6)

    found = split_suggestion(vectors, THRESHOLD)

    assert found is not None
    assert partition(found.parts) == partition(np.repeat([0, 1], 6))
    assert np.isclose(found.linkage, (vectors[:6] @ vectors[6:].T).mean(), atol=1e-4)
    assert found.tightness_apart > found.tightness


def test_a_cluster_of_one_thing_or_of_few_members_is_not() -> None:
    assert split_suggestion(scattered(1, 30), THRESHOLD) is None
    assert split_suggestion(scattered(2, 2), THRESHOLD) is None
