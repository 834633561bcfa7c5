"""How well an encoder understands the photos: three measures, none of which needs training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mammothbox.encoders.encoder import Encoder, Vectors
from mammothbox.tagging.vocabulary import Label, Vocabulary
from mammothbox.tagging.zero_shot import label_vectors
from numpy.typing import NDArray

from models.evaluation.photos import Photo, Pixels, copies

_AT_ONCE = 8


@dataclass(frozen=True)
class ZeroShot:
    """Shares of photos whose best label, or one of the five best, is right."""

    photos: int
    labels: int
    top_1: float
    top_5: float


@dataclass(frozen=True)
class Search:
    """Shares of queries, each a label's name, with a right photo among the first k."""

    queries: int
    recall_1: float
    recall_5: float
    recall_10: float


@dataclass(frozen=True)
class Sameness:
    """Cosines between a photo and its copies, and between different photos.

    `found` is the share of copies whose nearest photo is their own; `apart` the share of
    comparisons in which a copy is nearer to its photo than another photo is.
    """

    copies: int
    same_mean: float
    same_low: float
    different_mean: float
    different_high: float
    apart: float
    found: float


def zero_shot(similarity: NDArray[np.float32], right: NDArray[np.bool_]) -> ZeroShot:
    """Of photos (rows) against labels (columns)."""
    order = np.argsort(-similarity, axis=1)
    ranked = np.take_along_axis(right, order, axis=1)
    photos, labels = right.shape
    return ZeroShot(photos, labels, float(ranked[:, 0].mean()), float(ranked[:, :5].any(1).mean()))


def search(similarity: NDArray[np.float32], right: NDArray[np.bool_]) -> Search:
    """Of queries (rows) against photos (columns)."""
    order = np.argsort(-similarity, axis=1)
    ranked = np.take_along_axis(right, order, axis=1)
    at = [float(ranked[:, :k].any(axis=1).mean()) for k in (1, 5, 10)]
    return Search(len(right), *at)


def sameness(originals: Vectors, copied: Sequence[Vectors]) -> Sameness:
    """`copied` holds the vectors of one kind of copy after another, in the photos' order."""
    among = originals @ originals.T
    different = np.sort(among[np.triu_indices(len(among), 1)])
    towards = np.stack([vectors @ originals.T for vectors in copied])
    same = np.sort(np.diagonal(towards, axis1=1, axis2=2).ravel())
    nearest = towards.argmax(axis=2) == np.arange(len(originals))
    below = np.searchsorted(different, same) / len(different)
    return Sameness(
        len(same),
        float(same.mean()),
        float(np.quantile(same, 0.05)),
        float(different.mean()),
        float(np.quantile(different, 0.99)),
        float(below.mean()),
        float(nearest.mean()),
    )


@dataclass(frozen=True)
class Measured:
    """An encoder's vectors of the photos and labels, and which labels are right for which."""

    photos: Vectors
    labels: Vectors
    right: NDArray[np.bool_]


def measure_labels(encoder: Encoder, vocabulary: Vocabulary, shown: Sequence[Photo]) -> Measured:
    return Measured(
        embed(encoder, [photo.pixels for photo in shown]),
        label_vectors(encoder, vocabulary.sought),
        np.array([[is_right(label, photo) for label in vocabulary.sought] for photo in shown]),
    )


def measure_search(
    encoder: Encoder, vocabulary: Vocabulary, shown: Sequence[Photo], vectors: Vectors
) -> Search:
    """Asks for every label that is some photo's first, by its bare name."""
    asked = [vocabulary.by_id[id_] for id_ in sorted({photo.labels[0] for photo in shown})]
    queries = encoder.embed_texts([label.name for label in asked])
    right = [[label.id in photo.labels for photo in shown] for label in asked]
    return search(queries @ vectors.T, np.array(right))


def measure_sameness(encoder: Encoder, shown: Sequence[Photo], vectors: Vectors) -> Sameness:
    changed = [copies(photo) for photo in shown]
    return sameness(
        vectors, [embed(encoder, [each[kind] for each in changed]) for kind in changed[0]]
    )


def embed(encoder: Encoder, pictures: Sequence[Pixels]) -> Vectors:
    """A few at a time: the evaluation runs on small machines, too."""
    return np.concatenate(
        [
            encoder.embed_images(pictures[start : start + _AT_ONCE])
            for start in range(0, len(pictures), _AT_ONCE)
        ]
    )


def is_right(label: Label, photo: Photo) -> bool:
    """Its label, or a kind of it."""
    return not {label.id, *label.hypernyms}.isdisjoint(photo.labels)
