"""The bounds by which one space's pictures are grouped, measured on the photos and their copies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mammothbox.clustering.assignment import Vectors, unit
from mammothbox.encoders.encoder import Encoder
from mammothbox.tagging.vocabulary import Vocabulary

from models.evaluation.clusters import Labelled, adjusted_rand, arriving, labelled
from models.evaluation.measures import embed
from models.evaluation.photos import Photo, copies

_THRESHOLDS = tuple(np.round(np.arange(0.5, 0.96, 0.05), 2).tolist())
_EVERYTHING = 10_000
# Of so many pairs of different photos one may be shown as similar.
_PAIRS = 1000


@dataclass(frozen=True)
class Grouping:
    """See `mammothbox.tagging.calibration.Calibration`; `measured_on` says how."""

    cluster_threshold: float
    same_picture_features: float
    similar: float
    measured_on: str


def measure_grouping(
    encoder: Encoder, vocabulary: Vocabulary, shown: Sequence[Photo], photos: Vectors
) -> Grouping:
    """`photos` are the vectors of the photos shown."""
    changed = [copies(photo) for photo in shown]
    copied = [embed(encoder, [each[kind] for each in changed]) for kind in changed[0]]
    found = labelled(encoder, vocabulary, shown)
    threshold = best_threshold(found)
    everything = np.stack([photos, *copied])
    alike = _of_different_photos(everything)
    features = _of_different_photos(unit(everything[..., encoder.space.features_from :]))
    return Grouping(
        cluster_threshold=threshold,
        same_picture_features=_up(float(features.max())),
        similar=_up(float(np.quantile(alike, 1 - 1 / _PAIRS))),
        measured_on=_describe(found, threshold, len(shown)),
    )


def best_threshold(found: Labelled) -> float:
    """Under which the clusters are nearest to both truths, scenes and kinds."""
    return float(max(_THRESHOLDS, key=lambda threshold: sum(agreement(found, threshold))))


def agreement(found: Labelled, threshold: float) -> tuple[float, float]:
    """The adjusted Rand index of the clusters with the scenes, and with the kinds."""
    home = arriving(found, threshold, _EVERYTHING, seed=0)
    return adjusted_rand(found.scene, home), adjusted_rand(found.kind, home)


def _of_different_photos(everything: Vectors) -> Vectors:
    """The cosines of pairs of pictures; of each kind of copy there is one for each photo."""
    flat = everything.reshape(-1, everything.shape[-1])
    photo = np.tile(np.arange(everything.shape[1]), len(everything))
    cosines: Vectors = (flat @ flat.T)[photo[:, None] < photo]
    return cosines


def _describe(found: Labelled, threshold: float, photos: int) -> str:
    scene, kind = agreement(found, threshold)
    halves = [found.those(found.scene % 2 == at) for at in (0, 1)]
    judged = [
        agreement(judge, best_threshold(chosen_on)) for chosen_on, judge in (halves, halves[::-1])
    ]
    by_scene, by_kind = np.mean(judged, axis=0)
    return (
        f"{photos} photos with copies, {len(found.vectors)} in all: adjusted Rand index "
        f"{scene:.2f} by scene, {kind:.2f} by kind; threshold found on one half and measured on "
        f"the other: {by_scene:.2f} and {by_kind:.2f}"
    )


def _up(cosine: float) -> float:
    return min(1.0, math.ceil(cosine * 100) / 100)
