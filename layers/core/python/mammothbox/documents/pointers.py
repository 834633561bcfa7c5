"""Paths of fields, and JSON pointers (RFC 6901), by which people and requests name them."""

from __future__ import annotations

from typing import TypeAlias

# The keys that lead to a value, from the top of the document.
Path: TypeAlias = tuple[str, ...]


def pointer(path: Path) -> str:
    """`/address/city` for the city of the address."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)
