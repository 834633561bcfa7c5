"""Fingerprints of pictures, and which others of the same owner are near to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import combinations
from typing import Any
from uuid import UUID

from pgvector import Vector

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.embeddings import Floats

# Hashes that differ in more bits are never taken for those of one picture.
MOST_DISTANCE = 12
# The parts of a hash as its table has them: name, width, and how many bits of a part may differ
# so that no hash within `MOST_DISTANCE` is missed.
_PARTS = (("a", 15, 2), ("b", 15, 2), ("c", 16, 2), ("d", 18, 3))


@dataclass(frozen=True)
class Seen:
    """What there is to compare of a picture. `phash` is 64 bits, `vector` its own in a space."""

    id: UUID
    phash: int
    detail: float
    miniature: bytes
    vector: Floats
    width: int | None
    height: int | None
    content_type: str | None
    size_bytes: int | None
    created_at: datetime


def record(
    connection: Connection,
    owner: str,
    asset_id: UUID,
    *,
    phash: str,
    detail: float,
    miniature: bytes,
) -> None:
    """Put down what the picture is recognised by; `phash` has 16 hexadecimal digits."""
    connection.execute(
        "INSERT INTO fingerprint (owner, asset_id, phash) VALUES (%s, %s, %s)"
        " ON CONFLICT (owner, asset_id) DO UPDATE SET phash = excluded.phash",
        [owner, asset_id, _bits(int(phash, 16))],
    )
    connection.execute(
        "INSERT INTO miniature (owner, asset_id, detail, pixels) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (owner, asset_id) DO UPDATE"
        " SET detail = excluded.detail, pixels = excluded.pixels",
        [owner, asset_id, detail, miniature],
    )


def forget(connection: Connection, owner: str, asset_id: UUID) -> None:
    """It is recognised no more."""
    for statement in (
        "DELETE FROM fingerprint WHERE owner = %s AND asset_id = %s",
        "DELETE FROM miniature WHERE owner = %s AND asset_id = %s",
    ):
        connection.execute(statement, [owner, asset_id])


def see(
    connection: Connection, owner: str, space_id: int, asset_ids: Sequence[UUID]
) -> dict[UUID, Seen]:
    """These pictures, with their vectors in that space.

    Missing is what is no picture or has no such vector, what is being erased, and what is an
    exact duplicate of another.
    """
    rows = connection.execute(
        "SELECT a.id, f.phash::text AS phash, s.detail, s.pixels AS miniature,"
        " e.vector::text AS vector, m.width, m.height, a.content_type, a.size_bytes, a.created_at"
        " FROM asset a"
        " JOIN fingerprint f ON f.owner = a.owner AND f.asset_id = a.id"
        " JOIN miniature s ON s.owner = a.owner AND s.asset_id = a.id"
        " JOIN embedding e ON e.owner = a.owner AND e.asset_id = a.id AND e.space_id = %s"
        " AND e.frame = 0"
        " LEFT JOIN media m ON m.owner = a.owner AND m.asset_id = a.id"
        " WHERE a.owner = %s AND a.id = ANY(%s) AND a.purging_at IS NULL"
        " AND a.duplicate_of IS NULL",
        [space_id, owner, list(asset_ids)],
    ).fetchall()
    return {row["id"]: _seen(row) for row in rows}


def _seen(row: dict[str, Any]) -> Seen:
    vector: Floats = Vector.from_text(row["vector"]).to_numpy()
    return Seen(**{**row, "phash": int(row["phash"], 2), "vector": vector})


_SAME_HASH = (
    "SELECT asset_id FROM fingerprint WHERE owner = %(owner)s AND part_a = %(own_a)s"
    " AND phash = %(phash)s::bit(64) AND asset_id <> %(asset_id)s LIMIT %(limit)s"
)
# The values of a part are behind a SELECT so that no time is spent on planning for each of them.
_OF_A_PART = (
    "SELECT asset_id, (phash <~> %(phash)s::bit(64))::integer AS distance FROM fingerprint"
    " WHERE owner = %(owner)s AND {part} = ANY((SELECT %({part})s::integer[])::integer[])"
    " AND phash <~> %(phash)s::bit(64) <= %(most_distance)s AND NOT (SELECT reached FROM enough)"
)
# Black frames come in tens of thousands: where there are as many of the very same hash as are
# wanted, no other is looked for.
_NEAR = (
    "WITH same_hash AS MATERIALIZED (" + _SAME_HASH + "),"
    " enough AS MATERIALIZED (SELECT count(*) >= %(limit)s AS reached FROM same_hash)"
    " SELECT asset_id, min(distance) AS distance FROM ("
    "SELECT asset_id, 0 AS distance FROM same_hash UNION ALL "
    + " UNION ALL ".join(_OF_A_PART.replace("{part}", "part_" + name) for name, _, _ in _PARTS)
    + ") found GROUP BY asset_id ORDER BY min(distance), asset_id DESC LIMIT %(limit)s + 1"
)


def near(
    connection: Connection, owner: str, asset_id: UUID, phash: int, *, limit: int
) -> dict[UUID, int]:
    """The owner's other pictures whose hashes are near, and in how many bits they differ.

    These are all within `MOST_DISTANCE`, or the nearest if there are more than `limit`.
    """
    bits = _bits(phash)
    values: dict[str, Any] = _around(bits)
    values |= {
        "owner": owner,
        "asset_id": asset_id,
        "phash": bits,
        "own_a": values["part_a"][0],
        "most_distance": MOST_DISTANCE,
        "limit": limit,
    }
    rows = connection.execute(_NEAR, values).fetchall()
    # The picture itself is left out here, where that is not asked of thousands of entries.
    others = [row for row in rows if row["asset_id"] != asset_id][:limit]
    return {row["asset_id"]: row["distance"] for row in others}


def _bits(phash: int) -> str:
    return f"{phash:064b}"


def _around(bits: str) -> dict[str, list[int]]:
    """Of each part of the hash, all values that differ in few enough bits; its own comes first."""
    around = {}
    begin = 0
    for name, width, radius in _PARTS:
        part = int(bits[begin : begin + width], 2)
        around["part_" + name] = [part ^ mask for mask in _masks(width, radius)]
        begin += width
    return around


@cache
def _masks(width: int, radius: int) -> tuple[int, ...]:
    """All numbers of `width` bits of which at most `radius` are set."""
    return tuple(
        sum(1 << bit for bit in bits)
        for count in range(radius + 1)
        for bits in combinations(range(width), count)
    )
