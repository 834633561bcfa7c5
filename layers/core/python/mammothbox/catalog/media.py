"""What is known of pictures, videos and sounds: facts, derivatives and the perceptual hash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mammothbox.catalog.connection import Connection
from mammothbox.media.understood import Derivative, Facts

_PLAIN = (
    "width",
    "height",
    "orientation",
    "frames",
    "duration_ms",
    "taken_at",
    "taken_offset_min",
    "video_codec",
    "audio_codec",
    "bit_rate",
    "title",
    "artist",
    "album",
)


def record(
    connection: Connection, owner: str, asset_id: UUID, facts: Facts, phash: str | None
) -> None:
    """Put down what the file said; what an earlier reading said is replaced."""
    place = facts.place
    values: dict[str, Any] = {
        **{name: getattr(facts, name) for name in _PLAIN},
        "latitude": place.latitude if place else None,
        "longitude": place.longitude if place else None,
        "altitude": place.altitude if place else None,
        "camera": Jsonb(facts.camera.model_dump(exclude_none=True)) if facts.camera else None,
        "everything": Jsonb(facts.everything),
        "phash": f"{int(phash, 16):064b}" if phash else None,
    }
    # The names are this module's own, never a file's.
    connection.execute(
        "INSERT INTO media (owner, asset_id, "
        + ", ".join(values)
        + ") VALUES (%(owner)s, %(asset_id)s, "
        + ", ".join("%(" + name + ")s" for name in values)
        + ") ON CONFLICT (owner, asset_id) DO UPDATE SET "
        + ", ".join(name + " = excluded." + name for name in values),
        {**values, "owner": owner, "asset_id": asset_id},
    )


def everything(connection: Connection, owner: str, asset_id: UUID) -> dict[str, Any]:
    """All that the file carries, by group; empty for what is no media."""
    row = connection.execute(
        "SELECT everything FROM media WHERE owner = %s AND asset_id = %s", [owner, asset_id]
    ).fetchone()
    return dict(row["everything"]) if row else {}


def record_derivatives(
    connection: Connection, owner: str, asset_id: UUID, derivatives: Sequence[Derivative]
) -> None:
    """Put down which pictures were made, in place of those of an earlier reading."""
    connection.execute(
        "DELETE FROM derivative WHERE owner = %s AND asset_id = %s AND name <> ALL(%s)",
        [owner, asset_id, [made.name for made in derivatives]],
    )
    connection.cursor().executemany(
        "INSERT INTO derivative (owner, asset_id, name, content_type, width, height, size_bytes)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (owner, asset_id, name) DO UPDATE"
        " SET content_type = excluded.content_type, width = excluded.width,"
        " height = excluded.height, size_bytes = excluded.size_bytes",
        [
            (
                owner,
                asset_id,
                made.name,
                made.content_type,
                made.width,
                made.height,
                len(made.body),
            )
            for made in derivatives
        ],
    )
