"""What two pictures can be compared by without any model: their colours and their shapes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mammothbox.media.phash import perceptual_hash

# Colours are counted on a picture of this size, in so many steps of red, of green and of blue.
_SIDE = 64
_STEPS = 4
COLOURS = _STEPS**3
SHAPES = 64


def colours(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The share of each of the `COLOURS` colours; they add up to one."""
    small = Image.fromarray(pixels).resize((_SIDE, _SIDE), Image.Resampling.BOX)
    steps = np.asarray(small).reshape(-1, 3) // (256 // _STEPS)
    colour = steps @ np.array([_STEPS * _STEPS, _STEPS, 1])
    counted = np.bincount(colour, minlength=COLOURS)
    shares: NDArray[np.float32] = (counted / counted.sum()).astype(np.float32)
    return shares


def shapes(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The `SHAPES` bits of the perceptual hash as 1 and -1."""
    bits = bytes.fromhex(perceptual_hash(Image.fromarray(pixels)))
    return np.unpackbits(np.frombuffer(bits, np.uint8)).astype(np.float32) * np.float32(2) - 1
