"""API keys: shown once, stored as a hash, looked up before their owner is known."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from mammothbox.catalog.connection import Database
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


def create(
    url: str, *, owner: str, role: Role, name: str, expires_at: datetime | None = None
) -> str:
    """Make a key and return it; it cannot be read again. `url` is of a role that owns tables."""
    # 256 random bits need no slow hash: there is nothing to guess.
    key = _PREFIX + secrets.token_urlsafe(32)
    database = Database(url)
    with closing(database), database.transaction() as connection:
        connection.execute(
            "INSERT INTO catalog.api_key (id, owner, role, name, key_hash, expires_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [new_id(), owner, role, name, _hash(key), expires_at],
        )
    return key


def find(database: Database, key: str) -> Presented | None:
    """The key's row, valid or not; `None` when there never was such a key."""
    with database.session() as connection:
        row = connection.execute(
            "SELECT id, owner, role, expired, revoked FROM owned.authenticate(%s)", [_hash(key)]
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
