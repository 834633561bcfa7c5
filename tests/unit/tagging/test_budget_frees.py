"""When a spent budget is free again."""

from __future__ import annotations

from datetime import date

import pytest
from mammothbox.tagging.budget import Refusal, frees_on


@pytest.mark.parametrize(
    ("code", "today", "free"),
    [
        ("daily_budget_spent", date(2026, 11, 21), date(2026, 11, 22)),
        ("daily_budget_spent", date(2026, 12, 31), date(2027, 1, 1)),
        ("monthly_budget_spent", date(2026, 1, 1), date(2026, 2, 1)),
        ("monthly_budget_spent", date(2026, 1, 31), date(2026, 2, 1)),
        ("monthly_budget_spent", date(2028, 2, 29), date(2028, 3, 1)),
        ("monthly_budget_spent", date(2026, 12, 15), date(2027, 1, 1)),
    ],
)
def test_a_budget_is_free_again_when_its_day_or_month_is_over(
    code: Refusal, today: date, free: date
) -> None:
    assert frees_on(code, today) == free
