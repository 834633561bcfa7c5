"""Which copy is suggested for keeping, and the reason its owner reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from mammothbox.clustering.keeper import Copy, keeper

JPEG = Copy(
    UUID(int=1), 4000, 3000, "image/jpeg", 3_200_000, datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
)


def other(number: int, **changes: Any) -> Copy:
    return replace(JPEG, asset_id=UUID(int=number), **changes)


@pytest.mark.parametrize(
    ("better", "reason"),
    [
        (
            other(2, width=6000, height=4000, size_bytes=1),
            "It has the most pixels: 6000 × 4000; the next has 4000 × 3000.",
        ),
        (
            other(2, content_type="image/x-nikon-nef", size_bytes=1),
            "Of those with the most pixels it is in the better format: RAW, not JPEG.",
        ),
        (
            other(2, content_type="image/heic", size_bytes=1),
            "Of those with the most pixels it is in the better format: HEIC, not JPEG.",
        ),
        (
            other(2, size_bytes=4_100_000),
            "Pixels and format are the same, and it has more bytes: 4.1 MB, not 3.2 MB.",
        ),
        (
            other(2, size_bytes=3_200_001),
            "Pixels and format are the same, and it has more bytes: 3,200,001 bytes, "
            "not 3,200,000.",
        ),
        (
            other(2, arrived_at=JPEG.arrived_at - timedelta(days=1)),
            "The copies do not differ, and it came first: 2026-02-28 09:30.",
        ),
    ],
)
def test_the_better_copy_is_kept_whatever_the_order(better: Copy, reason: str) -> None:
    for copies in permutations([better, JPEG]):
        found = keeper(copies)

        assert found.asset_id == better.asset_id
        assert found.reason == reason


def test_formats_from_best_to_worst() -> None:
    types = ["image/x-adobe-dng", "image/png", "image/avif", "image/webp", "image/gif"]
    copies = [other(number, content_type=each) for number, each in enumerate(types)]

    for at in range(len(copies)):
        assert keeper(copies[at:][::-1]).asset_id == copies[at].asset_id


def test_of_several_the_reason_is_what_the_last_choice_fell_on() -> None:
    small = other(2, width=800, height=600, content_type="image/png", size_bytes=9_000_000)
    larger = other(3, size_bytes=3_900_000)

    found = keeper([small, JPEG, larger])

    assert found.asset_id == larger.asset_id
    assert "more bytes" in found.reason


def test_copies_without_a_size_in_pixels_come_last() -> None:
    unknown = other(2, width=None, height=None, size_bytes=99_000_000)

    assert keeper([unknown, JPEG]).asset_id == JPEG.asset_id
    assert "an unknown size" in keeper([unknown, JPEG]).reason


def test_copies_that_do_not_differ() -> None:
    twin = other(2)

    assert keeper([twin, JPEG]).asset_id == JPEG.asset_id
    assert keeper([JPEG]).reason == "The copies do not differ."
