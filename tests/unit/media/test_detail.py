"""How much there is to see in a picture, and its miniature."""

from __future__ import annotations

import numpy as np
import pytest
from mammothbox.media.detail import detail, miniature
from PIL import Image, ImageDraw

SIZE = (400, 300)


def slope() -> Image.Image:
    return Image.linear_gradient("L").resize(SIZE).convert("RGB")


def page() -> Image.Image:
    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    for line in range(12):
        pen.text((20, 12 + 23 * line), "many words in a row " * 3, fill="black")
    return picture


def busy() -> Image.Image:
    blocks = np.random.default_rng(1).integers(0, 256, (15, 20, 3)).astype(np.uint8)
    return Image.fromarray(blocks).resize(SIZE, Image.Resampling.BICUBIC)


@pytest.mark.parametrize("picture", [Image.new("RGB", SIZE, "teal"), slope(), page()])
def test_flat_colours_slopes_and_text_have_little_to_see(picture: Image.Image) -> None:
    assert detail(picture) < 1


def test_a_colour_has_nothing_and_a_busy_picture_enough() -> None:
    assert detail(Image.new("RGB", SIZE, "red")) == 0
    assert detail(busy()) > 1


def test_detail_does_not_depend_on_the_size() -> None:
    for picture in (busy(), page()):
        half = picture.resize((200, 150), Image.Resampling.LANCZOS)

        assert detail(half) == pytest.approx(detail(picture), rel=0.1)


@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA"])
def test_a_miniature_is_in_colour(mode: str) -> None:
    small = miniature(Image.new("RGB", SIZE, (200, 30, 40)).convert(mode))

    pixels = np.frombuffer(small, np.uint8).reshape(32, 32, 3)
    # A palette makes do with what it has.
    assert np.abs(pixels - [200.0, 30, 40]).max() <= 1


def test_a_miniature_is_finer_where_there_is_little_to_see() -> None:
    assert len(miniature(page())) == 32 * 32 * 3
    assert len(miniature(busy())) == 16 * 16 * 3


def test_a_miniature_does_not_depend_on_the_size() -> None:
    half = busy().resize((200, 150), Image.Resampling.LANCZOS)

    one, other = (np.frombuffer(miniature(each), np.uint8) for each in (busy(), half))

    assert np.abs(one.astype(int) - other).max() <= 4
