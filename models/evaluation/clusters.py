"""How well photos find their clusters: the committed photos with uneven numbers of copies.

There are two truths. A *scene* is a photo and its copies; a *kind* is what the photo's first label
is a kind of, by the vocabulary: building, reptile, texture. No clustering can be right by both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mammothbox.clustering.assignment import Vectors, centroid, fixed, joins, nearest, total
from mammothbox.clustering.consolidation import consolidate
from mammothbox.clustering.neighbourhood import Cluster, Neighbourhood
from mammothbox.clustering.neighbours import near_pairs, neighbourhoods
from mammothbox.encoders.encoder import Encoder
from mammothbox.tagging.vocabulary import Vocabulary
from numpy.typing import NDArray

from models.evaluation.measures import embed
from models.evaluation.photos import Photo, copies

Labels = NDArray[np.intp]

_SEED = 20
# A photo's number of copies is drawn from this: most have one or two, some have all.
_SHARE = 0.35
# Means this much farther apart than the threshold cannot have members for each other.
_REACH = 0.8


@dataclass(frozen=True)
class Labelled:
    """Vectors of photos and copies, and both truths of each."""

    vectors: Vectors
    scene: Labels
    kind: Labels

    def those(self, rows: NDArray[np.bool_]) -> Labelled:
        return Labelled(self.vectors[rows], self.scene[rows], self.kind[rows])


def labelled(encoder: Encoder, vocabulary: Vocabulary, shown: Sequence[Photo]) -> Labelled:
    """Every photo with none to all of its copies."""
    random = np.random.default_rng(_SEED)
    kinds = np.unique([_kind(vocabulary, photo) for photo in shown], return_inverse=True)[1]
    pictures, scene = [], []
    for number, photo in enumerate(shown):
        made = list(copies(photo).values())
        some = random.permutation(len(made))[: int(random.geometric(_SHARE)) - 1]
        pictures += [photo.pixels, *(made[at] for at in some)]
        scene += [number] * (1 + len(some))
    at = np.array(scene, np.intp)
    return Labelled(embed(encoder, pictures), at, kinds[at])


def _kind(vocabulary: Vocabulary, photo: Photo) -> str:
    first = vocabulary.by_id[photo.labels[0]]
    return first.hypernyms[0] if first.hypernyms else first.id


def one_by_one(vectors: Vectors, threshold: float) -> Labels:
    """Each joins the nearest cluster there is when it comes, or opens one."""
    home = np.zeros(len(vectors), np.intp)
    totals = np.zeros((len(vectors), vectors.shape[1]), np.int64)
    centroids = np.zeros_like(vectors)
    opened = 0
    for row, vector in enumerate(vectors):
        near = nearest(vector, centroids[:opened])
        at = near.at if near and joins(near, threshold) else opened
        opened = max(opened, at + 1)
        home[row] = at
        totals[at] += fixed(vector)
        centroids[at] = centroid(totals[at], int((home[: row + 1] == at).sum()))
    return home


def put_in_order(vectors: Vectors, home: Labels, threshold: float, most_members: int) -> Labels:
    """As the scheduled consolidation does: one neighbourhood of clusters after another."""
    names, after = np.unique(home, return_inverse=True)
    sizes = np.bincount(after)
    centroids = np.stack(
        [centroid(total(vectors[after == at]), int(sizes[at])) for at in range(len(names))]
    )
    pairs = near_pairs(centroids, np.ones(len(names), bool), threshold * _REACH)
    for group in neighbourhoods(sizes.tolist(), pairs, most_members):
        rows = np.flatnonzero(np.isin(after, group))
        around = Neighbourhood(
            clusters=[Cluster(threshold)] * len(group),
            vectors=vectors[rows],
            home=np.searchsorted(group, after[rows]),
            pinned=np.zeros(len(rows), bool),
        )
        plan = consolidate(around, threshold)
        new = after.max() + 1 + np.arange(plan.opened)
        after[rows] = np.concatenate([group, new])[plan.home]
    return after


def arriving(found: Labelled, threshold: float, most_members: int, seed: int) -> Labels:
    """The cluster of each vector when they have come in an order of chance."""
    order = np.random.default_rng(seed).permutation(len(found.vectors))
    came = found.vectors[order]
    home = np.empty(len(order), np.intp)
    home[order] = put_in_order(came, one_by_one(came, threshold), threshold, most_members)
    return home


def adjusted_rand(truth: Labels, found: Labels) -> float:
    """The adjusted Rand index: 1 for the same partition, about 0 for one by chance."""
    table = np.zeros((truth.max() + 1, found.max() + 1))
    np.add.at(table, (truth, found), 1)
    both, of_truth, of_found, everything = (
        float((counts * (counts - 1)).sum()) / 2
        for counts in (table, table.sum(axis=1), table.sum(axis=0), np.array([table.sum()]))
    )
    chance = of_truth * of_found / everything
    most = (of_truth + of_found) / 2
    return 1.0 if most == chance else (both - chance) / (most - chance)
