"""Unit vectors to cluster: some directions, and members scattered around them."""

from __future__ import annotations

import numpy as np
from mammothbox.clustering.assignment import Vectors, unit
from mammothbox.clustering.neighbourhood import Cluster, Neighbourhood
from numpy.typing import NDArray

THRESHOLD = 0.7


def scattered(groups: int, each: int, *, noise: float = 0.05, seed: int = 0) -> Vectors:
    """`each` vectors around every one of `groups` directions, one group after another."""
    random = np.random.default_rng(seed)
    centres = unit(random.normal(size=(groups, 24)))
    return unit(np.repeat(centres, each, axis=0) + random.normal(size=(groups * each, 24)) * noise)


def everything(
    vectors: Vectors,
    home: NDArray[np.intp] | list[int],
    *,
    kept: tuple[int, ...] = (),
    pinned: tuple[int, ...] = (),
    must: tuple[tuple[int, int], ...] = (),
    cannot: tuple[tuple[int, int], ...] = (),
) -> Neighbourhood:
    """All vectors in one neighbourhood; `home` is where they are now."""
    at = np.array(home, np.intp)
    held = np.zeros(len(at), bool)
    held[list(pinned)] = True
    clusters = [Cluster(THRESHOLD, number in kept) for number in range(int(at.max()) + 1)]
    return Neighbourhood(clusters, vectors, at, held, must, cannot)


def partition(labels: NDArray[np.intp]) -> set[frozenset[int]]:
    """Who is with whom, whatever the groups are called."""
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}
