"""A value as JSON text, with every digit of its numbers."""

from __future__ import annotations

import json

from mammothbox.documents.values import Digits, JsonValue


def text_of(value: JsonValue) -> str:
    """The text that is read as this value again."""
    if isinstance(value, Digits):
        return str(value)
    if isinstance(value, dict):
        members = (f"{json.dumps(key)}: {text_of(below)}" for key, below in value.items())
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(text_of, value))}]"
    return json.dumps(value)
