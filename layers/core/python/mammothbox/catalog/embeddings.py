"""Vectors: one per asset and space, and one per key frame of a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pgvector import Vector

from mammothbox.catalog.connection import Connection

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class FrameVector:
    """The vector of one key frame."""

    at_ms: int | None
    vector: Floats


def record(
    connection: Connection,
    owner: str,
    asset_id: UUID,
    space_id: int,
    vectors: Sequence[FrameVector],
) -> None:
    """Put down an asset's own vector and then its frames', in place of earlier ones."""
    connection.execute(
        "DELETE FROM embedding WHERE owner = %s AND asset_id = %s AND space_id = %s",
        [owner, asset_id, space_id],
    )
    connection.cursor().executemany(
        "INSERT INTO embedding (owner, asset_id, space_id, frame, at_ms, vector)"
        " VALUES (%s, %s, %s, %s, %s, %s::text::vector)",
        [
            (owner, asset_id, space_id, frame, found.at_ms, Vector(found.vector).to_text())
            for frame, found in enumerate(vectors)
        ],
    )


def of_asset(connection: Connection, owner: str, asset_id: UUID, space_id: int) -> list[Floats]:
    """The asset's own vector, then those of its frames; empty when it has none."""
    rows = connection.execute(
        "SELECT vector::text AS vector FROM embedding"
        " WHERE owner = %s AND asset_id = %s AND space_id = %s ORDER BY frame",
        [owner, asset_id, space_id],
    ).fetchall()
    return [_read(row["vector"]) for row in rows]


def _read(text: str) -> Floats:
    vector: Floats = Vector.from_text(text).to_numpy()
    return vector
