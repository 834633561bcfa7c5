"""Resizing for encoders gives the pixels that torchvision gives for a Pillow picture."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mammothbox.media.pixels import resize
from PIL import Image

from tests.unit.media.pictures import scene


def numbered(width: int, height: int) -> np.ndarray:
    """Every pixel tells its column and its row."""
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([columns, rows, rows * 0], axis=-1).astype(np.uint8)


@pytest.mark.parametrize(
    ("width", "height", "crop", "left", "top"),
    [
        (8, 4, 4, 2, 0),
        (4, 8, 4, 0, 2),
        # Halves are rounded to even: 1.5 to 2, 2.5 to 2, 0.5 to 0.
        (7, 4, 4, 2, 0),
        (9, 4, 4, 2, 0),
        (5, 5, 4, 0, 0),
        (4, 4, 2, 1, 1),
    ],
)
def test_the_middle_is_cropped(width: int, height: int, crop: int, left: int, top: int) -> None:
    """Given a short side that is right already, exactly the middle is taken."""
    pixels = numbered(width, height)

    found = resize(pixels, short_side=min(width, height), crop=crop, resample="bicubic")

    assert np.array_equal(found, pixels[top : top + crop, left : left + crop])


@pytest.mark.parametrize(
    ("width", "height", "resized"),
    [
        (640, 427, (335, 224)),
        (427, 640, (224, 335)),
        (1024, 768, (298, 224)),
        (100, 100, (224, 224)),
        (3, 1000, (224, 74666)),
    ],
)
@pytest.mark.parametrize("resample", ["bicubic", "bilinear"])
def test_the_long_side_is_truncated(
    width: int,
    height: int,
    resized: tuple[int, int],
    resample: Literal["bicubic", "bilinear"],
) -> None:
    picture = scene(width, height)
    method = Image.Resampling[resample.upper()]
    left, top = round((resized[0] - 224) / 2), round((resized[1] - 224) / 2)
    whole = np.asarray(picture.resize(resized, method))

    found = resize(np.asarray(picture), short_side=224, crop=224, resample=resample)

    assert np.array_equal(found, whole[top : top + 224, left : left + 224])


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 64), st.floats(0.1, 1))
@settings(deadline=None)
def test_any_shape_yields_the_square_asked_for(
    width: int, height: int, short_side: int, part: float
) -> None:
    crop = max(int(short_side * part), 1)

    found = resize(numbered(width, height), short_side=short_side, crop=crop, resample="bicubic")

    assert found.shape == (crop, crop, 3)
    assert found.dtype == np.uint8


def test_a_crop_larger_than_the_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        resize(numbered(9, 9), short_side=8, crop=9, resample="bicubic")
