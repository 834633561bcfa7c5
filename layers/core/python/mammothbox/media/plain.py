"""What a file says, made fit for JSON and for Postgres: no NUL, no NaN, nothing endless."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import islice
from numbers import Rational

from pydantic import JsonValue

MOST_TEXT = 4096
_MOST_ITEMS = 256
_MOST_DEPTH = 6
_MOST_INTEGER = 2**63
_ASCII = re.compile(rb"[ -~]*")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


def plain_text(text: str) -> str:
    """The text without what Postgres refuses, cut where it is endless."""
    return _NO_TEXT.sub("", text[:MOST_TEXT]).strip()


def plain(value: object, depth: int = 0) -> JsonValue:
    """The value as JSON can say it; bytes that are no text are told by their length."""
    match value:
        case bytes():
            return _of_bytes(value)
        case Mapping() if depth < _MOST_DEPTH:
            pairs = islice(value.items(), _MOST_ITEMS)
            return {plain_text(str(key)): plain(item, depth + 1) for key, item in pairs}
        case list() | tuple() if depth < _MOST_DEPTH:
            return [plain(item, depth + 1) for item in value[:_MOST_ITEMS]]
    return _of_one(value)


def _of_one(value: object) -> JsonValue:
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) < _MOST_INTEGER else plain_text(str(value))
        case float() | Rational():
            return float(value) if _is_finite(value) else None
    return plain_text(str(value))


def _is_finite(value: float | Rational) -> bool:
    try:
        return math.isfinite(value)
    except ArithmeticError:
        # A fraction with nothing below the line.
        return False


def _of_bytes(value: bytes) -> JsonValue:
    text = value.rstrip(b"\0")
    if len(text) <= MOST_TEXT and _ASCII.fullmatch(text):
        return text.decode("ascii")
    return {"bytes": len(value)}
