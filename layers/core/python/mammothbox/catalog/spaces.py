"""Embedding spaces: which there are, which is active, and how full each is.

Exactly one space is active: search and clusters use its vectors and no others. A space that
is filling gets vectors beside it, until it can take its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from mammothbox.catalog.connection import Connection, Database
from mammothbox.encoders.space import Space

MEDIA_KINDS = ("image", "video", "audio")


@dataclass(frozen=True)
class SpaceRow:
    """A space as it stands in the catalogue. `state` is known, filling, active or retired."""

    id: int
    name: str
    model: str
    weights_sha256: str
    dimension: int
    state: str
    calibration: dict[str, Any] | None
    activated_at: datetime | None


@dataclass(frozen=True)
class Fill:
    """How far a space is filled: media understood in it, still to do, and given up on."""

    done: int
    waiting: int
    failed: int
    missing: int


_SELECT = (
    "SELECT id, name, model, weights_sha256, dimension, state, calibration, activated_at"
    " FROM embedding_space"
)


def offer(url: str, found: Sequence[tuple[Space, Mapping[str, Any]]], preferred: str) -> SpaceRow:
    """Put the spaces a deployment has models of on record, and return the active one.

    That is the preferred one as long as no other holds vectors; after that only a human
    changes it. `url` is of a role that owns the tables.
    """
    database = Database(url)
    with closing(database), database.transaction() as connection:
        connection.execute("SET LOCAL search_path = catalog, public")
        connection.execute("LOCK TABLE embedding_space IN SHARE ROW EXCLUSIVE MODE")
        for space, calibration in found:
            register(connection, space, calibration)
        current = active(connection)
        if current is None or (current.name != preferred and is_empty(connection, current.id)):
            activate(connection, preferred)
            current = active(connection)
    assert current is not None  # noqa: S101 - it has just been activated
    return current


def register(connection: Connection, space: Space, calibration: Mapping[str, Any]) -> None:
    """Put a space on record; one that is known gets its newest calibration."""
    connection.execute(
        "INSERT INTO embedding_space (name, model, weights_sha256, dimension, calibration)"
        " VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET calibration = excluded.calibration",
        [
            space.name,
            space.model,
            space.weights_sha256,
            space.dimension,
            Jsonb(dict(calibration)),
        ],
    )


def find(connection: Connection, name: str) -> SpaceRow | None:
    """The space of that name."""
    row = connection.execute(_SELECT + " WHERE name = %s", [name]).fetchone()
    return SpaceRow(**row) if row else None


def active(connection: Connection) -> SpaceRow | None:
    """The active space; `None` before the first one was activated."""
    row = connection.execute(_SELECT + " WHERE state = 'active'").fetchone()
    return SpaceRow(**row) if row else None


def every(connection: Connection) -> list[SpaceRow]:
    """All spaces, the oldest first."""
    return [SpaceRow(**row) for row in connection.execute(_SELECT + " ORDER BY id").fetchall()]


def in_use(connection: Connection) -> list[SpaceRow]:
    """The spaces in which everything new is embedded: the active one first."""
    rows = connection.execute(
        _SELECT + " WHERE state IN ('active', 'filling') ORDER BY state, id"
    ).fetchall()
    return [SpaceRow(**row) for row in rows]


def is_empty(connection: Connection, space_id: int) -> bool:
    """Whether no vector of the space is on record."""
    row = connection.execute(
        "SELECT NOT EXISTS (SELECT FROM embedding WHERE space_id = %s) AS empty", [space_id]
    ).fetchone()
    return bool(row and row["empty"])


def activate(connection: Connection, name: str) -> None:
    """Make the space the active one, and retire the one before it. Takes turns with others."""
    connection.execute("SELECT 1 FROM embedding_space ORDER BY id FOR UPDATE")
    connection.execute(
        "UPDATE embedding_space SET state = 'retired' WHERE state = 'active' AND name <> %s",
        [name],
    )
    connection.execute(
        "UPDATE embedding_space SET state = 'active', activated_at = now()"
        " WHERE name = %s AND state <> 'active'",
        [name],
    )


def begin_fill(connection: Connection, name: str, request_id: str) -> int:
    """Queue what the space lacks, of every owner, and return how much that is.

    The janitor sends the wake-ups. The stages are optional: nothing that is ready waits for
    them or fails with them. From here on new media is embedded in this space too.
    """
    connection.execute(
        "UPDATE embedding_space SET state = 'filling' WHERE name = %s AND state <> 'active'",
        [name],
    )
    row = connection.execute(
        "WITH queued AS ("
        "INSERT INTO stage (owner, asset_id, name, space, state, request_id, optional)"
        " SELECT owner, id, 'embed', %(name)s, 'queued', %(request_id)s, true FROM asset"
        " WHERE kind = ANY(%(kinds)s) AND duplicate_of IS NULL AND purging_at IS NULL"
        " AND status IN ('ready', 'queued', 'processing')"
        " ON CONFLICT (owner, asset_id, name, space, part) DO UPDATE"
        " SET state = 'queued', queued_at = now(), woken_at = NULL,"
        " revived_at_attempt = stage.attempt, request_id = excluded.request_id"
        " WHERE stage.state IN ('failed', 'dead', 'skipped') RETURNING 1)"
        " SELECT count(*) AS queued FROM queued",
        {"name": name, "request_id": request_id, "kinds": list(MEDIA_KINDS)},
    ).fetchone()
    return int(row["queued"]) if row else 0


def fill_of(connection: Connection, name: str) -> Fill:
    """How far the space is filled, across owners."""
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE s.state = 'done') AS done,"
        " count(*) FILTER (WHERE s.state IN ('queued', 'running')"
        " OR (s.state = 'failed' AND s.retryable)) AS waiting,"
        " count(*) FILTER (WHERE s.state = 'dead'"
        " OR (s.state = 'failed' AND NOT s.retryable)) AS failed,"
        " count(*) FILTER (WHERE s.state IS NULL) AS missing"
        " FROM asset a LEFT JOIN stage s ON s.owner = a.owner AND s.asset_id = a.id"
        " AND s.name = 'embed' AND s.space = %s"
        " WHERE a.kind = ANY(%s) AND a.status = 'ready' AND a.duplicate_of IS NULL"
        " AND a.purging_at IS NULL",
        [name, list(MEDIA_KINDS)],
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has its row
    return Fill(**row)
