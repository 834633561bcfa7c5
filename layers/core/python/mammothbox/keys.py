"""API keys, made and revoked on request, and both put on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from mammothbox.catalog import api_keys, lineage
from mammothbox.catalog.api_keys import Key, Role
from mammothbox.catalog.connection import Database
from mammothbox.catalog.lineage import Entry
from mammothbox.errors import NotFound, Refused
from mammothbox.ids import new_id

# How long a key may last that does not last for ever.
MOST_DAYS = 3650


def lasts_until(days: float | None) -> datetime | None:
    """When a key made now is over that lasts so many days; without, it lasts for ever.

    Raises `ValueError` saying how long one may last.
    """
    if days is None:
        return None
    if not 0 < days <= MOST_DAYS:
        raise ValueError(f"a key lasts more than 0 and at most {MOST_DAYS} days")
    return datetime.now(UTC) + timedelta(days=days)


def make(
    database: Database,
    owner: str,
    *,
    role: Role,
    name: str,
    expires_at: datetime | None,
    actor: str,
    request_id: str,
) -> tuple[Key, str]:
    """A new key and its secret, which nobody can read again.

    A name means one key in force: a call that is repeated because its answer was lost makes no
    second one. Raises `Refused` then.
    """
    with database.transaction(owner) as connection:
        api_keys.lock(connection, owner)
        if there := api_keys.in_force(connection, owner, name):
            raise Refused(
                409, "key_exists", f"{name!r} is the key {there.id}: revoke it or use another name."
            )
        key_id = new_id()
        secret = api_keys.add(
            connection, key_id, owner=owner, role=role, name=name, expires_at=expires_at
        )
        lineage.record(
            connection,
            Entry(
                owner=owner,
                request_id=request_id,
                event="key.made",
                actor=actor,
                detail={"key_id": str(key_id), "role": role},
            ),
        )
        key = api_keys.get(connection, owner, key_id)
    assert key is not None  # noqa: S101 - it was made in this transaction
    return key, secret


def revoke(
    database: Database, owner: str, key_id: UUID, *, calling: UUID, actor: str, request_id: str
) -> None:
    """Let the key open nothing any more; once is enough. Raises `Refused`."""
    if key_id == calling:
        raise Refused(
            409, "key_in_use", "You are calling with this key: revoke it by means of another."
        )
    with database.transaction(owner) as connection:
        if api_keys.revoke(connection, owner, key_id):
            lineage.record(
                connection,
                Entry(
                    owner=owner,
                    request_id=request_id,
                    event="key.revoked",
                    actor=actor,
                    detail={"key_id": str(key_id)},
                ),
            )
        elif api_keys.get(connection, owner, key_id) is None:
            raise NotFound("key", key_id)
