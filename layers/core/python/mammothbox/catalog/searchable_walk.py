"""Making every searchable anew, in pieces: where that stands."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog.connection import Connection

# As with the walks of spaces: who works on an asset is neither to wait for a piece nor to be
# ended in a deadlock with it.
_PATIENCE = "800ms"


@dataclass(frozen=True)
class Position:
    """Behind which asset the next piece begins, in the order of the table's key."""

    owner: str
    id: UUID


def begin(connection: Connection) -> None:
    """Begin at the first asset, if there is any, whether or not a walk is under way."""
    connection.execute(
        "INSERT INTO searchable_walk SELECT WHERE EXISTS (SELECT FROM asset)"
        " ON CONFLICT (one) DO UPDATE"
        " SET after_owner = excluded.after_owner, after_id = excluded.after_id"
    )


def begin_by_new_rules(connection: Connection, number: int) -> None:
    """Begin if what there is was made by rules before these, once for each number."""
    row = connection.execute(
        "INSERT INTO searchable_rules AS made (number) VALUES (%s) ON CONFLICT (one)"
        " DO UPDATE SET number = excluded.number WHERE made.number < excluded.number RETURNING 1",
        [number],
    ).fetchone()
    if row is not None:
        begin(connection)


def take_turn(connection: Connection) -> Position | None:
    """Where the walk stands, until the commit; `None` when there is none, or another does it."""
    connection.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
    row = connection.execute(
        "SELECT after_owner AS owner, after_id AS id FROM searchable_walk FOR UPDATE SKIP LOCKED"
    ).fetchone()
    return Position(**row) if row else None


def lock_next(connection: Connection, after: Position, limit: int) -> list[Position]:
    """The next assets, whoever's, which nobody changes until the commit."""
    rows = connection.execute(
        "SELECT owner, id FROM asset WHERE (owner, id) > (%s, %s) ORDER BY owner, id LIMIT %s"
        " FOR NO KEY UPDATE",
        [after.owner, after.id, limit],
    ).fetchall()
    return [Position(**row) for row in rows]


def move(connection: Connection, last: Position | None) -> None:
    """Note how far the walk has come; `None` is its end."""
    if last is None:
        connection.execute("DELETE FROM searchable_walk")
    else:
        connection.execute(
            "UPDATE searchable_walk SET after_owner = %s, after_id = %s", [last.owner, last.id]
        )
