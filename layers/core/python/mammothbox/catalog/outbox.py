"""Announcements on record until they were published."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from mammothbox.catalog.connection import Connection
from mammothbox.messages import Announcement


def insert(connection: Connection, announcements: Sequence[Announcement]) -> None:
    """Put announcements on record, with the transaction that makes them true."""
    for announcement in announcements:
        connection.execute(
            "INSERT INTO outbox (id, owner, type, request_id, detail) VALUES (%s, %s, %s, %s, %s)",
            [
                announcement.id,
                announcement.owner,
                announcement.type,
                announcement.request_id,
                Jsonb(announcement.detail),
            ],
        )


def mark_sent(connection: Connection, announcements: Sequence[Announcement]) -> None:
    """Note what was published."""
    if announcements:
        connection.execute(
            "UPDATE outbox SET sent_at = now()"
            " WHERE owner = ANY(%s) AND id = ANY(%s) AND sent_at IS NULL",
            [
                list({announcement.owner for announcement in announcements}),
                [announcement.id for announcement in announcements],
            ],
        )


def unsent(connection: Connection, older_than_s: int, limit: int) -> list[Announcement]:
    """What has waited too long, oldest first, of every owner."""
    rows = connection.execute(
        "SELECT id, owner, type, request_id, detail FROM outbox"
        " WHERE sent_at IS NULL AND created_at < now() - make_interval(secs => %s)"
        " ORDER BY created_at LIMIT %s",
        [older_than_s, limit],
    ).fetchall()
    return [Announcement(**row) for row in rows]


def forget_sent(connection: Connection, older_than_s: int, limit: int) -> int:
    """Delete what was published long ago, of every owner, and return how much that was."""
    rows = connection.execute(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox"
        " WHERE sent_at < now() - make_interval(secs => %s)"
        " ORDER BY sent_at LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING id",
        [older_than_s, limit],
    ).fetchall()
    return len(rows)
