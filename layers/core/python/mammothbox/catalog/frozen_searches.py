"""What searches found, kept for their next pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mammothbox.catalog.connection import Connection

MINUTES = 10


@dataclass(frozen=True)
class Frozen:
    """`digest` tells what was asked; `complete` that nothing is to be added to what was found."""

    digest: bytes
    found: dict[str, Any]
    complete: bool


def keep(
    connection: Connection,
    owner: str,
    search_id: UUID,
    digest: bytes,
    found: Mapping[str, Any],
    *,
    complete: bool,
) -> None:
    """Keep it for ten minutes. Asks for no answer."""
    connection.execute(
        "INSERT INTO frozen_search (owner, id, digest, found, complete, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, now() + %s * interval '1 minute')",
        [owner, search_id, digest, Jsonb(dict(found)), complete, MINUTES],
        prepare=True,
    )


def find(connection: Connection, owner: str, search_id: UUID) -> Frozen | None:
    """What was found, locked until the transaction ends; `None` when it is forgotten."""
    row = connection.execute(
        "SELECT digest, found, complete FROM frozen_search"
        " WHERE owner = %s AND id = %s AND expires_at > now() FOR UPDATE",
        [owner, search_id],
    ).fetchone()
    return Frozen(**row) if row else None


def complete(connection: Connection, owner: str, search_id: UUID, found: Mapping[str, Any]) -> None:
    """Put in its place what was found by looking deeper; there will be no more."""
    connection.execute(
        "UPDATE frozen_search SET found = %s, complete = true WHERE owner = %s AND id = %s",
        [Jsonb(dict(found)), owner, search_id],
    )


def still_there(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> set[UUID]:
    """Those that are neither in the trash nor gone."""
    rows = connection.execute(
        "SELECT asset_id FROM searchable WHERE owner = %s AND asset_id = ANY(%s) AND NOT hidden",
        [owner, list(asset_ids)],
    ).fetchall()
    return {row["asset_id"] for row in rows}
