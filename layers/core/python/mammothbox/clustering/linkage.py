"""Average linkage: groups grow by joining the two whose members are, on average, most alike.

The linkage of two groups of unit vectors is the mean cosine over all pairs of one member each:
the dot product of their sums over the product of their sizes. A group formed so does not depend
on the order its pieces came in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Sums = NDArray[np.floating]
_NEVER = -np.inf


def linkage(one: Sums, size: int, other: Sums, other_size: int) -> float:
    """The mean cosine between the members of two groups, from the sums of their unit vectors."""
    return float(one @ other) / (size * other_size)


def agglomerate(
    sums: Sums, sizes: NDArray[np.integer], least: float, forbidden: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """The group of each piece, named by its first piece.

    A piece is `sizes` unit vectors with the sum in its row of `sums`. Groups are joined, the most
    alike first, while their linkage is at least `least` and no piece of one is `forbidden` to be
    with a piece of the other. Takes memory for a float32 of every pair of pieces.
    """
    means = (sums / sizes[:, None]).astype(np.float32)
    links = means @ means.T
    links[forbidden | forbidden.T] = _NEVER
    np.fill_diagonal(links, _NEVER)
    return _chain(links, sizes.astype(np.float64), least)


def _chain(
    links: NDArray[np.float32], sizes: NDArray[np.float64], least: float
) -> NDArray[np.intp]:
    """Join nearest neighbours of each other, found along chains of ever nearer neighbours.

    The result is that of joining the nearest pair of all each time, for a union is never nearer
    to a third group than both its parts were. So a group without a near enough neighbour is done.
    """
    groups = np.arange(len(sizes))
    waiting = list(range(len(sizes) - 1, -1, -1))
    chain: list[int] = []
    gone = np.zeros(len(sizes), bool)
    while chain or waiting:
        if not chain:
            start = waiting.pop()
            if not gone[start]:
                chain.append(start)
            continue
        last = chain[-1]
        near = _nearest(links[last], chain)
        if links[last, near] < least:
            chain.pop()
            gone[last] = True
        elif len(chain) > 1 and near == chain[-2]:
            kept, lost = sorted(chain[-2:])
            del chain[-2:]
            _join(links, sizes, kept, lost)
            groups[groups == lost] = kept
            gone[lost] = True
            waiting.append(kept)
        else:
            chain.append(near)
    return groups


def _nearest(row: NDArray[np.float32], chain: list[int]) -> int:
    best = int(row.argmax())
    # Among equals the one before, or the chain would run in a circle.
    return chain[-2] if len(chain) > 1 and row[chain[-2]] >= row[best] else best


def _join(links: NDArray[np.float32], sizes: NDArray[np.float64], kept: int, lost: int) -> None:
    both = sizes[kept] + sizes[lost]
    row = (links[kept] * (sizes[kept] / both) + links[lost] * (sizes[lost] / both)).astype(
        np.float32
    )
    row[[kept, lost]] = _NEVER
    links[kept] = links[:, kept] = row
    links[lost] = links[:, lost] = _NEVER
    sizes[kept] = both
