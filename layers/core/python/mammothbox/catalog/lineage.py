"""The audit trail: what happened to what, on whose behalf. Ids, codes and numbers only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `actor` is `key:<id>` or `function:<name>`."""

    owner: str
    request_id: str
    event: str
    actor: str
    job_id: UUID | None = None
    raw_id: UUID | None = None
    asset_id: UUID | None = None
    stage: str | None = None
    attempt: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Recorded:
    """An entry as it stands in the catalogue."""

    id: int
    at: datetime
    event: str
    actor: str
    request_id: str
    job_id: UUID | None
    raw_id: UUID | None
    stage: str | None
    attempt: int | None
    detail: dict[str, Any]


def about(asset: Asset, event: str, *, actor: str, request_id: str) -> Entry:
    """An entry about an asset."""
    return Entry(
        owner=asset.owner,
        request_id=request_id,
        event=event,
        actor=actor,
        job_id=asset.job_id,
        raw_id=asset.raw_id,
        asset_id=asset.id,
    )


def record(connection: Connection, *entries: Entry) -> None:
    """Append entries, in order."""
    connection.cursor().executemany(
        "INSERT INTO lineage (owner, request_id, event, actor, job_id, raw_id, asset_id, stage,"
        " attempt, detail) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                entry.owner,
                entry.request_id,
                entry.event,
                entry.actor,
                entry.job_id,
                entry.raw_id,
                entry.asset_id,
                entry.stage,
                entry.attempt,
                Jsonb(entry.detail),
            )
            for entry in entries
        ],
    )


def of_asset(
    connection: Connection, owner: str, asset_id: UUID, after: int, limit: int
) -> list[Recorded]:
    """What happened to an asset, oldest first, from beyond the entry `after`."""
    rows = connection.execute(
        "SELECT id, at, event, actor, request_id, job_id, raw_id, stage, attempt, detail"
        " FROM lineage WHERE owner = %s AND asset_id = %s AND id > %s ORDER BY id LIMIT %s",
        [owner, asset_id, after, limit],
    ).fetchall()
    return [Recorded(**row) for row in rows]


def was_purged(connection: Connection, owner: str, asset_id: UUID) -> bool:
    """Whether the asset once was here and was erased on request."""
    row = connection.execute(
        "SELECT 1 FROM lineage WHERE owner = %s AND asset_id = %s AND event = 'asset.purged'"
        " LIMIT 1",
        [owner, asset_id],
    ).fetchone()
    return row is not None


def purged_among(
    connection: Connection, assets: Sequence[tuple[str, UUID]]
) -> set[tuple[str, UUID]]:
    """Which of these owners' assets were once here and were erased on request."""
    rows = connection.execute(
        "SELECT owner, asset_id FROM lineage WHERE event = 'asset.purged'"
        " AND (owner, asset_id) IN (SELECT * FROM unnest(%s::text[], %s::uuid[]))",
        [[owner for owner, _ in assets], [asset_id for _, asset_id in assets]],
    ).fetchall()
    return {(row["owner"], row["asset_id"]) for row in rows}
