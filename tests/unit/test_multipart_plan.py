"""The plan of a multipart upload keeps within S3's limits for every size there is."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mammothbox.settings import MEBIBYTE
from mammothbox.storage.multipart import MAX_OBJECT, MAX_PARTS, plan_parts

# S3's own: all parts but the last have at least 5 MiB, and none has more than 5 GiB.
S3_LEAST = 5 * MEBIBYTE
S3_MOST = 5 * 1024 * MEBIBYTE


@given(st.integers(1, MAX_OBJECT))
@example(1)
@example(8 * MEBIBYTE)
@example(8 * MEBIBYTE + 1)
@example(8 * MEBIBYTE * MAX_PARTS)
@example(8 * MEBIBYTE * MAX_PARTS + 1)
@example(MAX_OBJECT)
def test_every_size_has_a_plan_that_s3_accepts(size: int) -> None:
    plan = plan_parts(size)

    assert 1 <= plan.count <= MAX_PARTS
    assert S3_LEAST <= plan.size <= S3_MOST
    assert plan.size % MEBIBYTE == 0
    assert plan.size * (plan.count - 1) < size <= plan.size * plan.count


@pytest.mark.parametrize(
    ("size", "part_mib", "count"),
    [
        (1, 8, 1),
        (30 * MEBIBYTE, 8, 4),
        (8 * MEBIBYTE * MAX_PARTS, 8, MAX_PARTS),
        (8 * MEBIBYTE * MAX_PARTS + 1, 9, 8889),
        (MAX_OBJECT, 477, 9997),
    ],
)
def test_some_plans(size: int, part_mib: int, count: int) -> None:
    plan = plan_parts(size)

    assert (plan.size, plan.count) == (part_mib * MEBIBYTE, count)
