"""Kinds of JSON values, and what a string may be beside a string."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Literal

Kind = Literal["null", "boolean", "integer", "number", "string", "array", "object"]
KINDS: tuple[Kind, ...] = ("null", "boolean", "integer", "number", "string", "array", "object")
# A moment with its offset, one without, a day, and so on.
Format = Literal["datetime", "naive_datetime", "date", "uuid", "email", "url"]

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
# More digits of a second than PostgreSQL keeps make it a text.
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
# PostgreSQL knows offsets below 16 hours.
_OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-5]):?[0-5][0-9])"
_PATTERNS: dict[Format, re.Pattern[str]] = {
    "datetime": re.compile(f"{_DAY}[T ]{_TIME}{_OFFSET}"),
    "naive_datetime": re.compile(f"{_DAY}[T ]{_TIME}"),
    "date": re.compile(_DAY),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "email": re.compile(r"[^@\s<>()\[\],;:\\\"]{1,64}@[\w-]+(?:\.[\w-]+)+"),
    "url": re.compile(r"https?://[^\s/?#]+(?:[/?#]\S*)?"),
}
FORMATS: frozenset[Format] = frozenset(_PATTERNS)
# What looks like a day may still not be in the calendar.
_CALENDAR: dict[Format, Callable[[str], object]] = {
    "datetime": datetime.fromisoformat,
    "naive_datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}
# With more digits the smallest and the largest number are rounded, away from the others.
_DOWN = Context(prec=400, rounding=ROUND_FLOOR, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
_UP = Context(prec=400, rounding=ROUND_CEILING, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
BIGINT = range(-(1 << 63), 1 << 63)
# PostgreSQL writes a double of up to 15 digits before the point, and down to 0.0001, in full.
_SHORT_DOUBLE = re.compile(r"-?(?:0\.0{0,3}[1-9][0-9]{0,14}|[1-9][0-9]{0,14}(?:\.[0-9]+)?)")
_EXACT_DIGITS = 15
_LEAST_IN_FULL = 1e-4
# 17 digits behind -0.000.
_LONGEST_DOUBLE = 24
_EXPONENT_FROM = 1e15


def formats(texts: Collection[str], alive: Iterable[Format]) -> frozenset[Format]:
    """Those of the formats which each of the texts has."""
    return frozenset(each for each in alive if _all_have(texts, each))


def _all_have(texts: Collection[str], wanted: Format) -> bool:
    if not all(map(_PATTERNS[wanted].fullmatch, texts)):
        return False
    parse = _CALENDAR.get(wanted)
    if parse is None:
        return True
    try:
        deque(map(parse, texts), maxlen=0)
    except ValueError:
        return False
    return True


def canonical(digits: str) -> str:
    """A number as jsonb writes it: without an exponent, its scale kept, no negative zero."""
    if "e" in digits or "E" in digits:
        digits = format(Decimal(digits), "f")
    if digits[0] == "-" and not digits.strip("-0."):
        return digits[1:]
    return digits


def survives_double(text: str) -> bool:
    """Whether a double precision is written as this very text again."""
    if len(text) <= _EXACT_DIGITS + 1 and text[-1] != "0" and _SHORT_DOUBLE.fullmatch(text):
        return True
    if len(text) > _LONGEST_DOUBLE:
        return False
    number = float(text)
    in_full = number == 0 or _LEAST_IN_FULL <= abs(number) < _EXPONENT_FROM
    return in_full and repr(number).removesuffix(".0") == text


def below(number: Decimal) -> Decimal:
    """The number, or for one of very many digits one that is a little smaller."""
    return _DOWN.plus(number)


def above(number: Decimal) -> Decimal:
    """The number, or for one of very many digits one that is a little larger."""
    return _UP.plus(number)
