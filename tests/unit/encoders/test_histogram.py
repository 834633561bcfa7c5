"""The fallback without a model compares pictures, and says that it cannot do more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mammothbox.encoders.encoder import Pixels
from mammothbox.encoders.histogram import SPACE, open_histogram
from mammothbox.errors import Permanent

ENCODER = open_histogram()


def scene(sky: tuple[int, int, int], ground: tuple[int, int, int]) -> Pixels:
    """A horizon and a sun: enough shape for a perceptual hash."""
    picture = np.empty((90, 120, 3), np.uint8)
    picture[:50], picture[50:] = sky, ground
    picture[10:30, 80:100] = (250, 220, 60)
    return picture


DAY = scene((90, 150, 230), (40, 120, 40))


def test_its_space_says_what_it_is() -> None:
    assert ENCODER.space == SPACE
    assert ENCODER.space.name == "histogram"
    assert "colour histogram" in ENCODER.space.model


def test_a_smaller_copy_is_nearer_than_another_picture() -> None:
    copy = DAY[::2, ::2]
    other = scene((20, 20, 40), (200, 200, 205))[:, ::-1]

    original, near, far = ENCODER.embed_images([DAY, np.ascontiguousarray(copy), other])

    assert original @ near > 0.95
    assert original @ near > original @ far + 0.2


def test_colours_tell_pictures_of_one_shape_apart() -> None:
    recoloured = scene((230, 90, 90), (120, 40, 120))

    original, other = ENCODER.embed_images([DAY, recoloured])

    assert original @ other < 0.8


def test_shapes_tell_pictures_of_the_same_colours_apart() -> None:
    turned = np.ascontiguousarray(DAY[::-1])

    original, other = ENCODER.embed_images([DAY, turned])

    assert original @ other < 0.8


@settings(deadline=None, max_examples=25)
@given(height=st.integers(1, 300), width=st.integers(1, 300), value=st.integers(0, 255))
def test_any_picture_has_a_unit_vector(height: int, width: int, value: int) -> None:
    (vector,) = ENCODER.embed_images([np.full((height, width, 3), value, np.uint8)])

    assert vector.shape == (SPACE.dimension,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_no_pictures_no_vectors() -> None:
    assert ENCODER.embed_images([]).shape == (0, SPACE.dimension)


def test_words_have_no_place_in_this_space() -> None:
    with pytest.raises(Permanent, match="cannot be searched for by words"):
        ENCODER.embed_texts(["a cat"])
