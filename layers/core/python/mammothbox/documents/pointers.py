"""Paths of fields, and JSON pointers (RFC 6901), by which people and requests name them."""

from __future__ import annotations

from typing import TypeAlias

# The keys that lead to a value, from the top of the document.
Path: TypeAlias = tuple[str, ...]


def pointer(path: Path) -> str:
    """`/address/city` for the city of the address."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)


def parse_pointer(text: str) -> Path:
    """The path that a pointer spells. Raises `ValueError` for what is no pointer."""
    if not text:
        return ()
    if not text.startswith("/"):
        raise ValueError("a JSON pointer begins with '/'")
    keys = text[1:].split("/")
    if any("~" in key.replace("~0", "").replace("~1", "") for key in keys):
        raise ValueError("in a JSON pointer '~' is written '~0' and '/' within a key '~1'")
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in keys)
