"""What a result of a search shows of an asset, for a whole page in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Thumbnail:
    """The name of the derivative that shows an asset, if there is one; and whose it is."""

    asset_id: UUID
    name: str | None


@dataclass(frozen=True)
class Card:
    """An asset in short, and where its bytes are.

    An exact duplicate shows what is known of the asset with the same bytes, which is `seen`; of
    any other that is the asset itself. `thumbnail` names a derivative of it. `tags` have `label`,
    `source` and `score`, as `tags_of` tells them.
    """

    id: UUID
    kind: str | None
    filename: str | None
    content_type: str | None
    size_bytes: int | None
    collection: str | None
    created_at: datetime
    bucket: str
    key: str
    version_id: str | None
    width: int | None
    height: int | None
    duration_ms: int | None
    taken_at: datetime | None
    taken_offset_min: int | None
    latitude: float | None
    longitude: float | None
    altitude: float | None
    caption: str | None
    tags: list[dict[str, Any]]
    seen: UUID
    thumbnail: str | None


# What stands for an exact duplicate has been looked at, and it itself has not.
SEEN = "coalesce(a.duplicate_of, a.id)"
# Of `asset a`; a sound without a cover is shown by its waveform.
THUMBNAIL = (
    f"{SEEN} AS seen, (SELECT d.name FROM derivative d"
    f" WHERE d.owner = a.owner AND d.asset_id = {SEEN}"
    " AND d.name IN ('thumb-300.webp', 'waveform.png') ORDER BY d.name LIMIT 1)"
    " AS thumbnail"
)


def tags_of(asset_ids: str) -> str:
    """The column of the tags of assets: each once, whatever its capitals, by whom to believe first.

    `asset_ids` is one of our own expressions; `active` has the name of the active space.
    """
    return (
        "coalesce((SELECT json_agg(json_build_object('label', label, 'source', source,"
        "  'score', score) ORDER BY score DESC NULLS FIRST, label)"
        "  FROM (SELECT DISTINCT ON (lower(label)) label, source, score FROM tag"
        "   WHERE tag.owner = %(owner)s AND tag.asset_id = "
        + asset_ids
        + " AND (space = '' OR space = (SELECT name FROM active)) IS TRUE ORDER BY lower(label),"
        "   array_position(ARRAY['hand', 'caption', 'metadata', 'zero-shot'], source), label)"
        "  said), '[]') AS tags"
    )


_SELECT = (
    "WITH active AS MATERIALIZED (SELECT name FROM embedding_space WHERE state = 'active')"
    " SELECT a.id, a.kind, a.filename, a.content_type, a.size_bytes, a.collection, a.created_at,"
    " r.bucket, r.key, r.version_id, m.width, m.height, m.duration_ms, m.taken_at,"
    " m.taken_offset_min, m.latitude, m.longitude, m.altitude, c.caption, "
    + tags_of("ANY(ARRAY[a.id, a.duplicate_of])")
    + ", "
    + THUMBNAIL
    + " FROM asset a JOIN asset_raw r ON r.owner = a.owner AND r.id = a.raw_id"
    f" LEFT JOIN media m ON m.owner = a.owner AND m.asset_id = {SEEN}"
    f" LEFT JOIN caption c ON c.owner = a.owner AND c.asset_id = {SEEN}"
    " WHERE a.owner = %(owner)s AND a.id = ANY(%(ids)s) AND a.purging_at IS NULL"
)

# By keys, whatever they are: planned a few times and not for each page, which takes longer than
# reading it. A plan that was made while there was little would read whole tables ever after.
_STEER = (
    "SELECT set_config('plan_cache_mode', 'auto', true), set_config('enable_seqscan', 'off', true)"
)


def of_assets(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> dict[UUID, Card]:
    """The card of each asset that is there.

    Settings of the transaction that steer the planner are changed.
    """
    connection.execute(_STEER, prepare=True)
    values = {"owner": owner, "ids": list(set(asset_ids))}
    rows = connection.execute(_SELECT, values, prepare=True).fetchall()
    return {row["id"]: Card(**row) for row in rows}


_COVERS = (
    "SELECT a.id, " + THUMBNAIL + " FROM asset a WHERE a.owner = %(owner)s AND a.id = ANY(%(ids)s)"
)


def thumbnails(
    connection: Connection, owner: str, asset_ids: Sequence[UUID]
) -> dict[UUID, Thumbnail]:
    """What shows each asset that is there."""
    rows = connection.execute(_COVERS, {"owner": owner, "ids": list(set(asset_ids))}).fetchall()
    return {row["id"]: Thumbnail(row["seen"], row["thumbnail"]) for row in rows}
