"""JSON whose numbers keep every digit: what was read as `1.10` is written as `1.10`."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def read(text: str | bytes) -> Any:
    """The value of a JSON text, however long its numbers. Raises `ValueError` for what is none."""
    return json.loads(text, parse_int=Decimal, parse_float=Decimal)


def write(value: Any, *, indent: str = "") -> str:
    """The value as JSON; `indent` spreads it over lines, for people.

    What is no Unicode, as in names of files, is written as JSON's own escapes of it.
    """
    return _write(value, indent, "\n").encode("utf-8", "backslashreplace").decode()


def _write(value: Any, indent: str, line: str) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        colon = ": " if indent else ":"
        members = [
            json.dumps(key, ensure_ascii=False) + colon + _write(each, indent, line + indent)
            for key, each in value.items()
        ]
        return _between("{", members, "}", indent, line)
    if isinstance(value, list | tuple):
        elements = [_write(each, indent, line + indent) for each in value]
        return _between("[", elements, "]", indent, line)
    return json.dumps(value, ensure_ascii=False)


def _between(opening: str, parts: list[str], closing: str, indent: str, line: str) -> str:
    if not parts or not indent:
        return opening + ",".join(parts) + closing
    return opening + line + indent + ("," + line + indent).join(parts) + line + closing


def canonical(value: Any) -> str:
    """A text that is the same for equal values, whatever the order of their keys."""
    return write(_sorted(value))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(each) for each in value]
    return value
