"""What a hand might want to merge or split, with the numbers that speak for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammothbox.clustering.assignment import SCALE, Total, Vectors
from mammothbox.clustering.kmeans import split, tightness
from mammothbox.clustering.linkage import linkage
from mammothbox.clustering.neighbours import Pair

# So far below the threshold a merge is still worth a look.
MARGIN = 0.1
# Fewer may be chance.
_LEAST_PART = 3


@dataclass(frozen=True)
class Merge:
    """Two clusters that may be one: the mean cosine between their members, and between their
    means."""

    one: int
    other: int
    linkage: float
    similarity: float


@dataclass(frozen=True)
class Split:
    """A cluster that may be two: its members' parts, the mean cosine between these, and how
    tight the members are around one mean and around two."""

    parts: NDArray[np.intp]
    linkage: float
    tightness: float
    tightness_apart: float


def merge_suggestions(
    pairs: Sequence[Pair],
    totals: Sequence[Total],
    sizes: Sequence[int],
    threshold: float,
    never: Collection[tuple[int, int]] = (),
) -> list[Merge]:
    """Of these near pairs those that are nearly alike enough, the most alike first.

    What is in `never`, the smaller number first, a hand has taken apart or dismissed.
    """
    found = list(_merges(pairs, totals, sizes, frozenset(never)))
    likely = [merge for merge in found if merge.linkage >= threshold - MARGIN]
    return sorted(likely, key=lambda merge: (-merge.linkage, merge.one, merge.other))


def _merges(
    pairs: Sequence[Pair],
    totals: Sequence[Total],
    sizes: Sequence[int],
    never: frozenset[tuple[int, int]],
) -> Iterator[Merge]:
    for pair in pairs:
        one, other = pair.one, pair.other
        if (one, other) not in never:
            alike = linkage(totals[one] / SCALE, sizes[one], totals[other] / SCALE, sizes[other])
            yield Merge(one, other, alike, pair.similarity)


def split_suggestion(vectors: Vectors, threshold: float) -> Split | None:
    """The two parts of a cluster that would not be one if they came today, if there are such.

    Each has at least three members. Takes all members, or a sample where there are many.
    """
    if len(vectors) < 2 * _LEAST_PART:
        return None
    parts = split(vectors, 2)
    first, second = vectors[parts == 0], vectors[parts == 1]
    if len(second) < _LEAST_PART:
        return None
    alike = linkage(first.sum(axis=0), len(first), second.sum(axis=0), len(second))
    if alike >= threshold:
        return None
    whole = tightness(vectors, np.zeros(len(vectors), np.intp))
    return Split(parts, alike, whole, tightness(vectors, parts))
