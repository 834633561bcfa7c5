"""Searches that were kept to be asked again: what was asked, never what was found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mammothbox.catalog.connection import Connection
from mammothbox.ids import new_id

# Of one owner. Each is asked when the list is shown.
MOST = 200


@dataclass(frozen=True)
class SavedSearch:
    """A search under a name; `asked` are the parameters it was asked with.

    `clusters` are the ids of those that names in it meant when it was kept.
    """

    id: UUID
    name: str
    asked: dict[str, Any]
    clusters: dict[str, list[str]]
    created_at: datetime


_SELECT = "SELECT id, name, asked, clusters, created_at FROM saved_search WHERE owner = %(owner)s"


def keep(
    connection: Connection,
    owner: str,
    name: str,
    asked: Mapping[str, Any],
    clusters: Mapping[str, Collection[UUID]],
) -> SavedSearch | None:
    """Keep a search; `None` when the name is taken, or the owner has all that one may have."""
    row = connection.execute(
        "INSERT INTO saved_search (owner, id, name, asked, clusters)"
        " SELECT %(owner)s::text, %(id)s, %(name)s, %(asked)s, %(clusters)s"
        " WHERE (SELECT count(*) FROM saved_search WHERE owner = %(owner)s::text) < %(most)s"
        " ON CONFLICT (owner, name) DO NOTHING RETURNING id, name, asked, clusters, created_at",
        {
            "owner": owner,
            "id": new_id(),
            "name": name,
            "asked": Jsonb(dict(asked)),
            "clusters": Jsonb({text: sorted(map(str, ids)) for text, ids in clusters.items()}),
            "most": MOST,
        },
    ).fetchone()
    return SavedSearch(**row) if row else None


def get(connection: Connection, owner: str, search_id: UUID) -> SavedSearch | None:
    """The owner's saved search of that id."""
    row = connection.execute(
        _SELECT + " AND id = %(id)s", {"owner": owner, "id": search_id}
    ).fetchone()
    return SavedSearch(**row) if row else None


def has(connection: Connection, owner: str, name: str) -> bool:
    """Whether the owner has a saved search of that name."""
    row = connection.execute(
        "SELECT 1 AS one FROM saved_search WHERE owner = %s AND name = %s", [owner, name]
    ).fetchone()
    return row is not None


def page(connection: Connection, owner: str, after: str | None, limit: int) -> list[SavedSearch]:
    """The owner's saved searches by name, behind `after`."""
    rows = connection.execute(
        _SELECT + " AND (%(after)s::text IS NULL OR name > %(after)s) ORDER BY name"
        " LIMIT %(limit)s",
        {"owner": owner, "after": after, "limit": limit},
    ).fetchall()
    return [SavedSearch(**row) for row in rows]


def forget(connection: Connection, owner: str, search_id: UUID) -> bool:
    """Whether there was one to forget."""
    row = connection.execute(
        "DELETE FROM saved_search WHERE owner = %(owner)s AND id = %(id)s RETURNING id",
        {"owner": owner, "id": search_id},
    ).fetchone()
    return row is not None
