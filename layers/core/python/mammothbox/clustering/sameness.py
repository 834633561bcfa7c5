"""When two pictures are the same one, and when they are only alike.

The perceptual hash finds the candidates. It never decides alone: colours have to agree, from a
certain distance on what the encoder saw has to, and where there is little to see every pixel of
the miniatures. Bytes that are equal need none of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mammothbox.clustering.assignment import Vector, unit

# Bits of the hash: re-encoded and resized pictures lie within the first; beyond the second, too
# many different pictures are as near.
NEAR = 4
FAR = 12
# How well colours have to agree: re-encoded pictures' do. In another shot from nearly the same
# place they no longer do, nor in a picture of the same shapes in other colours.
_COLOURS = 0.98
# From here on the hash sees enough.
_DETAIL = 1.0
# Re-encoding changes all pixels of a miniature a little, and none much more than the others;
# another line of text changes some.
_MOST_MEAN_CHANGE = 3.0
_MOST_CHANGE = 5.0
_MOST_OVER_MEAN = 4.0

Verdict = Literal["same", "similar", "different"]


@dataclass(frozen=True)
class Picture:
    """What a picture is compared by. `vector` is its own in the space, and `features_from` the
    first of the vector's components that are the picture's own features.

    `detail` and `miniature` are those of `mammothbox.media.detail`; both are missing from what
    was understood before there were any.
    """

    phash: int
    detail: float | None
    miniature: bytes | None
    vector: Vector
    features_from: int = 0


@dataclass(frozen=True)
class Evidence:
    """How alike two pictures are: bits between the hashes, cosines of features and vectors, the
    colours' correlation, and how much there is to see in the one with less.

    `change` is the largest difference between two pixels of the miniatures, and `mean_change`
    the mean one, in levels of 255. What could not be compared is `None`.
    """

    distance: int
    features: float
    cosine: float
    colours: float | None
    detail: float | None
    change: float | None
    mean_change: float | None


@dataclass(frozen=True)
class Bounds:
    """A space's: from which cosine of features on pictures may be the same, and from which
    cosine of vectors on they are shown as similar."""

    same_features: float
    similar: float


def compare(one: Picture, other: Picture) -> Evidence:
    """The evidence; `other` is of the same space."""
    small, its = _pixels(one.miniature, other.miniature), _pixels(other.miniature, one.miniature)
    change = None if small is None or its is None else np.abs(small - its)
    details = [each for each in (one.detail, other.detail) if each is not None]
    return Evidence(
        distance=(one.phash ^ other.phash).bit_count(),
        features=float(features(one) @ features(other)),
        cosine=float(one.vector @ other.vector),
        colours=None if small is None or its is None else _correlation(small, its),
        detail=min(details) if len(details) == len((one, other)) else None,
        change=None if change is None else float(change.max()),
        mean_change=None if change is None else float(change.mean()),
    )


def verdict(evidence: Evidence, bounds: Bounds) -> Verdict:
    """What the evidence says. Two pictures are the same only where all of it does."""
    if _is_same(evidence, bounds):
        return "same"
    return "similar" if evidence.cosine >= bounds.similar else "different"


def features(picture: Picture) -> Vector:
    """What the encoder saw, without what it made of it, at length one."""
    return unit(picture.vector[picture.features_from :])


def _is_same(evidence: Evidence, bounds: Bounds) -> bool:
    if evidence.distance > FAR:
        return False
    if evidence.distance > NEAR and evidence.features < bounds.same_features:
        return False
    if evidence.detail is None or evidence.colours is None:
        return False
    if evidence.detail < _DETAIL:
        return _pixels_agree(evidence)
    return evidence.colours >= _COLOURS


def _pixels_agree(evidence: Evidence) -> bool:
    most, mean = evidence.change, evidence.mean_change
    if most is None or mean is None:
        return False
    return mean <= _MOST_MEAN_CHANGE and most <= _MOST_CHANGE + _MOST_OVER_MEAN * mean


def _pixels(miniature: bytes | None, other: bytes | None) -> NDArray[np.float64] | None:
    """A miniature's pixels, as few as the other one has; none where one is missing."""
    if miniature is None or other is None:
        return None
    pixels = np.frombuffer(miniature, np.uint8).astype(np.float64)
    if len(pixels) > len(other):
        side = round((len(pixels) / 3) ** 0.5) // 2
        pixels = pixels.reshape(side, 2, side, 2, 3).mean(axis=(1, 3)).ravel()
    return pixels


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """1 for copies and for brighter ones; 0 where there is nothing to compare."""
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / scale if scale > 0 else 0.0
