"""Chores: work on all of an owner's things, done in pieces by one worker at a time.

A row stands for as long as there is work. Whoever claims it holds a lease, as with a stage.
"""

from __future__ import annotations

from dataclasses import dataclass

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Chore:
    """The right to do a piece of an owner's chore until the lease lapses."""

    owner: str
    name: str
    attempt: int


def ask(connection: Connection, owner: str, name: str, *, after_s: int = 0) -> None:
    """See to it that the chore is done, some seconds from now; once more if it is under way."""
    connection.execute(
        "INSERT INTO chore (owner, name, due_at)"
        " VALUES (%s, %s, now() + make_interval(secs => %s)) ON CONFLICT (owner, name) DO UPDATE"
        " SET asked_again = chore.lease_until IS NOT NULL,"
        " due_at = least(chore.due_at, excluded.due_at)",
        [owner, name, after_s],
    )


def due(connection: Connection, again_after_s: int, limit: int) -> list[tuple[str, str]]:
    """Owners and names of chores that wait for a worker, marked as called for a while."""
    rows = connection.execute(
        "UPDATE chore SET due_at = now() + make_interval(secs => %s) WHERE (owner, name) IN ("
        "SELECT owner, name FROM chore WHERE due_at <= now()"
        " AND (lease_until IS NULL OR lease_until < now()) ORDER BY due_at LIMIT %s"
        " FOR UPDATE SKIP LOCKED) RETURNING owner, name",
        [again_after_s, limit],
    ).fetchall()
    return sorted((row["owner"], row["name"]) for row in rows)


def claim(connection: Connection, owner: str, name: str, lease_s: int) -> Chore | None:
    """Take the chore; `None` when there is none, or another holds it."""
    row = connection.execute(
        "UPDATE chore SET attempt = attempt + 1, asked_again = false,"
        " lease_until = now() + make_interval(secs => %s) WHERE owner = %s AND name = %s"
        " AND (lease_until IS NULL OR lease_until < now()) RETURNING attempt",
        [lease_s, owner, name],
    ).fetchone()
    return Chore(owner, name, **row) if row else None


def put_down(
    connection: Connection, chore: Chore, *, after_s: int = 0, error: str | None = None
) -> None:
    """There is more to do, some seconds from now; `error` says why no more was done."""
    connection.execute(
        "UPDATE chore SET lease_until = NULL, error = %s,"
        " due_at = now() + make_interval(secs => %s)"
        " WHERE owner = %s AND name = %s AND attempt = %s",
        [error, after_s, chore.owner, chore.name, chore.attempt],
    )


def finish(connection: Connection, chore: Chore) -> None:
    """The chore is done, unless somebody asked again meanwhile."""
    row = connection.execute(
        "DELETE FROM chore WHERE owner = %s AND name = %s AND attempt = %s AND NOT asked_again"
        " RETURNING 1",
        [chore.owner, chore.name, chore.attempt],
    ).fetchone()
    if row is None:
        put_down(connection, chore)
