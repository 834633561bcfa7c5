"""Lists of assets: filters that each have an index, newest first, page by page."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from mammothbox.catalog.assets import SELECT, Asset
from mammothbox.catalog.connection import Connection
from mammothbox.errors import Refused

Duplicates = Literal["include", "exclude", "only"]


@dataclass(frozen=True)
class AssetFilter:
    """What a list is narrowed to. `None` does not narrow."""

    kind: str | None = None
    status: str | None = None
    content_type: str | None = None
    collection: str | None = None
    sha256: str | None = None
    job_id: UUID | None = None
    duplicate_of: UUID | None = None
    duplicates: Duplicates = "include"
    created_from: datetime | None = None
    created_to: datetime | None = None
    trashed: bool = False


@dataclass(frozen=True)
class Position:
    """Behind which asset the next page begins."""

    created_at: datetime
    id: UUID

    def cursor(self) -> str:
        """An opaque word that `parse_cursor` reads back."""
        plain = f"{self.created_at.isoformat()} {self.id}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


_EQUAL = ("kind", "status", "content_type", "collection", "sha256", "job_id", "duplicate_of")


def parse_cursor(cursor: str) -> Position:
    """Raises `Refused` when the word is none of ours."""
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        at, _, identifier = plain.partition(" ")
        created_at = datetime.fromisoformat(at)
        if created_at.tzinfo is None:
            raise ValueError("a time without its zone")
        return Position(created_at, UUID(identifier))
    except (ValueError, binascii.Error, OverflowError):
        raise Refused(
            422, "invalid_cursor", "Use the next_cursor of the page before, as it came."
        ) from None


def page(
    connection: Connection, owner: str, wanted: AssetFilter, after: Position | None, limit: int
) -> tuple[list[Asset], Position | None]:
    """One page, newest first, and where the next one begins if there is one."""
    conditions, values = _conditions(wanted, after)
    rows = connection.execute(
        SELECT
        + " WHERE a.owner = %(owner)s AND a.purging_at IS NULL AND "
        + " AND ".join(conditions)
        + " ORDER BY a.created_at DESC, a.id DESC LIMIT %(limit)s",
        {**values, "owner": owner, "limit": limit + 1},
    ).fetchall()
    assets = [Asset(**row) for row in rows[:limit]]
    more = len(rows) > limit
    return assets, Position(assets[-1].created_at, assets[-1].id) if more else None


def _conditions(wanted: AssetFilter, after: Position | None) -> tuple[list[str], dict[str, Any]]:
    values: dict[str, Any] = {}
    conditions = ["a.trashed_at IS NOT NULL" if wanted.trashed else "a.trashed_at IS NULL"]
    for name in _EQUAL:
        value = getattr(wanted, name)
        if value is not None:
            # Names come from the tuple above, never from a client.
            conditions.append("a." + name + " = %(" + name + ")s")
            values[name] = value
    if wanted.duplicates != "include":
        is_it = "IS NULL" if wanted.duplicates == "exclude" else "IS NOT NULL"
        conditions.append("a.duplicate_of " + is_it)
    if wanted.created_from is not None:
        conditions.append("a.created_at >= %(created_from)s")
        values["created_from"] = wanted.created_from
    if wanted.created_to is not None:
        conditions.append("a.created_at < %(created_to)s")
        values["created_to"] = wanted.created_to
    if after is not None:
        conditions.append("(a.created_at, a.id) < (%(after_at)s, %(after_id)s)")
        values |= {"after_at": after.created_at, "after_id": after.id}
    return conditions, values
