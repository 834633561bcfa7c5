"""How far the janitor's long walks have come, so that each run does a part of them."""

from __future__ import annotations

from urllib.parse import quote, unquote

from mammothbox.catalog.connection import Connection


def position(connection: Connection, name: str) -> str | None:
    """Where the walk goes on; `None` at its beginning."""
    row = connection.execute("SELECT position FROM sweep WHERE name = %s", [name]).fetchone()
    return unquote(row["position"]) if row else None


def move(connection: Connection, name: str, position: str | None) -> None:
    """Remember where to go on; `None` begins anew."""
    if position is None:
        connection.execute("DELETE FROM sweep WHERE name = %s", [name])
    else:
        connection.execute(
            "INSERT INTO sweep (name, position) VALUES (%s, %s)"
            " ON CONFLICT (name) DO UPDATE SET position = excluded.position",
            # A partner's key may hold a NUL, which no text of Postgres does.
            [name, quote(position)],
        )
