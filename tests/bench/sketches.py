"""How often the nearest of many clusters is among those whose signs agree most.

Among made-up centroids: with numbers that vary alike or, as models' do, ever less; with and without
a direction that all share; apart from each other, or crowded as clusters of much the same are; and
for vectors that are near to their cluster and ever farther.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import TypeAlias

import numpy as np
from mammothbox.catalog.nearness import LIKELY
from mammothbox.clustering.assignment import Vectors, unit

CLUSTERS = 20_000
DIMENSION = 512
_TRIALS = 1_000
_DECAYS = (0.0, 0.5, 1.0)
_SHARED = (0.0, 0.5)
# How many centroids crowd about each direction, as alike as clusters can be that are not one.
_CROWDS = (1, 100, 1_000)
_ALIKE = 0.75
_SPREADS = (0.3, 0.6)

# So many directions, each anywhere.
_Some: TypeAlias = Callable[[int], Vectors]


def run(assets: int) -> None:
    """Print how many of the trials found it, and how alike the nearest was."""
    random = np.random.default_rng(7)
    missed = trials = 0
    for decay, shared, crowd in product(_DECAYS, _SHARED, _CROWDS):
        some = _directions(random, decay)
        centroids = _centroids(random, some, shared, crowd)
        for spread in _SPREADS:
            near = centroids[random.choice(CLUSTERS, _TRIALS)]
            found, likeness = _found(centroids, unit(near + spread * some(_TRIALS)))
            missed, trials = missed + _TRIALS - found, trials + _TRIALS
            print(
                f"  decay {decay:.1f}, shared {shared:.1f}, crowds of {crowd:>5,}: {found:>5,} of"
                f" {_TRIALS:,} found, at a cosine of {likeness:.2f} (median)"
            )
    print(f"  {missed:,} of {trials:,} missed among {CLUSTERS:,}, {LIKELY} compared")


def _directions(random: np.random.Generator, decay: float) -> _Some:
    scale = np.arange(1, DIMENSION + 1) ** (-decay / 2)
    turn = np.linalg.qr(random.normal(size=(DIMENSION, DIMENSION)))[0]
    return lambda number: unit((random.normal(size=(number, DIMENSION)) * scale) @ turn)


def _centroids(random: np.random.Generator, some: _Some, shared: float, crowd: int) -> Vectors:
    centroids = some(CLUSTERS)
    if crowd > 1:
        middles = np.repeat(some(CLUSTERS // crowd), crowd, axis=0)
        centroids = unit(middles * np.sqrt(_ALIKE) + centroids * np.sqrt(1 - _ALIKE))
    # A few numbers of all vectors are large, as in CLIP's.
    common = unit(np.r_[0.8, -0.5, 0.3, random.normal(0, 0.02, DIMENSION - 3)][np.newaxis])
    return unit(centroids * np.sqrt(1 - shared) + common * np.sqrt(shared))


def _found(centroids: Vectors, vectors: Vectors) -> tuple[int, float]:
    """For how many it is among the likely, even if it comes last of equals."""
    cosines = centroids @ vectors.T
    nearest, each = cosines.argmax(axis=0), np.arange(len(vectors))
    agreeing = _signs(centroids) @ _signs(vectors).T
    rank = (agreeing >= agreeing[nearest, each]).sum(axis=0)
    return int((rank <= LIKELY).sum()), float(np.median(cosines[nearest, each]))


def _signs(vectors: Vectors) -> Vectors:
    # As pgvector takes them: what is not above zero has the other sign.
    return np.where(vectors > 0, 1, -1).astype(np.float32)
