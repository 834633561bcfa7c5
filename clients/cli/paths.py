"""Addresses made of names that people give, in which anything may be."""

from __future__ import annotations

from urllib.parse import quote


def path_of(*parts: str) -> str:
    """The address of what these parts name: no `#`, `?` or `/` in one of them leads elsewhere."""
    return "/".join(quote(part, safe="") for part in parts)


def collection_path(name: str) -> str:
    """Where the collection of that name is."""
    return path_of("collections", name)
