"""Which pictures stand for a film: sharp ones of different scenes, none black or blank."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from mammothbox.media.shots import Shot

_SECONDS_A_FRAME = 10
_CANDIDATES_A_FRAME = 3
# Judged on a smaller picture: noise and compression count less there.
_JUDGED_SIDE = 512
_GIST_SIDE = 16
# Spread of brightness (0 to 255) below which there is nothing to see.
_BLANK_SPREAD = 6.0
# What a second picture of the same scene is worth, next to one of another scene.
_SAME_SCENE = 0.05


@dataclass(frozen=True)
class _Judged:
    shot: Shot
    sharpness: float
    is_blank: bool
    gist: NDArray[np.float32]


def frames_wanted(duration_s: Fraction | None, most: int) -> int:
    """One every ten seconds, at least one, at most `most`."""
    return min(most, max(1, int((duration_s or 0) / _SECONDS_A_FRAME)))


def candidate_times(duration_s: Fraction | None, wanted: int) -> list[Fraction]:
    """Where to look: in the middle of equal parts, and so never at the very start or end.

    Of a film that does not say how long it is, its first second.
    """
    count = wanted * _CANDIDATES_A_FRAME
    part = (duration_s or Fraction(1)) / count
    return [part * place + part / 2 for place in range(count)]


def pick(shots: Sequence[Shot], wanted: int) -> list[Shot]:
    """The best shots, the best first: at most `wanted`, and none that is blank.

    The first is the sharpest. Each further one is worth its sharpness times its difference
    to those already picked.
    """
    left = [judged for judged in map(_judge, shots) if not judged.is_blank]
    picked: list[_Judged] = []
    while left and len(picked) < wanted:
        best = max(range(len(left)), key=lambda place: _worth(left[place], picked))
        picked.append(left.pop(best))
    return [one.shot for one in picked]


def _worth(one: _Judged, picked: Sequence[_Judged]) -> float:
    news = min((float(np.abs(one.gist - other.gist).mean()) for other in picked), default=1.0)
    # The logarithm: twice as sharp is not twice as good.
    return math.log1p(one.sharpness) * (_SAME_SCENE + news)


def _judge(shot: Shot) -> _Judged:
    small = _shrunk(shot.pixels)
    luma = small.mean(axis=2)
    rows, columns = (np.linspace(0, side - 1, _GIST_SIDE).astype(int) for side in small.shape[:2])
    return _Judged(
        shot,
        sharpness=_sharpness(luma),
        is_blank=float(luma.std()) < _BLANK_SPREAD,
        gist=small[rows][:, columns] / 255,
    )


def _shrunk(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    step = max(1, max(pixels.shape[:2]) // _JUDGED_SIDE)
    height, width = (max(1, side // step) for side in pixels.shape[:2])
    blocks = pixels[: height * step, : width * step].astype(np.float32)
    if min(pixels.shape[:2]) < step:
        return blocks
    shrunk: NDArray[np.float32] = blocks.reshape(height, step, width, step, 3).mean(axis=(1, 3))
    return shrunk


def _sharpness(luma: NDArray[np.float32]) -> float:
    """How much neighbouring pixels differ (the spread of the Laplacian)."""
    padded = np.pad(luma, 1, mode="edge")
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return float((around - 4 * luma).std())
