"""Which clusters to look at together: near ones, and not more than can be held at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammothbox.clustering.assignment import Vectors

# Rows of the comparison of all centroids that are in memory at a time.
_AT_ONCE = 512
# How many neighbours of a cluster count.
_NEIGHBOURS = 12


@dataclass(frozen=True)
class Pair:
    """Two clusters, the first one's number smaller, and how alike they are."""

    one: int
    other: int
    similarity: float


def near_pairs(
    centroids: Vectors, changed: NDArray[np.bool_], least: float, most: int = _NEIGHBOURS
) -> list[Pair]:
    """Pairs of a changed cluster and one of its `most` nearest, the most alike first.

    Their cosine is at least `least`. Takes time for every changed cluster times all.
    """
    rows = np.flatnonzero(changed)
    found: dict[tuple[int, int], float] = {}
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        cosines = centroids[some] @ centroids.T
        cosines[np.arange(len(some)), some] = -np.inf
        for one, row in zip(some.tolist(), cosines, strict=True):
            near = np.flatnonzero(row >= least)
            if len(near) > most:
                near = near[np.argpartition(-row[near], most)[:most]]
            for other in near.tolist():
                found[min(one, other), max(one, other)] = float(row[other])
    pairs = [Pair(one, other, similarity) for (one, other), similarity in found.items()]
    return sorted(pairs, key=lambda pair: (-pair.similarity, pair.one, pair.other))


def neighbourhoods(
    sizes: Sequence[int], pairs: Sequence[Pair], most_members: int
) -> list[list[int]]:
    """Clusters to be consolidated together: those of near pairs, the nearest first.

    None has more than `most_members` members in all, but for a cluster that has more by itself.
    Clusters without a neighbour are left out.
    """
    group = list(range(len(sizes)))
    members = {at: [at] for at in group}
    weight = list(sizes)
    for pair in pairs:
        kept, lost = sorted((group[pair.one], group[pair.other]))
        if kept == lost or weight[kept] + weight[lost] > most_members:
            continue
        weight[kept] += weight[lost]
        for at in members[lost]:
            group[at] = kept
        members[kept] += members.pop(lost)
    return [sorted(each) for each in members.values() if len(each) > 1]
