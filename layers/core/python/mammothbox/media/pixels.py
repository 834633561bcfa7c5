"""Exact resizing for encoders, which never touch Pillow themselves."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_FILTERS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
}


def resize(
    pixels: NDArray[np.uint8],
    *,
    short_side: int,
    crop: int,
    resample: Literal["bicubic", "bilinear"],
) -> NDArray[np.uint8]:
    """The short side resized to `short_side`, then the middle `crop` x `crop` of it.

    The same pixels as torchvision's `Resize` and `CenterCrop` give for a Pillow picture: the
    long side is truncated, the corner of the crop is rounded to even. `crop` is at most
    `short_side`.
    """
    if crop > short_side:
        raise ValueError(f"a crop of {crop} does not fit into a short side of {short_side}")
    height, width = pixels.shape[:2]
    if width <= height:
        size = (short_side, int(short_side * height / width))
    else:
        size = (int(short_side * width / height), short_side)
    resized = Image.fromarray(pixels).resize(size, _FILTERS[resample])
    left = round((size[0] - crop) / 2)
    top = round((size[1] - crop) / 2)
    return np.asarray(resized.crop((left, top, left + crop, top + crop)))
