"""Addresses made of names that people give, in which anything may be."""

from __future__ import annotations

from urllib.parse import quote


def collection_path(name: str) -> str:
    """Where the collection of that name is: no `#`, `?` or `/` in it leads anywhere else."""
    return f"collections/{quote(name, safe='')}"
