"""When two pictures are the same one: every piece of evidence has to agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mammothbox.clustering.assignment import unit
from mammothbox.clustering.sameness import Bounds, Evidence, Picture, compare, features, verdict

BOUNDS = Bounds(same_features=0.93, similar=0.85)
# Everything speaks for the same picture.
ALIKE = Evidence(
    distance=2,
    features=0.99,
    cosine=0.99,
    colours=0.99,
    detail=1.4,
    change=4.0,
    mean_change=0.6,
)


def test_a_copy_is_the_same() -> None:
    assert verdict(ALIKE, BOUNDS) == "same"


def test_a_near_hash_needs_no_features() -> None:
    assert verdict(replace(ALIKE, distance=4, features=0.4, cosine=0.5), BOUNDS) == "same"


@pytest.mark.parametrize(("cosine", "expected"), [(0.99, "similar"), (0.5, "different")])
def test_a_farther_hash_needs_features_above_the_space_s_bound(
    cosine: float, expected: str
) -> None:
    farther = replace(ALIKE, distance=12, cosine=cosine)

    assert verdict(farther, BOUNDS) == "same"
    assert verdict(replace(farther, features=0.92), BOUNDS) == expected
    assert verdict(replace(farther, distance=13), BOUNDS) == expected


def test_other_colours_are_another_picture() -> None:
    assert verdict(replace(ALIKE, colours=0.98), BOUNDS) == "same"
    assert verdict(replace(ALIKE, colours=0.97), BOUNDS) == "similar"
    assert verdict(replace(ALIKE, colours=0.8, cosine=0.2), BOUNDS) == "different"


def test_where_there_is_little_to_see_every_pixel_counts() -> None:
    page = replace(ALIKE, detail=0.6)

    assert verdict(page, BOUNDS) == "same"
    assert verdict(replace(page, change=9.0, mean_change=2.4), BOUNDS) == "same"
    assert verdict(replace(page, change=8.0, mean_change=0.1), BOUNDS) == "similar"
    assert verdict(replace(page, change=9.0, mean_change=6.0), BOUNDS) == "similar"


def test_what_could_not_be_compared_is_not_the_same() -> None:
    unknown = replace(ALIKE, detail=None, colours=None, change=None, mean_change=None)

    assert verdict(unknown, BOUNDS) == "similar"


def test_the_evidence_of_two_pictures() -> None:
    random = np.random.default_rng(3)
    vectors = unit(random.normal(size=(2, 10)))
    small = random.integers(0, 200, 768).astype(np.uint8)
    one = Picture(0b1011, 1.2, small.tobytes(), vectors[0], features_from=6)
    other = Picture(0b0001, 0.9, (small + 40).tobytes(), vectors[1], features_from=6)

    found = compare(one, other)

    assert found.distance == 2
    assert np.isclose(found.cosine, vectors[0] @ vectors[1])
    assert np.isclose(found.features, unit(vectors[0, 6:]) @ unit(vectors[1, 6:]))
    assert np.isclose(found.colours or 0, 1)
    assert (found.detail, found.change, found.mean_change) == (0.9, 40, 40)
    assert np.isclose(np.linalg.norm(features(one)), 1)


def test_one_colour_correlates_with_nothing() -> None:
    flat = Picture(0, 0.0, bytes(768), np.eye(3, dtype=np.float32)[0])

    assert compare(flat, flat).colours == 0


def test_without_a_miniature_there_is_less_evidence() -> None:
    old = Picture(0, None, None, np.eye(3, dtype=np.float32)[0])

    found = compare(old, replace(old, detail=1.2))

    assert (found.colours, found.detail, found.change) == (None, None, None)


def test_a_fine_miniature_is_compared_with_a_coarse_one() -> None:
    coarse = np.random.default_rng(1).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    fine = coarse.repeat(2, axis=0).repeat(2, axis=1)
    vector = np.eye(3, dtype=np.float32)[0]

    found = compare(
        Picture(0, 1.05, fine.tobytes(), vector), Picture(0, 1.2, coarse.tobytes(), vector)
    )

    assert found.change == 0
    assert found.colours == pytest.approx(1)
