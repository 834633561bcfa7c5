"""Splitting a cluster into parts: spherical k-means, the same parts every time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mammothbox.clustering.assignment import Vectors, unit

_SEED = 20
# Of so many beginnings the one with the tightest parts is kept.
_BEGINNINGS = 4
_MOST_ROUNDS = 50


def split(vectors: Vectors, parts: int) -> NDArray[np.intp]:
    """The part of each vector: 0 to `parts` - 1, none of them empty, the largest first.

    The same vectors in the same order give the same parts. Raises `ValueError` when there are
    fewer vectors than parts.
    """
    if not 1 <= parts <= len(vectors):
        raise ValueError(f"{len(vectors)} vectors cannot be split into {parts} parts")
    random = np.random.default_rng(_SEED)
    tries = [_settle(vectors, _begin(vectors, parts, random)) for _ in range(_BEGINNINGS)]
    best = max(tries, key=lambda labels: tightness(vectors, labels))
    return _largest_first(best, parts)


def tightness(vectors: Vectors, labels: NDArray[np.intp]) -> float:
    """The mean cosine of the vectors to the centre of their own part."""
    centres = _centres(vectors, labels, int(labels.max()) + 1)
    return float(np.einsum("ij,ij->i", vectors, centres[labels]).mean())


def _begin(vectors: Vectors, parts: int, random: np.random.Generator) -> Vectors:
    """k-means++: centres that are far from each other, each one a vector of its own."""
    chosen = [int(random.integers(len(vectors)))]
    far = np.full(len(vectors), np.inf)
    while len(chosen) < parts:
        far = np.minimum(far, np.maximum(1 - vectors @ vectors[chosen[-1]], 0).astype(np.float64))
        far[chosen] = 0
        # Where the rest are copies of what is chosen, any of them will do.
        weight = far if far.sum() > 0 else np.isin(np.arange(len(vectors)), chosen, invert=True)
        chosen.append(int(random.choice(len(vectors), p=weight / weight.sum())))
    return vectors[chosen]


def _settle(vectors: Vectors, centres: Vectors) -> NDArray[np.intp]:
    labels = np.full(len(vectors), -1)
    for _ in range(_MOST_ROUNDS):
        cosines = vectors @ centres.T
        after = _none_empty(cosines.argmax(axis=1), cosines)
        if np.array_equal(after, labels):
            break
        labels = after
        centres = _centres(vectors, labels, len(centres))
    return labels


def _none_empty(labels: NDArray[np.intp], cosines: Vectors) -> NDArray[np.intp]:
    """An empty part takes the vector that is farthest from its own centre."""
    labels = labels.copy()
    counts = np.bincount(labels, minlength=cosines.shape[1])
    for part in np.flatnonzero(counts == 0):
        own = cosines[np.arange(len(labels)), labels]
        taken = int(np.where(counts[labels] > 1, own, np.inf).argmin())
        counts[labels[taken]] -= 1
        labels[taken] = part
        counts[part] = 1
    return labels


def _centres(vectors: Vectors, labels: NDArray[np.intp], parts: int) -> Vectors:
    belongs = (labels[:, None] == np.arange(parts)).astype(np.float32)
    return unit(belongs.T @ vectors)


def _largest_first(labels: NDArray[np.intp], parts: int) -> NDArray[np.intp]:
    order = np.argsort(-np.bincount(labels, minlength=parts), kind="stable")
    rank = np.empty(parts, np.intp)
    rank[order] = np.arange(parts)
    renamed: NDArray[np.intp] = rank[labels]
    return renamed
