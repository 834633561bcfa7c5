"""Suggestions: clusters that a hand might want to merge or split, as the last look found them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.memberships import Place


@dataclass(frozen=True)
class Suggestion:
    """`kind` is merge or split. The clusters, or the parts, are so alike on average; the line is
    at `threshold`."""

    id: UUID
    kind: str
    cluster_ids: list[UUID]
    similarity: float
    threshold: float
    detail: dict[str, Any]
    made_at: datetime | None = None


@dataclass(frozen=True)
class Candidate:
    """A cluster with more than one member."""

    id: UUID
    size: int
    total: list[int]
    held: bool
    tightness: float | None


def candidates(connection: Connection, place: Place, limit: int) -> list[Candidate]:
    """The largest clusters."""
    rows = connection.execute(
        "SELECT s.cluster_id AS id, s.size, s.total, c.held_at IS NOT NULL AS held, s.tightness"
        " FROM cluster_shape s JOIN cluster c ON c.owner = s.owner AND c.id = s.cluster_id"
        " WHERE s.owner = %(owner)s AND s.edition = %(edition)s AND s.size > 1"
        " ORDER BY s.size DESC, s.cluster_id LIMIT %(limit)s",
        {**vars(place), "limit": limit},
    ).fetchall()
    return [Candidate(**row) for row in rows]


def split_families(connection: Connection, owner: str) -> list[list[UUID]]:
    """Clusters that a hand has taken apart, and that still are."""
    rows = connection.execute(
        "SELECT d.cluster_ids FROM decision d WHERE d.owner = %s AND d.action = 'split'"
        " AND NOT EXISTS (SELECT FROM decision u WHERE u.owner = d.owner AND u.undoes = d.id)",
        [owner],
    ).fetchall()
    return [row["cluster_ids"] for row in rows]


def replace(connection: Connection, owner: str, found: Sequence[Suggestion]) -> None:
    """Put these in place of what was suggested before."""
    connection.execute("DELETE FROM suggestion WHERE owner = %s", [owner])
    connection.cursor().executemany(
        "INSERT INTO suggestion (owner, id, kind, cluster_ids, similarity, threshold, detail)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            (
                owner,
                each.id,
                each.kind,
                each.cluster_ids,
                each.similarity,
                each.threshold,
                Jsonb(each.detail),
            )
            for each in found
        ],
    )


# What a hand has decided since is not suggested again: two that have members which must be apart,
# or one that was confirmed as it is.
_OPEN = (
    "SELECT id, kind, cluster_ids, similarity, threshold, detail, made_at FROM suggestion s"
    " WHERE owner = %(owner)s AND NOT EXISTS (SELECT FROM cluster c"
    "  WHERE c.owner = s.owner AND c.id = ANY(s.cluster_ids) AND c.status = 'merged')"
    " AND NOT (kind = 'merge' AND EXISTS (SELECT FROM link l"
    "  JOIN clustering now ON now.owner = l.owner"
    "  JOIN membership a ON a.owner = l.owner AND a.edition = now.edition"
    "   AND a.asset_id = l.asset_a AND a.cluster_id = ANY(s.cluster_ids)"
    "  JOIN membership b ON b.owner = l.owner AND b.edition = now.edition"
    "   AND b.asset_id = l.asset_b AND b.cluster_id = ANY(s.cluster_ids)"
    "  WHERE l.owner = s.owner AND l.kind = 'cannot'))"
    " AND NOT (kind = 'split' AND EXISTS (SELECT FROM decision d WHERE d.owner = s.owner"
    "  AND d.action = 'confirm' AND d.cluster_ids && s.cluster_ids AND d.at > s.made_at"
    "  AND NOT EXISTS (SELECT FROM decision u WHERE u.owner = d.owner AND u.undoes = d.id)))"
    " ORDER BY abs(similarity - threshold), id LIMIT %(limit)s"
)


def every(connection: Connection, owner: str, limit: int) -> list[Suggestion]:
    """What is suggested of clusters that still are as they were named, the likeliest first."""
    rows = connection.execute(_OPEN, {"owner": owner, "limit": limit}).fetchall()
    return [Suggestion(**row) for row in rows]
