"""API keys: shown once, stored as a hash, looked up before their owner is known."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from mammothbox.catalog.connection import Connection, Database
from mammothbox.ids import new_id

Role = Literal["viewer", "uploader", "admin", "operator"]
ROLES: tuple[Role, ...] = ("viewer", "uploader", "admin", "operator")
_PREFIX = "mbx_"


@dataclass(frozen=True)
class Presented:
    """What the catalogue knows of a key somebody presented."""

    id: UUID
    owner: str
    role: Role
    expired: bool
    revoked: bool


@dataclass(frozen=True)
class Key:
    """A key as its owner sees it. `last_used_at` is right to the hour."""

    id: UUID
    owner: str
    role: Role
    name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


_SELECT = (
    "SELECT id, owner, role, name, created_at, expires_at, last_used_at, revoked_at FROM api_key"
    " WHERE owner = %(owner)s"
)


def create(
    url: str, *, owner: str, role: Role, name: str, expires_at: datetime | None = None
) -> str:
    """Make a key and return it; it cannot be read again. `url` is of a role that owns tables."""
    database = Database(url)
    with closing(database), database.transaction() as connection:
        connection.execute("SET LOCAL search_path = catalog")
        return add(connection, new_id(), owner=owner, role=role, name=name, expires_at=expires_at)


def add(
    connection: Connection,
    key_id: UUID,
    *,
    owner: str,
    role: Role,
    name: str,
    expires_at: datetime | None,
) -> str:
    """Make a key and return it; it cannot be read again."""
    # 256 random bits need no slow hash: there is nothing to guess.
    key = _PREFIX + secrets.token_urlsafe(32)
    connection.execute(
        "INSERT INTO api_key (id, owner, role, name, key_hash, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [key_id, owner, role, name, _hash(key), expires_at],
    )
    return key


def lock(connection: Connection, owner: str) -> None:
    """Whoever else makes keys for the owner waits for the end of the transaction."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('make a key for ' || %s, 0))", [owner]
    )


def get(connection: Connection, owner: str, key_id: UUID) -> Key | None:
    """The owner's key of that id, in force or not."""
    row = connection.execute(
        _SELECT + " AND id = %(id)s", {"owner": owner, "id": key_id}
    ).fetchone()
    return Key(**row) if row else None


def in_force(connection: Connection, owner: str, name: str) -> Key | None:
    """The owner's key of that name that opens something, the newest if there are several."""
    row = connection.execute(
        _SELECT + " AND name = %(name)s AND revoked_at IS NULL"
        " AND (expires_at > now()) IS NOT FALSE ORDER BY id DESC LIMIT 1",
        {"owner": owner, "name": name},
    ).fetchone()
    return Key(**row) if row else None


def names(connection: Connection, owner: str, actors: Iterable[str]) -> dict[str, str]:
    """The names of the owner's keys among those who acted, by what they are called on record."""
    rows = connection.execute(
        "SELECT 'key:' || id AS actor, name FROM api_key WHERE owner = %s"
        " AND 'key:' || id = ANY(%s)",
        [owner, list(actors)],
    ).fetchall()
    return {row["actor"]: row["name"] for row in rows}


def page(connection: Connection, owner: str, after: UUID | None, limit: int) -> list[Key]:
    """The owner's keys, newest first, from beyond `after`."""
    rows = connection.execute(
        _SELECT + " AND (%(after)s::uuid IS NULL OR id < %(after)s)"
        " ORDER BY id DESC LIMIT %(limit)s",
        {"owner": owner, "after": after, "limit": limit},
    ).fetchall()
    return [Key(**row) for row in rows]


def revoke(connection: Connection, owner: str, key_id: UUID) -> bool:
    """Let the key open nothing from now on; `False` when it was revoked before."""
    row = connection.execute(
        "UPDATE api_key SET revoked_at = now() WHERE owner = %s AND id = %s"
        " AND revoked_at IS NULL RETURNING 1 AS one",
        [owner, key_id],
    ).fetchone()
    return row is not None


def find(database: Database, key: str) -> Presented | None:
    """The key's row, valid or not; `None` when there never was such a key."""
    with database.session() as connection:
        row = connection.execute(
            "SELECT id, owner, role, expired, revoked FROM owned.authenticate(%s)",
            [_hash(key)],
            prepare=True,
        ).fetchone()
    return Presented(**row) if row else None


def is_valid(url: str, key: str) -> bool:
    """Whether `key` opens anything in the catalogue at `url`."""
    database = Database(url)
    with closing(database):
        presented = find(database, key)
    return presented is not None and not (presented.expired or presented.revoked)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
