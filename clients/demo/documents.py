"""The demonstration's JSON: orders, which all look alike, and events, of which no two do."""

from __future__ import annotations

from random import Random
from typing import Any

_COUNTRIES = ("DE", "FR", "JP", "US")
_ITEMS = ("tent", "rope", "lamp", "stove", "boots")


def orders(many: int, turn: int) -> list[dict[str, Any]]:
    """The same fields of the same types in each: what belongs into a table of its own."""
    chance = Random(turn)  # noqa: S311 (nothing secret)
    return [
        {
            "order_id": turn * 1000 + number,
            "placed_at": f"2026-{1 + number % 12:02}-{1 + number % 28:02}T{number % 24:02}:15:00Z",
            "customer": f"c{chance.randrange(12):03}",
            "country": chance.choice(_COUNTRIES),
            "item": chance.choice(_ITEMS),
            "quantity": chance.randrange(1, 6),
            "total": chance.randrange(500, 50_000) / 100,
            "paid": chance.choice((True, True, True, False)),
        }
        for number in range(many)
    ]


def events(many: int, turn: int) -> list[dict[str, Any]]:
    """Now this, now that, and the same field with other types: what stays as it came."""
    chance = Random(-turn)  # noqa: S311 (nothing secret)
    shapes: list[dict[str, Any]] = [
        {"click": {"at": [3, 14], "on": {"button": "send", "inside": {"form": "sign-up"}}}},
        {"value": 21.5, "unit": "°C", "sensor": {"room": {"floor": 2, "name": "attic"}}},
        {"value": "offline", "sensor": "s-17"},
        {"value": [1, "two", {"three": 3}], "notes": [{"by": "ada", "text": "odd"}]},
        {"error": {"code": 503, "trace": [{"file": "a.py", "line": 7}], "again": True}},
    ]
    return [
        {"event": f"{turn}-{number}", "at": chance.randrange(10**9), **shapes[number % len(shapes)]}
        for number in range(many)
    ]
