"""Whether an owner may have more tokens: the arithmetic; the figures are the catalogue's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Refusal = Literal["daily_budget_spent", "monthly_budget_spent"]


@dataclass(frozen=True)
class Limits:
    """Tokens an owner may use in a day and in a month, by UTC. `None` is no limit."""

    daily: int | None = None
    monthly: int | None = None


@dataclass(frozen=True)
class Used:
    """Tokens of one owner: settled ones, and those reserved for answers still to come."""

    spent_today: int
    reserved_today: int
    spent_this_month: int
    reserved_this_month: int


def refusal(tokens: int, used: Used, limits: Limits) -> Refusal | None:
    """Why `tokens` more may not be reserved, or `None` if they may.

    What is reserved counts as spent, so that any number of pictures at once stay within.
    """
    if _exceeds(used.spent_today + used.reserved_today + tokens, limits.daily):
        return "daily_budget_spent"
    if _exceeds(used.spent_this_month + used.reserved_this_month + tokens, limits.monthly):
        return "monthly_budget_spent"
    return None


def frees_on(code: Refusal, today: date) -> date:
    """The day, by UTC, on which what is spent today counts no more."""
    if code == "daily_budget_spent":
        return today + timedelta(days=1)
    return (today.replace(day=1) + timedelta(days=31)).replace(day=1)


def _exceeds(tokens: int, limit: int | None) -> bool:
    return limit is not None and tokens > limit
