"""Walks over all assets on behalf of a space: where each stands, and what one piece of it does.

Intake gives every new asset its stages by itself. A walk is for what was there before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.stages_anew import ANEW

MEDIA_KINDS = ("image", "video", "audio")

# Whoever works on an asset is not to wait for a piece, nor to be ended in a deadlock with it:
# the piece gives up before Postgres looks for one, which is after a second.
_PATIENCE = "800ms"
# "fill" in ASCII; a pair of numbers is never the same lock as a single one.
_LOCK = (0x66696C6C, 0)


@dataclass(frozen=True)
class SpaceWalk:
    """How far a walk is: how many assets it has looked at, and whether it came to the end."""

    space_id: int
    aim: Literal["fill", "clear"]
    request_id: str
    looked_at: int
    begun_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Turn:
    """The right to do a piece of a walk, until the commit."""

    space_id: int
    space: str
    aim: Literal["fill", "clear"]
    request_id: str
    known: bool
    after_owner: str
    after_id: UUID


@dataclass(frozen=True)
class Piece:
    """The assets a piece looked at: how many, and the last of them."""

    owner: str
    id: UUID
    looked_at: int


def every(connection: Connection) -> dict[int, SpaceWalk]:
    """The last walk of each space that ever had one, by the space's id."""
    rows = connection.execute(
        "SELECT space_id, aim, request_id, looked_at, begun_at, ended_at FROM space_walk"
    ).fetchall()
    return {row["space_id"]: SpaceWalk(**row) for row in rows}


def begin(
    connection: Connection, space_id: int, aim: Literal["fill", "clear"], request_id: str
) -> None:
    """Walk over all assets from the first on, in the place of any earlier walk of the space."""
    connection.execute(
        "INSERT INTO space_walk (space_id, aim, request_id) VALUES (%s, %s, %s)"
        " ON CONFLICT (space_id) DO UPDATE SET aim = excluded.aim,"
        " request_id = excluded.request_id, known = excluded.known,"
        " after_owner = excluded.after_owner, after_id = excluded.after_id,"
        " looked_at = excluded.looked_at, begun_at = excluded.begun_at, ended_at = NULL",
        [space_id, aim, request_id],
    )


def follow_activation(connection: Connection) -> None:
    """Turn walks round that fill a space which has retired, and end those that clear the active."""
    connection.execute(
        "UPDATE space_walk w SET aim = 'clear', known = DEFAULT, after_owner = DEFAULT,"
        " after_id = DEFAULT, looked_at = DEFAULT, begun_at = now(), ended_at = NULL"
        " FROM embedding_space s"
        " WHERE s.id = w.space_id AND s.state = 'retired' AND w.aim = 'fill'"
    )
    connection.execute(
        "UPDATE space_walk w SET ended_at = now() FROM embedding_space s"
        " WHERE s.id = w.space_id AND s.state = 'active' AND w.aim = 'clear'"
        " AND w.ended_at IS NULL"
    )


def hold_off(connection: Connection) -> None:
    """Let no walk set out until the commit: what this transaction queues depends on the spaces
    it sees, and a walk has to find what it leaves behind."""
    connection.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", _LOCK)


def take_turn(connection: Connection) -> Turn | None:
    """The oldest walk that is under way and that nobody else is doing a piece of."""
    connection.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
    row = connection.execute(
        "SELECT w.space_id, s.name AS space, w.aim, w.request_id, w.known, w.after_owner,"
        " w.after_id FROM space_walk w JOIN embedding_space s ON s.id = w.space_id"
        " WHERE w.ended_at IS NULL ORDER BY w.begun_at, w.space_id LIMIT 1"
        " FOR UPDATE OF w SKIP LOCKED"
    ).fetchone()
    return Turn(**row) if row else None


def set_out(connection: Connection, turn: Turn) -> None:
    """Wait for everyone who holds the walk off. Raises `Unavailable` when that takes too long.

    Whoever comes after the commit sees what state the space is in; whoever came before has left
    assets that the walk will see. Nothing else may happen in this transaction: those who wait
    to hold off may hold what it would need.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", _LOCK)
    connection.execute("UPDATE space_walk SET known = true WHERE space_id = %s", [turn.space_id])


def move(connection: Connection, turn: Turn, piece: Piece | None) -> None:
    """Note how far the walk has come; `None` is its end."""
    if piece is None:
        connection.execute(
            "UPDATE space_walk SET ended_at = now() WHERE space_id = %s", [turn.space_id]
        )
    else:
        connection.execute(
            "UPDATE space_walk SET after_owner = %s, after_id = %s, looked_at = looked_at + %s"
            " WHERE space_id = %s",
            [piece.owner, piece.id, piece.looked_at, turn.space_id],
        )


# Locked as the foreign key of each new stage would lock them, but in their order, and before
# any stage is there that somebody could wait for.
_PIECE = (
    "WITH piece AS (SELECT owner, id, kind, status, duplicate_of, purging_at FROM asset"
    " WHERE (owner, id) > (%(after_owner)s::text, %(after_id)s::uuid) ORDER BY owner, id"
    " LIMIT %(most)s{lock})"
)
_LAST = (
    " SELECT owner, id, count(*) OVER () AS looked_at FROM piece"
    " ORDER BY owner DESC, id DESC LIMIT 1"
)
_QUEUE_LACKING = (
    _PIECE.format(lock=" FOR KEY SHARE") + ", queued AS ("
    "INSERT INTO stage AS s (owner, asset_id, name, space, state, request_id, optional)"
    " SELECT owner, id, 'embed', %(space)s, 'queued', %(request_id)s, true FROM piece"
    " WHERE kind = ANY(%(kinds)s) AND duplicate_of IS NULL AND purging_at IS NULL"
    " AND status IN ('ready', 'queued', 'processing')"
    " ON CONFLICT (owner, asset_id, name, space, part) DO UPDATE"
    + (ANEW + ", request_id = excluded.request_id")
    + " WHERE s.state IN ('failed', 'dead', 'skipped'))"
    + _LAST
)
_SKIP_WAITING = (
    _PIECE.format(lock="") + ", skipped AS ("
    "UPDATE stage SET state = 'skipped', finished_at = now(), error_code = 'space_not_in_use',"
    " error_detail = 'The filling of this embedding space was called off.', retryable = false"
    " FROM piece WHERE stage.owner = piece.owner AND stage.asset_id = piece.id"
    " AND stage.name = 'embed' AND stage.space = %(space)s AND stage.part = 0"
    " AND stage.optional AND stage.state = 'queued')" + _LAST
)


def queue_lacking(connection: Connection, turn: Turn, most: int) -> Piece | None:
    """Queue what the space lacks of the next assets, whoever's; `None` when there are no more.

    The stages are optional: nothing that is ready waits for them or fails with them.
    """
    return _piece(connection, _QUEUE_LACKING, turn, most)


def skip_waiting(connection: Connection, turn: Turn, most: int) -> Piece | None:
    """Skip what waits to be embedded in the space of the next assets; `None` as above.

    Not removed: the message of a stage that is not on record would end in the dead letters.
    """
    return _piece(connection, _SKIP_WAITING, turn, most)


def _piece(connection: Connection, statement: str, turn: Turn, most: int) -> Piece | None:
    values: dict[str, Any] = {**vars(turn), "most": most, "kinds": list(MEDIA_KINDS)}
    row = connection.execute(statement.encode(), values).fetchone()
    return Piece(**row) if row else None
