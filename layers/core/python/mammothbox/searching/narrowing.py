"""Filters on top of filters: what matches both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from mammothbox.searching.filters import NOTHING, Filters, Range


class Contradiction(ValueError):
    """Two filters cannot be held to at once; the message names what they are about."""


def both(one: Filters, other: Filters) -> Filters:
    """What matches one and the other. Raises `Contradiction` when nothing ever could."""
    changed = {
        name: _BOTH[name](name, getattr(one, name), getattr(other, name))
        for name in _BOTH
        if getattr(other, name) != getattr(NOTHING, name)
    }
    return replace(one, **changed)


def _united(name: str, one: frozenset[Any], other: frozenset[Any]) -> frozenset[Any]:
    return one | other


def _common(name: str, one: frozenset[Any], other: frozenset[Any]) -> frozenset[Any]:
    common = one & other if one and other else one | other
    if not common:
        raise Contradiction(name)
    return common


def _same(name: str, one: object, other: object) -> object:
    if one is not None and one != other:
        raise Contradiction(name)
    return other


def _stricter(name: str, one: str, other: str) -> str:
    if one not in (NOTHING.duplicates, other):
        raise Contradiction(name)
    return other


def _later(name: str, one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _earlier(name: str, one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def _overlap(name: str, one: Range | None, other: Range) -> Range:
    if one is None:
        return other
    least = [each.least for each in (one, other) if each.least is not None]
    most = [each.most for each in (one, other) if each.most is not None]
    overlap = Range(max(least, default=None), min(most, default=None))
    if overlap.least is not None and overlap.most is not None and overlap.least > overlap.most:
        raise Contradiction(name)
    return overlap


_BOTH: Mapping[str, Callable[[str, Any, Any], Any]] = {
    "kinds": _common,
    "not_kinds": _united,
    "all_tags": _united,
    "any_tags": _united,
    "no_tags": _united,
    "clusters": _common,
    "not_clusters": _united,
    "collection": _same,
    "at_from": _later,
    "at_to": _earlier,
    "boxes": _united,
    "circles": _united,
    "camera": _united,
    "lens": _united,
    "size_bytes": _overlap,
    "duration_ms": _overlap,
    "rating": _overlap,
    "orientation": _same,
    "has_caption": _same,
    "has_place": _same,
    "duplicates": _stricter,
    "without": _united,
}
