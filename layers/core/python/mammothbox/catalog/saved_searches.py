"""Searches that were kept to be asked again: what was asked, never what was found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from mammothbox.catalog.connection import Connection
from mammothbox.errors import Refused
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


@dataclass(frozen=True)
class Question:
    """What is asked, and the clusters that names in it mean."""

    asked: Mapping[str, Any]
    clusters: Mapping[str, Collection[UUID]]

    def values(self) -> dict[str, Jsonb]:
        """As the row has it."""
        clusters = {text: sorted(map(str, ids)) for text, ids in self.clusters.items()}
        return {"asked": Jsonb(dict(self.asked)), "clusters": Jsonb(clusters)}


_SELECT = "SELECT id, name, asked, clusters, created_at FROM saved_search WHERE owner = %(owner)s"


def keep(connection: Connection, owner: str, name: str, question: Question) -> SavedSearch | None:
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
            **question.values(),
            "most": MOST,
        },
    ).fetchone()
    return SavedSearch(**row) if row else None


def change(
    connection: Connection,
    owner: str,
    search_id: UUID,
    *,
    name: str | None,
    question: Question | None,
) -> SavedSearch | None:
    """Give it another name, let it ask something else, or both; `None` when it is not there.

    Raises `Refused` when the name is another's.
    """
    new = question.values() if question else {"asked": None, "clusters": None}
    try:
        row = connection.execute(
            "UPDATE saved_search SET name = coalesce(%(name)s, name),"
            " asked = coalesce(%(asked)s, asked), clusters = coalesce(%(clusters)s, clusters)"
            " WHERE owner = %(owner)s AND id = %(id)s"
            " RETURNING id, name, asked, clusters, created_at",
            {"owner": owner, "id": search_id, "name": name, **new},
        ).fetchone()
    except UniqueViolation:
        raise name_taken(name or "") from None
    return SavedSearch(**row) if row else None


def name_taken(name: str) -> Refused:
    """What to say of a name that another saved search has."""
    return Refused(409, "name_taken", f"There is a saved search {name!r} already.")


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
