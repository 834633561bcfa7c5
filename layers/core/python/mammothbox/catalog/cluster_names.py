"""What members of a cluster show that could name it, and which clusters want a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mammothbox.catalog.connection import Connection

# So many members tell what a cluster is about.
_SAMPLE = 200


@dataclass(frozen=True)
class Shows:
    """An asset's labels with how certain each is, what those are kinds of, its time and place.

    `place` is latitude and longitude.
    """

    labels: dict[str, float]
    kinds: dict[str, float]
    at: datetime | None
    place: tuple[float, float] | None


@dataclass(frozen=True)
class Stale:
    """A cluster that has grown, or shrunk, by half since it was named."""

    cluster_id: UUID
    size: int


_SELECT = (
    "SELECT coalesce(t.labels, '{}') AS labels, coalesce(t.kinds, '{}') AS kinds,"
    " md.taken_at AS at, md.latitude, md.longitude FROM wanted"
    " LEFT JOIN media md ON md.owner = %(owner)s AND md.asset_id = wanted.asset_id"
    " CROSS JOIN LATERAL (SELECT json_object_agg(label, certain) AS labels,"
    " (SELECT json_object_agg(kind, certain) FROM (SELECT kind, max(k.certain) AS certain FROM ("
    "  SELECT unnest(hypernyms) AS kind, coalesce(score, 1) AS certain FROM tag"
    "  WHERE owner = %(owner)s AND asset_id = wanted.asset_id AND source <> 'metadata') k"
    "  GROUP BY kind) kinds) AS kinds"
    " FROM (SELECT label, max(coalesce(score, 1)) AS certain FROM tag WHERE owner = %(owner)s"
    " AND asset_id = wanted.asset_id AND source <> 'metadata' GROUP BY label) said) t"
)


def of_assets(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> list[Shows]:
    """What these assets show."""
    rows = connection.execute(
        "WITH wanted AS (SELECT unnest(%(ids)s::uuid[]) AS asset_id) " + _SELECT,
        {"owner": owner, "ids": list(asset_ids)},
        prepare=True,
    ).fetchall()
    return [_shows(row) for row in rows]


def of_cluster(connection: Connection, owner: str, edition: int, cluster_id: UUID) -> list[Shows]:
    """What the cluster's members show, as far as some of them tell."""
    rows = connection.execute(
        "WITH wanted AS (SELECT first.asset_id FROM cluster c CROSS JOIN LATERAL ("
        "SELECT asset_id FROM joined WHERE owner = %(owner)s AND edition = %(edition)s"
        " AND cluster_id = c.id ORDER BY asset_id LIMIT %(sample)s) first"
        " WHERE c.owner = %(owner)s AND c.root = %(cluster_id)s"
        " ORDER BY first.asset_id LIMIT %(sample)s) " + _SELECT,
        {"owner": owner, "edition": edition, "cluster_id": cluster_id, "sample": _SAMPLE},
    ).fetchall()
    return [_shows(row) for row in rows]


def stale(connection: Connection, owner: str, edition: int, limit: int) -> list[Stale]:
    """Clusters whose name a machine gave, to fewer or more members than they have by now."""
    rows = connection.execute(
        "SELECT c.id AS cluster_id, s.size FROM cluster c JOIN cluster_shape s"
        " ON s.owner = c.owner AND s.edition = %(edition)s AND s.cluster_id = c.id"
        " WHERE c.owner = %(owner)s AND c.name_source = 'machine' AND c.status <> 'merged'"
        " AND s.size > 0 AND (s.size >= 1.5 * c.named_at_size OR 1.5 * s.size <= c.named_at_size)"
        " ORDER BY c.id LIMIT %(limit)s",
        {"owner": owner, "edition": edition, "limit": limit},
    ).fetchall()
    return [Stale(**row) for row in rows]


def _shows(row: dict[str, Any]) -> Shows:
    known = row["latitude"] is not None
    place = (row["latitude"], row["longitude"]) if known else None
    return Shows(dict(row["labels"]), dict(row["kinds"]), row["at"], place)
