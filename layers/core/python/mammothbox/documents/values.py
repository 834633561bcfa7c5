"""What a JSON text means here: Python's own types, but for numbers that Python would round."""

from __future__ import annotations

from typing import TypeAlias


class Digits(str):
    """The text of a number with a fraction or an exponent, or of thousands of digits.

    Any other integer is an `int`. Look at the type before you look for a `str`.
    """

    __slots__ = ()


JsonValue: TypeAlias = "bool | int | Digits | str | list[JsonValue] | dict[str, JsonValue] | None"
