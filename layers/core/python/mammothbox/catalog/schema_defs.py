"""Schemas of collections: what was proposed, what was decided about it, and how far it got."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from mammothbox.catalog.connection import Connection

Status = Literal[
    "proving",
    "provisional",
    "building",
    "active",
    "undoing",
    "rejected",
    "superseded",
    "rolled_back",
    "failed",
]
Storage = Literal["sql", "jsonb"]

# Where a walk through the documents begins. A table whose `filled_to` is NULL is yet to be made.
BEGINNING = UUID(int=0)


@dataclass(frozen=True)
class Proposed:
    """A schema about to be put down. `table_name` and `design` are those of a table, if any."""

    storage: Storage
    structure_hash: str
    score: float
    rationale: Any
    profile: dict[str, Any]
    design: dict[str, Any] | None
    overrides: dict[str, Any]
    changes: list[Any]
    table_name: str | None
    ddl: str
    ddl_sha256: str


@dataclass(frozen=True)
class SchemaDef(Proposed):
    """A schema as it is on record. `error` is why it went no further.

    Of one that failed that is what went wrong, of one that was rejected what the person said.
    """

    owner: str
    id: UUID
    collection_id: UUID
    version: int
    status: Status
    dry_run: dict[str, Any] | None
    filled_to: UUID | None
    error: str | None
    decided_by: str | None
    decided_at: datetime | None
    created_at: datetime
    updated_at: datetime


_SELECT = (
    "SELECT owner, id, collection_id, version, status, storage, structure_hash, score, rationale,"
    " profile, design, overrides, changes, table_name, ddl, ddl_sha256, dry_run, filled_to, error,"
    " decided_by, decided_at, created_at, updated_at FROM schema_def WHERE owner = %(owner)s"
)


def insert(
    connection: Connection,
    owner: str,
    schema_id: UUID,
    proposed: Proposed,
    *,
    collection_id: UUID,
    version: int,
) -> None:
    """Put a proposal down; its dry run is to come."""
    connection.execute(
        "INSERT INTO schema_def (owner, id, collection_id, version, storage, structure_hash,"
        " score, rationale, profile, design, overrides, changes, table_name, ddl, ddl_sha256)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            owner,
            schema_id,
            collection_id,
            version,
            proposed.storage,
            proposed.structure_hash,
            proposed.score,
            Jsonb(proposed.rationale),
            Jsonb(proposed.profile),
            _json(proposed.design),
            Jsonb(proposed.overrides),
            Jsonb(proposed.changes),
            proposed.table_name,
            proposed.ddl,
            proposed.ddl_sha256,
        ],
    )


def get(connection: Connection, owner: str, schema_id: UUID) -> SchemaDef | None:
    """The schema of that id."""
    return _one(connection, " AND id = %(id)s", owner=owner, id=schema_id)


def lock(connection: Connection, owner: str, schema_id: UUID) -> SchemaDef | None:
    """The same, while nobody else changes it, until the commit. After the collection's lock."""
    return _one(connection, " AND id = %(id)s FOR UPDATE", owner=owner, id=schema_id)


def in_force(connection: Connection, owner: str, collection_id: UUID) -> SchemaDef | None:
    """The schema that stands for the collection: being built, active, or being undone."""
    return _one(
        connection,
        " AND collection_id = %(collection)s AND status IN ('building', 'active', 'undoing')",
        owner=owner,
        collection=collection_id,
    )


def waiting(connection: Connection, owner: str, collection_id: UUID) -> SchemaDef | None:
    """The proposal that waits for its dry run, or for a word."""
    return _one(
        connection,
        " AND collection_id = %(collection)s AND status IN ('proving', 'provisional')",
        owner=owner,
        collection=collection_id,
    )


def busy(connection: Connection, owner: str, status: Status) -> SchemaDef | None:
    """A schema of the owner's with that status, the oldest."""
    return _one(
        connection,
        " AND status = %(status)s ORDER BY created_at, id LIMIT 1",
        owner=owner,
        status=status,
    )


def displaced(connection: Connection, owner: str, collection_id: UUID) -> SchemaDef | None:
    """The schema whose table is there and is to be changed into that of the one in force."""
    return _one(
        connection,
        " AND collection_id = %(collection)s AND status = 'superseded' AND filled_to IS NOT NULL"
        " ORDER BY version DESC LIMIT 1",
        owner=owner,
        collection=collection_id,
    )


def page(
    connection: Connection,
    owner: str,
    *,
    status: str | None,
    collection_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[SchemaDef]:
    """Schemas, newest first, from beyond that id; all, or those of a status or a collection."""
    rows = connection.execute(
        _SELECT + " AND (%(status)s::text IS NULL OR status = %(status)s)"
        " AND (%(collection)s::uuid IS NULL OR collection_id = %(collection)s)"
        " AND (%(after)s::uuid IS NULL OR id < %(after)s) ORDER BY id DESC LIMIT %(limit)s",
        {
            "owner": owner,
            "status": status,
            "collection": collection_id,
            "after": after,
            "limit": limit,
        },
    ).fetchall()
    return [SchemaDef(**row) for row in rows]


def newest(connection: Connection, owner: str, collection_id: UUID) -> SchemaDef | None:
    """The collection's schema with the highest version."""
    return _one(
        connection,
        " AND collection_id = %(collection)s ORDER BY version DESC LIMIT 1",
        owner=owner,
        collection=collection_id,
    )


def lock_all(connection: Connection, owner: str, collection_id: UUID) -> list[SchemaDef]:
    """Every schema that the collection ever had, as `lock` does, the oldest first."""
    rows = connection.execute(
        _SELECT + " AND collection_id = %(collection)s ORDER BY version FOR UPDATE",
        {"owner": owner, "collection": collection_id},
    ).fetchall()
    return [SchemaDef(**row) for row in rows]


def turned_down(
    connection: Connection, owner: str, collection_id: UUID, structure_hash: str
) -> list[SchemaDef]:
    """What was proposed for that structure before, and rejected or rolled back."""
    rows = connection.execute(
        _SELECT + " AND collection_id = %(collection)s"
        " AND status IN ('rejected', 'rolled_back') AND structure_hash = %(structure)s"
        " ORDER BY version",
        {"owner": owner, "collection": collection_id, "structure": structure_hash},
    ).fetchall()
    return [SchemaDef(**row) for row in rows]


def move(
    connection: Connection,
    definition: SchemaDef,
    status: Status,
    *,
    filled_to: UUID | None = None,
    error: str | None = None,
) -> None:
    """Give the schema another status; one that fails says why."""
    connection.execute(
        "UPDATE schema_def SET status = %s, filled_to = %s, error = %s, updated_at = now()"
        " WHERE owner = %s AND id = %s",
        [status, filled_to, error, definition.owner, definition.id],
    )


def decide(
    connection: Connection,
    definition: SchemaDef,
    status: Status,
    actor: str,
    reason: str | None = None,
) -> None:
    """Give the schema the status that somebody decided on, for the reason that they gave."""
    connection.execute(
        "UPDATE schema_def SET status = %s, error = %s, decided_by = %s, decided_at = now(),"
        " updated_at = now() WHERE owner = %s AND id = %s",
        [status, reason, actor, definition.owner, definition.id],
    )


def replace(connection: Connection, definition: SchemaDef, proposed: Proposed) -> None:
    """Put another proposal in this one's place; its dry run is to come."""
    connection.execute(
        "UPDATE schema_def SET status = 'proving', storage = %s, design = %s, overrides = %s,"
        " changes = %s, table_name = %s, ddl = %s, ddl_sha256 = %s, dry_run = NULL, error = NULL,"
        " decided_by = NULL, decided_at = NULL, updated_at = now() WHERE owner = %s AND id = %s",
        [
            proposed.storage,
            _json(proposed.design),
            Jsonb(proposed.overrides),
            Jsonb(proposed.changes),
            proposed.table_name,
            proposed.ddl,
            proposed.ddl_sha256,
            definition.owner,
            definition.id,
        ],
    )


def set_evidence(
    connection: Connection,
    definition: SchemaDef,
    profile: dict[str, Any],
    dry_run: dict[str, Any] | None,
) -> None:
    """Let other evidence speak for it: its time tells a dry run that is under way. After `lock`."""
    connection.execute(
        "UPDATE schema_def SET profile = %s, dry_run = %s, updated_at = clock_timestamp()"
        " WHERE owner = %s AND id = %s",
        [Jsonb(profile), _json(dry_run), definition.owner, definition.id],
    )


def set_profile(connection: Connection, definition: SchemaDef, profile: dict[str, Any]) -> None:
    """Let another profile speak for it, whatever a dry run shows meanwhile."""
    connection.execute(
        "UPDATE schema_def SET profile = %s WHERE owner = %s AND id = %s",
        [Jsonb(profile), definition.owner, definition.id],
    )


def prove_again(connection: Connection, owner: str, collection_id: UUID) -> bool:
    """Doubt the proposal that waits, for the table it would change is another; if there is one."""
    row = connection.execute(
        "UPDATE schema_def SET status = 'proving', updated_at = now() WHERE owner = %s"
        " AND collection_id = %s AND status = 'provisional' RETURNING 1",
        [owner, collection_id],
    ).fetchone()
    return row is not None


def forget_displaced(connection: Connection, owner: str, collection_id: UUID) -> None:
    """No earlier schema has a table any more."""
    connection.execute(
        "UPDATE schema_def SET filled_to = NULL WHERE owner = %s AND collection_id = %s"
        " AND status = 'superseded' AND filled_to IS NOT NULL",
        [owner, collection_id],
    )


def conclude_proof(
    connection: Connection,
    definition: SchemaDef,
    status: Status,
    dry_run: dict[str, Any] | None,
    error: str | None = None,
) -> None:
    """Put down what the dry run showed. After `lock`."""
    connection.execute(
        "UPDATE schema_def SET status = %s, dry_run = %s, error = %s, updated_at = now()"
        " WHERE owner = %s AND id = %s",
        [status, _json(dry_run), error, definition.owner, definition.id],
    )


def filled(connection: Connection, definition: SchemaDef, to: UUID) -> None:
    """The table holds all documents up to that one."""
    connection.execute(
        "UPDATE schema_def SET filled_to = %s, updated_at = now() WHERE owner = %s AND id = %s",
        [to, definition.owner, definition.id],
    )


def _one(connection: Connection, condition: str, **values: object) -> SchemaDef | None:
    row = connection.execute(_SELECT + condition, values).fetchone()
    return SchemaDef(**row) if row else None


def _json(value: dict[str, Any] | None) -> Jsonb | None:
    return None if value is None else Jsonb(value)
