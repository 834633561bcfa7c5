"""Collections: named groups of JSON documents, each with a table of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Collection:
    """A collection as it is on record."""

    owner: str
    id: UUID
    name: str
    origin: str
    key_paths: list[str]
    docs_table: str
    documents: int
    profile: dict[str, Any] | None
    profile_stale: bool
    reconsider: bool
    contract: str
    created_at: datetime


_SELECT = (
    "SELECT owner, id, name, origin, key_paths, docs_table, documents, profile, profile_stale,"
    " reconsider, contract, created_at FROM collection"
)


def insert(
    connection: Connection,
    owner: str,
    collection_id: UUID,
    *,
    name: str,
    origin: str,
    key_paths: Sequence[str],
    docs_table: str,
) -> bool:
    """Record a collection; whether its name was still free."""
    row = connection.execute(
        "INSERT INTO collection (owner, id, name, origin, key_paths, docs_table)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (owner, name) DO NOTHING RETURNING 1",
        [owner, collection_id, name, origin, list(key_paths), docs_table],
    ).fetchone()
    return row is not None


def by_name(connection: Connection, owner: str, name: str) -> Collection | None:
    row = connection.execute(_SELECT + " WHERE owner = %s AND name = %s", [owner, name]).fetchone()
    return Collection(**row) if row else None


def get(connection: Connection, owner: str, collection_id: UUID) -> Collection | None:
    row = connection.execute(
        _SELECT + " WHERE owner = %s AND id = %s", [owner, collection_id]
    ).fetchone()
    return Collection(**row) if row else None


def lock(connection: Connection, owner: str, collection_id: UUID) -> Collection | None:
    """The collection, after taking turns with everyone who changes it, until the commit.

    This lock comes before that of any asset. Foreign keys may refer to it meanwhile.
    """
    row = connection.execute(
        _SELECT + " WHERE owner = %s AND id = %s FOR NO KEY UPDATE", [owner, collection_id]
    ).fetchone()
    return Collection(**row) if row else None


def add_to(connection: Connection, collection_id: UUID) -> None:
    """Let nobody change the collection's tables until the commit; many may add at once."""
    connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_lock_number(collection_id)])


def add_piece_to(
    connection: Connection, collection_id: UUID, owner: str, asset_id: UUID, part: int
) -> None:
    """As `add_to`; but as `rebuild` for a piece that was kept before while a table is being filled,
    or that might put back what goes with the old one."""
    connection.execute(
        "SELECT CASE WHEN EXISTS (SELECT FROM document_part WHERE owner = %(owner)s"
        " AND asset_id = %(asset)s AND part = %(part)s AND documents IS NOT NULL)"
        " AND EXISTS (SELECT FROM schema_def WHERE owner = %(owner)s"
        " AND collection_id = %(collection)s AND status = 'building')"
        " THEN pg_advisory_xact_lock(%(lock)s) ELSE pg_advisory_xact_lock_shared(%(lock)s) END",
        {
            "owner": owner,
            "collection": collection_id,
            "asset": asset_id,
            "part": part,
            "lock": _lock_number(collection_id),
        },
    )


def rebuild(connection: Connection, collection_id: UUID) -> None:
    """Wait for those who add documents, and keep others from it until the commit.

    Comes before `lock`.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_lock_number(collection_id)])


def open_one_at_a_time(connection: Connection, owner: str) -> None:
    """Take turns with everyone who opens a collection of the owner's, until the commit."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('open a collection of ' || %s, 0))", [owner]
    )


def _lock_number(collection_id: UUID) -> int:
    return int.from_bytes(collection_id.bytes[8:], "big", signed=True)


def of_structure(connection: Connection, owner: str, limit: int) -> list[Collection]:
    """Collections that were opened for a structure, the newest first, without their profiles."""
    rows = connection.execute(
        _SELECT.replace(" profile,", " NULL AS profile,")
        + " WHERE owner = %s AND origin = 'structure' ORDER BY created_at DESC LIMIT %s",
        [owner, limit],
    ).fetchall()
    return [Collection(**row) for row in rows]


def page(connection: Connection, owner: str, after: str | None, limit: int) -> list[Collection]:
    """The owner's collections by name, behind `after`."""
    rows = connection.execute(
        _SELECT + " WHERE owner = %s AND (%s::text IS NULL OR name > %s) ORDER BY name LIMIT %s",
        [owner, after, after, limit],
    ).fetchall()
    return [Collection(**row) for row in rows]


def count(connection: Connection, collection: Collection, change: int) -> None:
    """So many documents more, or fewer: the schema is to be thought about again."""
    connection.execute(
        "UPDATE collection SET documents = documents + %s, reconsider = true"
        " WHERE owner = %s AND id = %s",
        [change, collection.owner, collection.id],
    )


def take_turn(connection: Connection, owner: str) -> UUID | None:
    """A collection of the owner's whose schema is to be thought about again.

    Until that is done it is the last to be asked for. To be committed before the thinking begins,
    so that one that fails, or never ends, holds up no other.
    """
    row = connection.execute(
        "UPDATE collection SET considered_at = clock_timestamp() WHERE owner = %(owner)s AND id = ("
        "SELECT id FROM collection WHERE owner = %(owner)s AND reconsider"
        " ORDER BY considered_at NULLS FIRST, id LIMIT 1) RETURNING id",
        {"owner": owner},
    ).fetchone()
    return row["id"] if row else None


def reconsidered(connection: Connection, collection: Collection) -> None:
    """It was thought about; until documents come or go there is no more to it."""
    connection.execute(
        "UPDATE collection SET reconsider = false WHERE owner = %s AND id = %s",
        [collection.owner, collection.id],
    )


def set_profile(
    connection: Connection, collection: Collection, profile: dict[str, Any], *, stale: bool = False
) -> None:
    """Put down what is known of the fields; `stale` if it still counts what is gone."""
    connection.execute(
        "UPDATE collection SET profile = %s, profile_stale = %s WHERE owner = %s AND id = %s",
        [Jsonb(profile), stale, collection.owner, collection.id],
    )


def forget_profile(connection: Connection, collection: Collection) -> None:
    """Nothing is known, for there are no documents."""
    connection.execute(
        "UPDATE collection SET profile = NULL, profile_stale = false WHERE owner = %s AND id = %s",
        [collection.owner, collection.id],
    )


def doubt_profile(connection: Connection, owner: str, collection_id: UUID) -> None:
    """Documents were taken away, so the profile counts more than there is."""
    connection.execute(
        "UPDATE collection SET profile_stale = true WHERE owner = %s AND id = %s",
        [owner, collection_id],
    )


def set_contract(connection: Connection, collection: Collection, contract: str) -> None:
    """Say what is to become of documents that do not fit the schema in force."""
    connection.execute(
        "UPDATE collection SET contract = %s WHERE owner = %s AND id = %s",
        [contract, collection.owner, collection.id],
    )
