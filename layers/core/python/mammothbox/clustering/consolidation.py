"""Putting neighbouring clusters in order, so that it does not matter what came first.

Assigning one by one depends on the order of arrival. This looks at all members of a few
neighbouring clusters at once, groups them anew by average linkage, and says what has to move.
What a hand has decided holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammothbox.clustering.assignment import unit
from mammothbox.clustering.linkage import agglomerate
from mammothbox.clustering.neighbourhood import NONE, Neighbourhood, Pieces, pieces_of

_MOST_ROUNDS = 5


@dataclass(frozen=True)
class Plan:
    """Where each listed member belongs, and where the unlisted ones of each cluster do.

    Clusters are numbered as in the neighbourhood, and the `opened` new ones after them. `core`
    is `NONE` for a cluster with neither unlisted nor pinned members. `similarity` is each listed
    member's to the mean of its cluster; `runner_up` is the cluster that came second, or `NONE`,
    and `runner_up_similarity` what goes with it. A cluster may be left without members.
    """

    home: NDArray[np.intp]
    core: NDArray[np.intp]
    opened: int
    similarity: NDArray[np.float32]
    runner_up: NDArray[np.intp]
    runner_up_similarity: NDArray[np.float32]


@dataclass(frozen=True)
class _Groups:
    """The group of each piece; and of each group the cluster it is by a hand's word, or `NONE`,
    and how near to its mean a member has to be."""

    of_piece: NDArray[np.intp]
    cluster: NDArray[np.intp]
    threshold: NDArray[np.float64]


def consolidate(around: Neighbourhood, threshold: float) -> Plan:
    """The neighbourhood as it would be if everything in it had come at once.

    Groups form while their linkage is at least `threshold`, which is the space's. Then whatever
    is nearer to another group's mean than to its own goes there, and what is too far from any is
    alone. A plan carried out and asked for again changes next to nothing.
    """
    pieces = pieces_of(around)
    groups = _group(around, pieces, threshold)
    for _ in range(_MOST_ROUNDS):
        after = _reassign(pieces, groups, threshold)
        if np.array_equal(after.of_piece, groups.of_piece):
            break
        groups = after
    homes, opened = _homes(around, pieces, groups)
    return _plan(around, pieces, homes, opened)


def _group(around: Neighbourhood, pieces: Pieces, threshold: float) -> _Groups:
    """By linkage; all of a kept cluster begins as one group."""
    count = len(pieces.home)
    begins_as = np.where(pieces.are_kept, count + pieces.home, np.arange(count))
    names, begin = np.unique(begins_as, return_inverse=True)
    cluster = np.where(names >= count, names - count, NONE)
    forbidden = (cluster[:, None] != cluster) & (cluster[:, None] != NONE) & (cluster != NONE)
    one, other = np.nonzero(pieces.forbidden)
    forbidden[begin[one], begin[other]] = True
    sums, sizes = _add_up(pieces, begin, len(names))
    joined = agglomerate(sums, sizes, threshold, forbidden)
    names, group = np.unique(joined, return_inverse=True)
    of_group = np.full(len(names), NONE)
    np.maximum.at(of_group, group, cluster)
    # NONE is the last of them.
    thresholds = np.array([*(each.threshold for each in around.clusters), threshold])
    return _Groups(group[begin], of_group, thresholds[of_group])


def _reassign(pieces: Pieces, groups: _Groups, threshold: float) -> _Groups:
    """Every loose piece goes to the nearest mean that takes it, or is alone.

    What a kept cluster had stays there as long as it fits, or nothing else takes it.
    """
    before, count = groups.of_piece, len(groups.cluster)
    sums, sizes = _add_up(pieces, before, count)
    cosines = unit(pieces.sums) @ unit(sums).T
    each = np.arange(len(before))
    at_home = pieces.are_kept & (groups.cluster[before] == pieces.home)
    fits = cosines >= groups.threshold
    is_alone = sizes[before] == pieces.sizes
    own = np.where(fits[each, before] & ~is_alone, cosines[each, before], -np.inf)
    own[at_home & fits[each, before]] = np.inf
    cosines[~fits] = -np.inf
    cosines[each, before] = -np.inf
    target = cosines.argmax(axis=1) if count else before
    after = before.copy()
    for piece in np.flatnonzero(pieces.are_loose & (cosines[each, target] > own)):
        there = after == target[piece]
        if there.any() and not pieces.forbidden[piece, there].any():
            after[piece] = target[piece]
    lost = pieces.are_loose & ~at_home & ~is_alone & ~fits[each, before] & (after == before)
    after[lost] = count + np.arange(np.count_nonzero(lost))
    emptied = ~np.isin(before, after) & at_home
    after[emptied] = before[emptied]
    return _Groups(
        after,
        np.concatenate([groups.cluster, np.full(np.count_nonzero(lost), NONE)]),
        np.concatenate([groups.threshold, np.full(np.count_nonzero(lost), threshold)]),
    )


def _add_up(
    pieces: Pieces, groups: NDArray[np.intp], count: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The sum of each group's vectors, and how many there are."""
    sums = np.zeros((count, pieces.sums.shape[1]))
    sizes = np.zeros(count, np.intp)
    np.add.at(sums, groups, pieces.sums)
    np.add.at(sizes, groups, pieces.sizes)
    return sums, sizes


def _homes(around: Neighbourhood, pieces: Pieces, groups: _Groups) -> tuple[NDArray[np.intp], int]:
    """The cluster of each piece. A group is the cluster that it has most members of.

    What a hand has said goes first; a cluster is one group, and every other group is new.
    """
    clusters = len(around.clusters)
    shared = np.zeros((len(groups.cluster), clusters), np.int64)
    np.add.at(shared, (groups.of_piece, pieces.home), pieces.sizes)
    home = groups.cluster.copy()
    taken = np.zeros(clusters, bool)
    taken[home[home != NONE]] = True
    of_group, of_cluster = np.nonzero(shared)
    for at in np.argsort(-shared[of_group, of_cluster], kind="stable"):
        group, cluster = of_group[at], of_cluster[at]
        if home[group] == NONE and not taken[cluster]:
            home[group], taken[cluster] = cluster, True
    new = np.unique(groups.of_piece[home[groups.of_piece] == NONE])
    home[new] = clusters + np.arange(len(new))
    return home[groups.of_piece], len(new)


def _plan(around: Neighbourhood, pieces: Pieces, homes: NDArray[np.intp], opened: int) -> Plan:
    sums, sizes = _add_up(pieces, homes, len(around.clusters) + opened)
    cosines = around.vectors @ unit(sums).T
    cosines[:, sizes == 0] = -np.inf
    home = homes[pieces.of_member]
    each = np.arange(len(home))
    similarity = cosines[each, home]
    cosines[each, home] = -np.inf
    second = cosines.argmax(axis=1) if len(each) else home
    runner_up_similarity = cosines[each, second]
    return Plan(
        home,
        np.where(pieces.of_core == NONE, NONE, homes[pieces.of_core]),
        opened,
        similarity,
        np.where(np.isinf(runner_up_similarity), NONE, second),
        runner_up_similarity,
    )
