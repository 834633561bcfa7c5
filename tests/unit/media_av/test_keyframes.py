"""Which of a film's pictures are picked."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.media.keyframes import candidate_times, frames_wanted, pick
from mammothbox.media.shots import Shot
from PIL import Image, ImageFilter

from tests.unit.media_av.making import Picture, flat, noise, scene

durations = st.one_of(st.none(), st.fractions(0, 1_000_000))
pictures = st.one_of(
    st.integers(0, 5).map(scene),
    st.integers(0, 255).map(flat),
    st.tuples(st.integers(1, 40), st.integers(1, 40)).map(lambda size: noise(1, *size)),
)


def shot(picture: Picture, at_ms: int = 0) -> Shot:
    height, width = picture.shape[:2]
    return Shot(at_ms, picture, (width, height), 1)


def blurred(picture: Picture, radius: int) -> Picture:
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


@given(durations, st.integers(1, 16))
def test_a_frame_for_every_ten_seconds_within_bounds(duration: Fraction | None, most: int) -> None:
    wanted = frames_wanted(duration, most)

    assert 1 <= wanted <= most
    assert wanted in {1, most} or wanted <= (duration or 0) / 10 < wanted + 1


@given(durations, st.integers(1, 16))
def test_candidates_lie_within_the_film_in_equal_steps(
    duration: Fraction | None, wanted: int
) -> None:
    times = candidate_times(duration, wanted)

    assert len(times) == 3 * wanted
    assert all(0 < time < (duration or 1) for time in times)
    assert len({after - time for time, after in pairwise(times)}) == 1


@given(st.lists(pictures, max_size=12), st.integers(1, 4))
def test_no_more_than_wanted_none_twice_and_none_blank(
    candidates: list[Picture], wanted: int
) -> None:
    shots = [shot(picture, number) for number, picture in enumerate(candidates)]

    picked = pick(shots, wanted)

    assert len(picked) <= wanted
    assert len({one.at_ms for one in picked}) == len(picked)
    assert all(one.pixels.std() > 0 for one in picked)
    visible = sum(picture.shape == (120, 160, 3) and picture.std() > 20 for picture in candidates)
    assert len(picked) >= min(wanted, visible)


def test_the_sharpest_comes_first() -> None:
    shots = [shot(blurred(scene(1), radius), radius) for radius in (4, 1, 8)]

    assert [one.at_ms for one in pick(shots, 1)] == [1]


def test_another_scene_is_worth_more_than_a_sharper_picture_of_the_same() -> None:
    shots = [shot(scene(1), 0), shot(scene(1), 1), shot(blurred(scene(2), 2), 2)]

    assert [one.at_ms for one in pick(shots, 2)] == [0, 2]


def test_black_white_and_grey_are_blank() -> None:
    assert pick([shot(flat(level)) for level in (0, 16, 128, 255)], 3) == []
