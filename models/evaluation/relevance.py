"""How likely a picture is relevant to a text, by their cosine.

Every label is asked for by its bare name, also those that no photo shows: a good search has nothing
to say to these. Of each answer the first ten count, for nobody looks at the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mammothbox.encoders.encoder import Encoder, Vectors
from mammothbox.tagging.vocabulary import Vocabulary
from numpy.typing import NDArray

from models.evaluation.photos import Photo

_FIRST = 10
_AT_ONCE = 64
_ROUNDS = 50
# As steep as it gets where the photos leave no doubt, which so few of them cannot mean.
_STEEPEST = 100.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Relevance:
    """A logistic curve: one half at the cosine `relevant_at`; see `mammothbox.searching.fuse`."""

    relevant_at: float
    relevance_steepness: float
    measured_on: str

    def likely(self, cosine: Floats) -> Floats:
        curve: Floats = 1 / (1 + np.exp(-self.relevance_steepness * (cosine - self.relevant_at)))
        return curve


def measure_relevance(
    encoder: Encoder, vocabulary: Vocabulary, shown: Sequence[Photo], vectors: Vectors
) -> Relevance:
    """The curve that fits the photos best. `vectors` are theirs."""
    names = [label.name for label in vocabulary.sought]
    texts = np.concatenate(
        [
            encoder.embed_texts(names[start : start + _AT_ONCE])
            for start in range(0, len(names), _AT_ONCE)
        ]
    )
    meant = [
        {up for id_ in photo.labels for up in (id_, *vocabulary.by_id[id_].hypernyms)}
        for photo in shown
    ]
    right = np.array([[label.id in each for each in meant] for label in vocabulary.sought])
    cosine = (texts @ vectors.T).astype(np.float64)
    first = np.argsort(-cosine, axis=1)[:, :_FIRST]
    near, good = (np.take_along_axis(of, first, axis=1) for of in (cosine, right))
    at, steepness = fit(near.ravel(), good.ravel())
    measured_on = (
        f"{len(names)} names of labels, {int(right.any(axis=1).sum())} of them on one of"
        f" {len(shown)} photos: of the first {_FIRST} each, {good.mean():.0%} are right"
    )
    return Relevance(round(at, 3), round(steepness, 1), measured_on)


def fit(cosine: Floats, right: NDArray[np.bool_]) -> tuple[float, float]:
    """The middle and the steepness of the logistic curve under which this is most likely."""
    design = np.stack([np.ones_like(cosine), cosine], axis=1)
    weights = np.array([0.0, 1.0])
    for _ in range(_ROUNDS):
        likely = 1 / (1 + np.exp(-(design @ weights)))
        # A little of a prior keeps it finite where there is no doubt.
        slope = design.T @ (right - likely) - 1e-3 * weights
        bend = (design * (likely * (1 - likely))[:, None]).T @ design + 1e-3 * np.eye(2)
        weights = weights + np.linalg.solve(bend, slope)
    steepness = float(min(max(weights[1], 1.0), _STEEPEST))
    return float(-weights[0] / weights[1]), steepness
