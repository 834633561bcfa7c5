"""Cursors: what one page hands to the next, and what becomes of any other word."""

from __future__ import annotations

from uuid import UUID

from mammothbox.errors import Refused


def parse_id_cursor(cursor: str | None) -> UUID | None:
    """The id that a page ended with; `None` for the first page. Raises `Refused`."""
    try:
        return UUID(cursor) if cursor else None
    except ValueError:
        raise none_of_ours() from None


def none_of_ours() -> Refused:
    """The refusal of a word that no page gave."""
    return Refused(422, "invalid_cursor", "Use the next_cursor of the page before, as it came.")
