"""Neighbouring clusters with their members, and the pieces of them that stay together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammothbox.clustering.assignment import SCALE, Total, Vectors

NONE = -1


@dataclass(frozen=True)
class Cluster:
    """A cluster as it is. `kept` when a hand has named it, confirmed it, merged or split it, or
    set its threshold: then it always has members, and is never joined with another kept one.

    `total` and `size` are of the members that are not listed one by one; those stay together.
    """

    threshold: float
    kept: bool = False
    total: Total | None = None
    size: int = 0


@dataclass(frozen=True)
class Neighbourhood:
    """Some clusters and their members. `home` is each listed member's cluster; `must` and
    `cannot` are pairs of listed members.

    Whatever has a link is listed. `pinned` members stay in their cluster, which is a kept one by
    that. Members come in the order of their ids, which decides ties and nothing else.
    """

    clusters: Sequence[Cluster]
    vectors: Vectors
    home: NDArray[np.intp]
    pinned: NDArray[np.bool_]
    must: Sequence[tuple[int, int]] = ()
    cannot: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True)
class Pieces:
    """What stays together: the sum of its vectors, and how many there are.

    `home` is the cluster each comes from, `are_kept` whether that is a kept one, and `are_loose`
    whether it may go anywhere by itself. `of_member` and `of_core` are the pieces of the listed
    members and of each cluster's core: what is pinned or not listed. It is `NONE` where there is
    no such thing.
    """

    sums: NDArray[np.float64]
    sizes: NDArray[np.intp]
    home: NDArray[np.intp]
    are_kept: NDArray[np.bool_]
    are_loose: NDArray[np.bool_]
    forbidden: NDArray[np.bool_]
    of_member: NDArray[np.intp]
    of_core: NDArray[np.intp]


def pieces_of(around: Neighbourhood) -> Pieces:
    """The pieces of a neighbourhood, in the order of their first members."""
    members, clusters = len(around.home), len(around.clusters)
    first = _bind(around)
    sums, sizes = _add_up(around, first)
    firsts = np.flatnonzero(sizes)
    numbers = np.full(len(first), NONE)
    numbers[firsts] = np.arange(len(firsts))
    piece = numbers[first]
    of_member, of_core = piece[:members], piece[members:]
    cores = np.flatnonzero(of_core != NONE)
    home = np.concatenate([around.home, np.arange(clusters)])[firsts]
    home[of_core[cores]] = cores
    loose = np.ones(len(firsts), bool)
    loose[of_core[cores]] = False
    kept = np.array([cluster.kept for cluster in around.clusters], bool)
    kept[around.home[around.pinned]] = True
    forbidden = _forbidden(around, piece, len(firsts))
    return Pieces(
        sums[firsts], sizes[firsts], home, kept[home], loose, forbidden, of_member, of_core
    )


def _bind(around: Neighbourhood) -> NDArray[np.intp]:
    """The first item that each is bound to: the listed members, then the clusters' cores."""
    members, clusters = len(around.home), len(around.clusters)
    first = np.arange(members + clusters)
    core = np.concatenate([np.full(members, NONE), np.arange(clusters)])
    pins = [(int(at), members + int(around.home[at])) for at in np.flatnonzero(around.pinned)]
    for one, other in [*pins, *around.must]:
        kept, lost = sorted((int(first[one]), int(first[other])))
        cores = {int(core[kept]), int(core[lost])} - {NONE}
        # Where two words of a hand contradict each other, what it put in its place stays there.
        if kept != lost and len(cores) <= 1:
            first[first == lost] = kept
            core[kept] = max(cores, default=NONE)
    return first


def _add_up(
    around: Neighbourhood, first: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    members = len(around.home)
    sums = np.zeros((len(first), around.vectors.shape[1]))
    np.add.at(sums, first[:members], around.vectors)
    sizes = np.bincount(first[:members], minlength=len(first))
    for at, cluster in enumerate(around.clusters):
        if cluster.total is not None:
            sums[first[members + at]] += cluster.total / SCALE
            sizes[first[members + at]] += cluster.size
    return sums, sizes


def _forbidden(around: Neighbourhood, piece: NDArray[np.intp], count: int) -> NDArray[np.bool_]:
    apart = np.zeros((count, count), bool)
    for one, other in around.cannot:
        first, second = piece[one], piece[other]
        if first != second:
            apart[first, second] = apart[second, first] = True
    return apart
