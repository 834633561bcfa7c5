"""What JSON allows and the table of documents cannot hold, or would hold as something else.

Each check raises `Unfit`. They are made so that an ordinary document pays next to nothing.
"""

from __future__ import annotations

import re

from mammothbox.documents.brackets import depth_of
from mammothbox.documents.outcomes import Unfit
from mammothbox.settings import MEBIBYTE

# Postgres gives up at some six thousand, and Python, with two calls a level, at five hundred.
MOST_LEVELS = 250
MOST_BYTES = 64 * MEBIBYTE
# Of `numeric`, before and after the point.
_MOST_WHOLE, _MOST_FRACTION = 131_072, 16_383
# Even of nothing.
_MOST_POWER = 1_073_741_823
# A number this short cannot be too long, unless it has an exponent.
SHORT_NUMBER = 4_300
# `jsonb` counts the bytes of an array or object in 28 bits.
_MOST_JSONB = (1 << 28) - 1
# The most that a number, with its place in the list of entries, takes beyond its text.
_ENTRY = 12
# What the values of one document may take in memory, and about what they do.
_MOST_MEMORY = 512 * MEBIBYTE
_OBJECT, _ARRAY, _VALUE = 240, 64, 56
# Below this it cannot be too much of either.
_MANY_BYTES = 8 * MEBIBYTE
_LONGEST_SHOWN = 40

_NUMBER = re.compile(r"-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
# Everything but a surrogate that stands alone and the null character.
_HOLDABLE = re.compile(
    r"(?:[^\\]++|\\[^u]|\\u(?!0000|[dD][89a-fA-F])"
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*+",
    re.DOTALL,
)


def check_size(size: int, most: int = MOST_BYTES) -> None:
    """Refuse a document of so many bytes."""
    if size > most:
        raise Unfit(
            "document_too_large", f"A document may have {most:,} bytes; this one has {size:,}."
        )


def check_shape(text: str) -> None:
    """Refuse what is nested too deeply or has too many values. The text need not be JSON.

    It comes before the parser, which recurses, and makes many times the text of small values.
    """
    if len(text) <= 2 * MOST_LEVELS:
        return
    opened = text.count("{"), text.count("[")
    if sum(opened) > MOST_LEVELS and depth_of(text) > MOST_LEVELS:
        raise Unfit("too_deep", f"Arrays and objects may be nested {MOST_LEVELS} levels deep.")
    if len(text) > _MANY_BYTES:
        values = text.count(",") + text.count(":")
        memory = _OBJECT * opened[0] + _ARRAY * opened[1] + _VALUE * values
        if memory > _MOST_MEMORY or len(text) + _ENTRY * values > _MOST_JSONB:
            raise Unfit("document_too_large", "It has more values than one document may have.")


def check_held(text: str) -> None:
    """Refuse the text of a document, already known to be JSON, that `jsonb` cannot hold."""
    if "\\u" not in text:
        return
    match = _HOLDABLE.match(text)
    end = match.end() if match else 0
    if end == len(text):
        return
    where = f"at character {end + 1} of the document"
    if text.startswith("\\u0000", end):
        raise Unfit("nul_character", f"No text can hold the null character, {where}.")
    raise Unfit(
        "lone_surrogate", f"{text[end : end + 6]} is half a character and stands alone, {where}."
    )


def check_number(text: str) -> int:
    """Refuse a number that `numeric` cannot hold to the last digit; how many it has written out."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no number")
    whole, fraction, exponent = match[1], match[2] or "", match[3] or "0"
    # The exponent itself may be too long for Python to read.
    power = int(exponent) if len(exponent) < SHORT_NUMBER else _MOST_POWER + 1
    significant = (whole + fraction).lstrip("0")
    before_point = len(significant) - len(fraction) + power
    too_large = power > _MOST_POWER or (significant and before_point > _MOST_WHOLE)
    if too_large or len(fraction) - power > _MOST_FRACTION:
        shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:20]}…{text[-10:]}"
        raise Unfit(
            "number_too_long",
            f"A number may have {_MOST_WHOLE:,} digits before the point and {_MOST_FRACTION:,}"
            f" after it, written without an exponent; {shown} has more.",
        )
    return (max(before_point, 0) if significant else 0) + max(len(fraction) - power, 0)


def check_written_out(digits: int) -> None:
    """Refuse a document whose numbers have so many digits where `jsonb` writes them out."""
    if digits > MOST_BYTES:
        raise Unfit(
            "document_too_large",
            f"Written without exponents, its numbers have more than {MOST_BYTES:,} digits.",
        )
