"""One JSON text as a value, with every digit of its numbers, or why it cannot be one.

It is the standard library's parser with hooks: about 400,000 small documents a second on a
core. orjson and msgspec are three times as fast, but take the last of two equal keys without a
word, and orjson rounds.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

from mammothbox.documents import refusals
from mammothbox.documents.outcomes import Unfit
from mammothbox.documents.refusals import SHORT_NUMBER
from mammothbox.documents.values import Digits, JsonValue

_LONGEST_POINTER = 200


def parse(text: str) -> JsonValue:
    """The value of a text without spaces around it. Raises `Unfit`."""
    # Before the parser recurses into it.
    refusals.check_shape(text)
    value: JsonValue
    try:
        value, end = scan(text, 0)
    except DuplicateKey:
        raise _duplicate(text) from None
    except StopIteration as stop:
        raise _syntax(json.JSONDecodeError("Expecting value", text, stop.value)) from None
    except json.JSONDecodeError as error:
        raise _syntax(error) from None
    except ValueError:
        # An integer of more digits than Python turns into a number.
        value, end = _scan_long(text)
    if end != len(text):
        raise _syntax(json.JSONDecodeError("Extra data", text, end))
    refusals.check_held(text)
    return value


class DuplicateKey(Exception):
    """Two equal keys in one object."""


class _Members(list[tuple[str, Any]]):
    """An object as its members stand in the text."""


# The last step to a place, and those before it.
_Steps: TypeAlias = "tuple[_Steps, str] | None"


def _object(members: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    made = dict(members)
    if len(made) != len(members):
        raise DuplicateKey
    return made


class _Scanned(threading.local):
    """What the parser has seen in the text that this thread reads."""

    digits = 0


_scanned = _Scanned()


def _digits(text: str) -> Digits:
    if len(text) > SHORT_NUMBER or "e" in text or "E" in text:
        # A few bytes stand for a hundred thousand zeros, which come back as such.
        _scanned.digits += refusals.check_number(text)
        refusals.check_written_out(_scanned.digits)
    return Digits(text)


def _integer(text: str) -> int | Digits:
    return int(text) if len(text) <= SHORT_NUMBER else _digits(text)


def _no_number(name: str) -> NoReturn:
    raise Unfit("not_a_number", f"JSON has no {name}; null says that there is no number.")


def _scanner(
    members: Callable[[list[tuple[str, Any]]], Any],
    integer: Callable[[str], Any] | None = None,
) -> Callable[[str, int], tuple[Any, int]]:
    decoder = json.JSONDecoder(
        parse_float=_digits,
        parse_int=integer,
        parse_constant=_no_number,
        object_pairs_hook=members,
    )
    # It has no name in public: `raw_decode` calls it and says less of where the text goes wrong.
    scan: Callable[[str, int], tuple[Any, int]] = decoder.scan_once  # type: ignore[attr-defined]
    return scan


_scan = _scanner(_object)
_scan_long_integers = _scanner(_object, _integer)
_scan_members = _scanner(_Members, _integer)


def scan(text: str, at: int) -> tuple[JsonValue, int]:
    """The value that begins at a character, and the character behind it.

    Raises what `parse` catches, and `RecursionError`.
    """
    _scanned.digits = 0
    return _scan(text, at)


def _scan_long(text: str) -> tuple[JsonValue, int]:
    _scanned.digits = 0
    try:
        return _scan_long_integers(text, 0)
    except DuplicateKey:
        raise _duplicate(text) from None
    except StopIteration as stop:
        raise _syntax(json.JSONDecodeError("Expecting value", text, stop.value)) from None
    except json.JSONDecodeError as error:
        raise _syntax(error) from None


def _syntax(error: json.JSONDecodeError) -> Unfit:
    what = error.msg.removesuffix(" at")
    return Unfit(
        "invalid_json",
        f"{what}: line {error.lineno}, character {error.colno} of the document.",
    )


def _duplicate(text: str) -> Unfit:
    """Which key stands twice: the text is read again, as only its refusal asks for that."""
    _scanned.digits = 0
    try:
        top, _ = _scan_members(text, 0)
    except StopIteration as stop:
        return _syntax(json.JSONDecodeError("Expecting value", text, stop.value))
    except json.JSONDecodeError as error:
        return _syntax(error)
    except Unfit as unfit:
        return unfit
    pointer = "".join(f"/{_in_pointer(step)}" for step in _first_repeated(top))
    # What is said of a key can be written down where the key cannot.
    pointer = pointer.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\u0000")
    if len(pointer) > _LONGEST_POINTER:
        pointer = pointer[:_LONGEST_POINTER] + "…"
    return Unfit("duplicate_key", f"Its object has this key twice: {pointer}")


def _first_repeated(top: Any) -> list[str]:
    """The steps that lead to the first key that stands twice in its object."""
    waiting: list[tuple[_Steps, Any]] = [(None, top)]
    while waiting:
        above, value = waiting.pop()
        members = isinstance(value, _Members)
        seen: set[Any] = set()
        inside: list[tuple[_Steps, Any]] = []
        for step, below in value if members else enumerate(value):
            if members and step in seen:
                return _from_top((above, str(step)))
            if members:
                seen.add(step)
            if isinstance(below, list):
                inside.append(((above, str(step)), below))
        waiting.extend(reversed(inside))
    raise AssertionError("no key stands twice")


def _from_top(steps: _Steps) -> list[str]:
    found = []
    while steps is not None:
        steps, step = steps
        found.append(step)
    return found[::-1]


def _in_pointer(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
