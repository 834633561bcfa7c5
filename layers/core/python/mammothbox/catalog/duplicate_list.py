"""The list of duplicates: exact ones and pairs that look the same, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Listed:
    """A pair in the list. `kind` is exact or same.

    The halves of an exact pair have the same bytes: the first is the original, and there is
    nothing to decide.
    """

    id: UUID
    kind: str
    state: str
    asset_ids: list[UUID]
    sha256: str | None
    distance: int | None
    features: float | None
    cosine: float | None
    colours: float | None
    detail: float | None
    suggested: UUID
    reason: str | None
    keeper: UUID | None
    decision: UUID | None
    found_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class Half:
    """As much of an object as helps to decide."""

    id: UUID
    filename: str | None
    content_type: str | None
    size_bytes: int | None
    width: int | None
    height: int | None
    created_at: datetime
    thumbnail: str | None


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to. `None` does not narrow."""

    kind: str | None = None
    state: str | None = None
    cluster_id: UUID | None = None
    asset_id: UUID | None = None


# Of what is in the trash or being erased there is nothing to compare, nor of what is an exact
# duplicate of a third.
_SAME = (
    "(SELECT d.id, 'same', d.state, ARRAY[d.asset_a, d.asset_b],"
    " NULL, d.distance, d.features, d.cosine, d.colours, d.detail,"
    " d.suggested, d.reason, d.keeper, d.decision, d.found_at, d.decided_at FROM duplicate d"
    " WHERE d.owner = %(owner)s AND (%(after)s::uuid IS NULL OR d.id < %(after)s){narrowed}"
    " AND NOT EXISTS (SELECT FROM asset a WHERE a.owner = d.owner"
    " AND a.id IN (d.asset_a, d.asset_b) AND (a.trashed_at IS NOT NULL"
    " OR a.purging_at IS NOT NULL OR a.duplicate_of IS NOT NULL))"
    " ORDER BY d.id DESC LIMIT %(limit)s)"
)
_EXACT = (
    "(SELECT d.id, 'exact', 'confirmed', ARRAY[d.duplicate_of, d.id], d.sha256,"
    " NULL, NULL, NULL, NULL, NULL, d.duplicate_of, NULL, d.duplicate_of, NULL, d.created_at,"
    " NULL FROM asset d"
    " JOIN asset o ON o.owner = d.owner AND o.id = d.duplicate_of"
    " WHERE d.owner = %(owner)s AND d.duplicate_of IS NOT NULL AND d.trashed_at IS NULL"
    " AND d.purging_at IS NULL AND o.trashed_at IS NULL AND o.purging_at IS NULL"
    " AND (%(after)s::uuid IS NULL OR d.id < %(after)s){narrowed}"
    " ORDER BY d.id DESC LIMIT %(limit)s)"
)
_IN_CLUSTER = (
    " AND EXISTS (SELECT FROM clustering c JOIN membership m ON m.owner = c.owner"
    " AND m.edition = c.edition WHERE c.owner = d.owner AND m.cluster_id = %(cluster_id)s"
    " AND m.asset_id IN ({halves}))"
)


def page(
    connection: Connection, owner: str, wanted: Wanted, after: UUID | None, limit: int
) -> list[Listed]:
    """Pairs, newest first, from beyond the pair `after`."""
    arms = []
    if wanted.kind in (None, "same"):
        narrowed = " AND d.state = %(state)s" if wanted.state else ""
        arms.append(_SAME.replace("{narrowed}", narrowed + _in(wanted, "d.asset_a, d.asset_b")))
    if wanted.kind in (None, "exact") and wanted.state in (None, "confirmed"):
        arms.append(_EXACT.replace("{narrowed}", _in(wanted, "d.duplicate_of, d.id")))
    if not arms:
        return []
    values: dict[str, Any] = {"owner": owner, "after": after, "limit": limit, **vars(wanted)}
    rows = connection.execute(
        "SELECT * FROM ("
        + " UNION ALL ".join(arms)
        + ") AS found (id, kind, state, asset_ids, sha256, distance, features, cosine, colours,"
        " detail, suggested, reason, keeper, decision, found_at, decided_at)"
        " ORDER BY id DESC LIMIT %(limit)s",
        values,
    ).fetchall()
    return [Listed(**row) for row in rows]


def halves(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> dict[UUID, Half]:
    """What to show of these assets."""
    rows = connection.execute(
        "SELECT a.id, a.filename, a.content_type, a.size_bytes, m.width, m.height, a.created_at,"
        " d.name AS thumbnail FROM asset a"
        " LEFT JOIN media m ON m.owner = a.owner AND m.asset_id = a.id"
        " LEFT JOIN derivative d ON d.owner = a.owner AND d.asset_id = a.id"
        " AND d.name = 'thumb-300.webp' WHERE a.owner = %s AND a.id = ANY(%s)",
        [owner, list(asset_ids)],
    ).fetchall()
    return {row["id"]: Half(**row) for row in rows}


def _in(wanted: Wanted, halves: str) -> str:
    narrowed = _IN_CLUSTER if wanted.cluster_id else ""
    if wanted.asset_id:
        narrowed += " AND %(asset_id)s IN ({halves})"
    return narrowed.replace("{halves}", halves)
