"""How a worker is doing, told from figures."""

from __future__ import annotations

from datetime import timedelta

import pytest
from mammothbox.queues import Depth
from mammothbox.workload import PATIENCE, condition

LONG = PATIENCE + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("depth", "waits", "ended", "told"),
    [
        (Depth(0, 0), None, 0, "idle"),
        (Depth(0, 0), None, 9, "idle"),
        (Depth(3, 0), None, 0, "working"),
        (Depth(0, 1), None, 0, "working"),
        (Depth(0, 0), PATIENCE, 0, "working"),
        (Depth(0, 0), LONG, 1, "behind"),
        (Depth(5, 5), LONG, 0, "stuck"),
    ],
)
def test_only_what_waits_too_long_is_a_reason_to_worry(
    depth: Depth, waits: timedelta | None, ended: int, told: str
) -> None:
    assert condition(depth, waits, ended) == told
