"""Where a vector belongs: the nearest cluster if it is near enough, and exact means of clusters.

A cluster's mean is rounded from the exact sum of its members in fixed point, so it is the same
in whatever order they came and went.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
# One unit vector a row.
Vectors = NDArray[np.float32]
# A sum of vectors in fixed point; `catalog.add_up` and `catalog.mean_of` keep the same ones.
Total = NDArray[np.int64]

# A float32 of a unit vector loses nothing that matters, and 2^39 of them fit into a sum.
SCALE = 2**24


def fixed(vectors: NDArray[np.floating]) -> Total:
    """The components in fixed point, rounded half to even as Postgres does."""
    rounded: Total = np.rint(np.asarray(vectors, np.float64) * SCALE).astype(np.int64)
    return rounded


def total(vectors: NDArray[np.floating]) -> Total:
    """The exact sum of the rows."""
    summed: Total = fixed(vectors).sum(axis=0)
    return summed


def centroid(summed: Total, size: int) -> Vector:
    """The unit vector towards the mean of `size` members; zeros when there is no such direction."""
    return unit(np.asarray(summed, np.float64) / (SCALE * max(size, 1)))


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Each row (or the one vector) at length one; what has no length stays zeros."""
    wide = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(wide, axis=-1, keepdims=True)
    of_length_one: Vectors = np.divide(
        wide, lengths, out=np.zeros_like(wide), where=lengths > 0
    ).astype(np.float32)
    return of_length_one


@dataclass(frozen=True)
class Nearest:
    """The row of the nearest cluster and, where there is a second one, of the runner-up."""

    at: int
    similarity: float
    runner_up: int | None
    runner_up_similarity: float | None


def nearest(vector: Vector, centroids: Vectors) -> Nearest | None:
    """The clusters nearest to a vector, of which the first wins a tie; none when there is none."""
    if len(centroids) == 0:
        return None
    cosines = centroids @ vector
    first, *others = np.argsort(-cosines, kind="stable")[:2].tolist()
    second = others[0] if others else None
    return Nearest(
        first, float(cosines[first]), second, None if second is None else float(cosines[second])
    )


def joins(near: Nearest, threshold: float) -> bool:
    """Whether the vector becomes a member of the nearest cluster, whose threshold this is."""
    return near.similarity >= threshold
