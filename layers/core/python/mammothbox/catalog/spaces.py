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

from mammothbox.catalog import searchable_walk, space_index, space_walks
from mammothbox.catalog.connection import Connection, Database
from mammothbox.encoders.space import Space

MEDIA_KINDS = space_walks.MEDIA_KINDS


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
    changes it. What waited to be embedded in the one before is embedded in it, too. `url` is of a
    role that owns the tables.
    """
    database = Database(url)
    with closing(database), database.transaction() as connection:
        connection.execute("SET LOCAL search_path = catalog, public")
        connection.execute("LOCK TABLE embedding_space IN SHARE ROW EXCLUSIVE MODE")
        for space, calibration in found:
            register(connection, space, calibration)
        before = current = active(connection)
        if current is None or (current.name != preferred and is_empty(connection, current.id)):
            activate(connection, preferred)
            current = active(connection)
        assert current is not None  # noqa: S101 - it has just been activated
        if before is not None and before.id != current.id:
            space_walks.begin(connection, current.id, "fill", "deployment")
    return current


def register(connection: Connection, space: Space, calibration: Mapping[str, Any]) -> None:
    """Put a space on record, with an index of its vectors, as the role that owns the tables.

    One that is known gets its newest calibration.
    """
    row = connection.execute(
        "INSERT INTO embedding_space (name, model, weights_sha256, dimension, calibration)"
        " VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET calibration = excluded.calibration"
        " RETURNING id, dimension",
        [
            space.name,
            space.model,
            space.weights_sha256,
            space.dimension,
            Jsonb(dict(calibration)),
        ],
    ).fetchone()
    assert row is not None  # noqa: S101 - it was inserted or updated
    space_index.ensure(connection, row["id"], row["dimension"])


def find(connection: Connection, name: str) -> SpaceRow | None:
    """The space of that name."""
    row = connection.execute(_SELECT + " WHERE name = %s", [name]).fetchone()
    return SpaceRow(**row) if row else None


def by_id(connection: Connection, space_id: int) -> SpaceRow:
    """The space of that id, which is on record."""
    row = connection.execute(_SELECT + " WHERE id = %s", [space_id]).fetchone()
    assert row is not None  # noqa: S101 - what has the id refers to it
    return SpaceRow(**row)


def active(connection: Connection) -> SpaceRow | None:
    """The active space; `None` before the first one was activated."""
    row = connection.execute(_SELECT + " WHERE state = 'active'").fetchone()
    return SpaceRow(**row) if row else None


def every(connection: Connection) -> list[SpaceRow]:
    """All spaces, the oldest first."""
    return [SpaceRow(**row) for row in connection.execute(_SELECT + " ORDER BY id").fetchall()]


def in_use(connection: Connection) -> list[SpaceRow]:
    """The spaces in which everything new is embedded: the active one first.

    For a transaction that gives an asset its stages: until its commit, no fill sets out that
    began too late to be seen here and would be too early to see the asset.
    """
    space_walks.hold_off(connection)
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
    """Make the space the active one, and retire the one before it. Takes turns with others.

    A fill of it goes on; what still waits to be filled into the retired one is called off. What
    search looks at is made anew by the janitor, for the tags of another space count now.
    """
    connection.execute("SELECT 1 FROM embedding_space ORDER BY id FOR UPDATE")
    connection.execute(
        "UPDATE embedding_space SET state = 'retired' WHERE state = 'active' AND name <> %s",
        [name],
    )
    row = connection.execute(
        "UPDATE embedding_space SET state = 'active', activated_at = now()"
        " WHERE name = %s AND state <> 'active' RETURNING 1",
        [name],
    ).fetchone()
    if row is not None:
        searchable_walk.begin(connection)
    space_walks.follow_activation(connection)


def begin_fill(connection: Connection, space: SpaceRow, request_id: str) -> None:
    """Have the janitor queue what the space lacks, of every owner, from the beginning.

    What failed in it, died or was skipped is tried again. From here on new media is embedded in
    this space too. A space that is active stays so.
    """
    connection.execute(
        "UPDATE embedding_space SET state = 'filling' WHERE id = %s AND state <> 'active'",
        [space.id],
    )
    space_walks.begin(connection, space.id, "fill", request_id)


def call_off_fill(connection: Connection, space: SpaceRow, request_id: str) -> None:
    """Embed nothing more in a space that is filling; what is embedded in it stays.

    The janitor skips what waits. Does nothing for a space that is not filling.
    """
    row = connection.execute(
        "UPDATE embedding_space SET state = 'known' WHERE id = %s AND state = 'filling'"
        " RETURNING id",
        [space.id],
    ).fetchone()
    if row is not None:
        space_walks.begin(connection, space.id, "clear", request_id)


def fill_of(connection: Connection, name: str) -> Fill:
    """How far the space is filled, across owners. Looks at every asset: seconds for millions."""
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE s.state = 'done') AS done,"
        " count(*) FILTER (WHERE s.state IN ('queued', 'running')"
        " OR (s.state = 'failed' AND s.retryable)) AS waiting,"
        " count(*) FILTER (WHERE s.state = 'dead'"
        " OR (s.state = 'failed' AND NOT s.retryable)) AS failed,"
        " count(*) FILTER (WHERE s.state IS NULL OR s.state = 'skipped') AS missing"
        " FROM asset a LEFT JOIN stage s ON s.owner = a.owner AND s.asset_id = a.id"
        " AND s.name = 'embed' AND s.space = %s"
        " WHERE a.kind = ANY(%s) AND a.status = 'ready' AND a.duplicate_of IS NULL"
        " AND a.purging_at IS NULL",
        [name, list(MEDIA_KINDS)],
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has its row
    return Fill(**row)
