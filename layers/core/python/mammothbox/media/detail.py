"""What keeps the perceptual hash honest: how much there is to see, and a miniature in colour.

The hash knows no colours: an icon in blue and in orange differ in few of its bits. Of a flat
colour it is noise, and pages of text, which differ in their words, it finds much alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Looked at in this size, in steps of so many levels of grey.
_SIDE = 64
_STEP = 8
# Bits of entropy in the levels of grey, and in the steps from one pixel to the next, from which
# on a picture has detail. Text has few levels; a slope has many levels and no steps.
_LEVELS = 2.7
_STEPS = 0.9
# Where there is little detail, or hardly enough, the miniature is a fine one.
_FINE_BELOW = 1.1
_FINE_SIDE, _COARSE_SIDE = 32, 16


def detail(picture: Image.Image) -> float:
    """From 1 on there is enough to see for the hash to be trusted; 0 is one colour."""
    grey = np.asarray(_small(picture, _SIDE).convert("L")).astype(np.int64)
    steps = np.concatenate([np.abs(np.diff(grey, axis=axis)).ravel() for axis in (0, 1)])
    return min(_entropy(grey.ravel() // _STEP) / _LEVELS, _entropy(steps // _STEP) / _STEPS)


def miniature(picture: Image.Image) -> bytes:
    """The picture in 16 x 16 pixels, rows of red, green and blue, or where there is little to see
    in 32 x 32."""
    side = _FINE_SIDE if detail(picture) < _FINE_BELOW else _COARSE_SIDE
    return _small(picture, side).tobytes()


def _small(picture: Image.Image, side: int) -> Image.Image:
    # Bilinear: others let edges move by a part of a pixel when a copy has another size.
    return picture.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)


def _entropy(values: NDArray[np.int64]) -> float:
    counted = np.bincount(values)
    shares = counted[counted > 0] / len(values)
    return max(0.0, float(-(shares * np.log2(shares)).sum()))
