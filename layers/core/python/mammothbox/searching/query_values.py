"""The values of filters in a query text: times, sizes, ranges and places.

All raise `ValueError` saying what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil, floor, inf, isfinite

from mammothbox.searching.filters import Box, Circle, Range

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_NUMBER = r"\d{1,15}(?:\.\d{1,6})?"
_WITH_UNIT = re.compile(rf"({_NUMBER})([a-z]*)")
_COMPARED = re.compile(r"(>=|<=|>|<|=)?(.+)")
_DEGREES = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,40})?(?:e-\d{1,3})?")
_A_DATE = "a year, month, day or time, such as 2024, 2024-06, 2024-06-30 or 2024-06-30T18:00"
# An address makes a space of a plus that is not written as %2B.
_ZONE = re.compile(r".+[Tt ].*\d(?:[Zz]|[+ -]\d{2}:?\d{2})")
_NO_ZONE = "; without a zone, for it is compared with the clock of the place"
BYTES = {"b": 1.0, "": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12} | {
    "kib": 2.0**10,
    "mib": 2.0**20,
    "gib": 2.0**30,
}
MILLISECONDS = {"ms": 1.0, "s": 1e3, "": 1e3, "min": 6e4, "m": 6e4, "h": 3.6e6}
METRES = {"m": 1.0, "km": 1e3, "mi": 1609.344}
STARS = {"": 1.0}
_MOST_STARS = 5
_MONTHS = 12
_POLE = 90
_HALF_WAY_ROUND = 180
_FARTHEST_M = 20_100_000


def span(text: str) -> tuple[datetime, datetime | None]:
    """When it begins, and when it is over: a year, a month, a day, or one moment of time.

    The last year there is is never over.
    """
    found = _DATE.fullmatch(text)
    try:
        if found is None:
            at = datetime.fromisoformat(text)
            if at.tzinfo is not None or "T" not in text:
                raise ValueError
            return at, at + timedelta(microseconds=1)
        year, month, day = (int(part) if part else None for part in found.groups())
        begin = datetime(year or 0, month or 1, day or 1)
    except (ValueError, OverflowError):
        raise ValueError(_A_DATE + (_NO_ZONE if _ZONE.fullmatch(text) else "")) from None
    try:
        if day:
            return begin, begin + timedelta(days=1)
        if month and month < _MONTHS:
            return begin, datetime(begin.year, month + 1, 1)
        return begin, datetime(begin.year + 1, 1, 1)
    except (ValueError, OverflowError):
        return begin, None


def span_of_numbers(text: str, units: Mapping[str, float], example: str) -> Range:
    """`>10mb`, `<=10mb`, `10mb` or `1mb..10mb`, in whole units of the catalogue."""
    if ".." in text:
        low, _, high = text.partition("..")
        return _ordered(
            ceil(_number(low, units, example)) if low else None,
            floor(_number(high, units, example)) if high else None,
            example,
        )
    found = _COMPARED.fullmatch(text)
    if found is None:
        raise ValueError(example)
    sign, value = found[1] or "=", _number(found[2], units, example)
    if sign == ">":
        return Range(floor(value) + 1, None)
    if sign == "<":
        return Range(None, ceil(value) - 1)
    return Range(
        ceil(value) if sign in (">=", "=") else None, floor(value) if sign in ("<=", "=") else None
    )


def stars(text: str) -> Range:
    example = "stars from 0 to 5, such as 4, >=4 or 2..4"
    found = span_of_numbers(text, STARS, example)
    if max(found.least or 0, found.most or 0) > _MOST_STARS:
        raise ValueError(example)
    return found


def circle(parts: Sequence[str]) -> Circle:
    """Latitude, longitude and how far around."""
    example = "latitude, longitude and distance, such as 52.52,13.40,10km"
    if len(parts) != len(("latitude", "longitude", "distance")):
        raise ValueError(f"{example}; three values, not {len(parts)}")
    latitude = _degrees(parts[0], "latitude", _POLE, example)
    longitude = _degrees(parts[1], "longitude", _HALF_WAY_ROUND, example)
    distance = (
        f"{example}; the distance is a number with m, km or mi behind it, not {parts[2][:40]}"
    )
    metres = _number(parts[2].lower(), METRES, distance)
    if metres > _FARTHEST_M:
        raise ValueError(
            f"{example}; the distance is at most {_FARTHEST_M // 1000} km, half way round the earth"
        )
    return Circle(latitude, longitude, metres)


def box(parts: Sequence[str]) -> Box:
    """West, south, east and north, as in `bbox`."""
    example = "west,south,east,north in degrees, south below north, such as 13.0,52.3,13.8,52.7"
    if len(parts) != len(("west", "south", "east", "north")):
        raise ValueError(f"{example}; four values, not {len(parts)}")
    west, east = (
        _degrees(parts[at], side, _HALF_WAY_ROUND, example)
        for at, side in ((0, "west"), (2, "east"))
    )
    south, north = (
        _degrees(parts[at], side, _POLE, example) for at, side in ((1, "south"), (3, "north"))
    )
    if south > north:
        raise ValueError(f"{example}; south is {parts[1]}, which is not below {parts[3]}")
    return Box(west, south, east, north)


def _degrees(text: str, name: str, most: int, example: str) -> float:
    """Degrees from minus to plus `most`."""
    degrees = float(text) if _DEGREES.fullmatch(text.lower()) else inf
    if abs(degrees) > most:
        raise ValueError(f"{example}; {name} is a number from -{most} to {most}, not {text[:40]}")
    return degrees


def _number(text: str, units: Mapping[str, float], example: str) -> float:
    found = _WITH_UNIT.fullmatch(text.lower())
    if found is None or found[2] not in units:
        raise ValueError(example)
    value = float(found[1]) * units[found[2]]
    # What the catalogue's numbers hold.
    if not isfinite(value) or value > 2**62:
        raise ValueError(example)
    return value


def _ordered(least: int | None, most: int | None, example: str) -> Range:
    if least is None and most is None:
        raise ValueError(example)
    if least is not None and most is not None and least > most:
        raise ValueError(example)
    return Range(least, most)
