"""What clients see of assets beside the asset's own row, for a whole page in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mammothbox.catalog.cards import THUMBNAIL, Thumbnail, tags_of
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.document_parts import REFUSED


@dataclass(frozen=True)
class Shown:
    """Facts, tags, caption and derivatives. Of what is no media, all is empty.

    `tags` have `label`, `source` and `score`, as `tags_of` tells them.
    `tags_removed` are the labels that a hand took away, whatever a model says.
    `derivatives` have `name`, `content_type`, `width` and `height`, the smallest first.
    `space` is the active one, if the asset has a vector in it. `cluster` has `id`, `name`,
    `similarity`, `threshold`, `runner_up`, `runner_up_similarity` and `pinned`.
    `schema_id` is the schema in force of the collection that JSON is in. `same_as` is the
    picture that is kept instead; `united` are facts that it got from others which yield to it,
    with `system_id` as whose they are, the first that came before the rest. `thumbnail` is what
    shows it; of an exact duplicate, that is what stands for it. `documents_refused` says how many
    documents of JSON were not kept.
    """

    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    taken_at: datetime | None = None
    taken_offset_min: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    camera: dict[str, Any] | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    title: str | None = None
    artist: str | None = None
    album: str | None = None
    phash: str | None = None
    caption: str | None = None
    visible_text: str | None = None
    space: str | None = None
    cluster: dict[str, Any] | None = None
    schema_id: UUID | None = None
    documents_refused: int = 0
    same_as: UUID | None = None
    united: tuple[dict[str, Any], ...] = ()
    tags: tuple[dict[str, Any], ...] = ()
    tags_removed: tuple[str, ...] = ()
    derivatives: tuple[dict[str, Any], ...] = ()
    thumbnail: Thumbnail | None = None


NOTHING = Shown()


def of_assets(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> dict[UUID, Shown]:
    """What there is to show of each asset that has something to show."""
    rows = connection.execute(
        "WITH active AS MATERIALIZED"
        " (SELECT id, name FROM embedding_space WHERE state = 'active')"
        " SELECT wanted.id AS asset_id, m.width, m.height, m.duration_ms, m.taken_at,"
        " m.taken_offset_min, m.latitude, m.longitude, m.altitude, m.camera, m.video_codec,"
        " m.audio_codec, m.title, m.artist, m.album, m.phash::text AS phash,"
        " c.caption, c.visible_text,"
        " (SELECT active.name FROM active JOIN embedding e ON e.space_id = active.id"
        "  WHERE e.owner = %(owner)s AND e.asset_id = wanted.id AND e.frame = 0) AS space,"
        " (SELECT json_build_object('id', g.id, 'name', g.name, 'similarity', cm.similarity,"
        "  'threshold', cm.threshold, 'runner_up', cm.runner_up,"
        "  'runner_up_similarity', cm.runner_up_similarity, 'pinned', cm.pinned)"
        "  FROM clustering k JOIN membership cm ON cm.owner = k.owner AND cm.edition = k.edition"
        "  AND cm.asset_id = wanted.id JOIN cluster g ON g.owner = cm.owner"
        "  AND g.id = cm.cluster_id WHERE k.owner = %(owner)s) AS cluster,"
        " (SELECT s.id FROM asset a JOIN collection n ON n.owner = a.owner"
        "  AND n.name = a.collection JOIN schema_def s ON s.owner = n.owner"
        "  AND s.collection_id = n.id AND s.status = 'active'"
        "  WHERE a.owner = %(owner)s AND a.id = wanted.id AND a.kind = 'json') AS schema_id,"
        " coalesce((SELECT " + REFUSED + " FROM asset a WHERE a.owner = %(owner)s"
        "  AND a.id = wanted.id AND a.kind = 'json'), 0) AS documents_refused,"
        " (SELECT p.keeper FROM duplicate p WHERE p.owner = %(owner)s AND p.yielding = wanted.id"
        "  AND p.state = 'confirmed' ORDER BY p.decided_at, p.id LIMIT 1) AS same_as,"
        " (SELECT coalesce(json_agg(json_build_object('system_id', u.yielding, 'taken_at',"
        "  u.taken_at, 'taken_offset_min', u.taken_offset_min, 'latitude', u.latitude,"
        "  'longitude', u.longitude, 'altitude', u.altitude, 'camera', u.camera)"
        "  ORDER BY u.at, u.duplicate_id), '[]') FROM united u WHERE u.owner = %(owner)s"
        "  AND u.keeper = wanted.id AND (u.taken_at, u.latitude, u.camera) IS DISTINCT FROM"
        "  (NULL::timestamp, NULL::double precision, NULL::jsonb)) AS united,"
        " (SELECT json_build_object('asset_id', seen, 'name', thumbnail) FROM (SELECT "
        + THUMBNAIL
        + " FROM asset a WHERE a.owner = %(owner)s AND a.id = wanted.id) looked) AS thumbnail,"
        " (SELECT coalesce(json_agg(label ORDER BY label), '[]') FROM tag_by_hand h"
        "  WHERE h.owner = %(owner)s AND h.asset_id = wanted.id AND NOT h.present)"
        "  AS tags_removed, "
        + tags_of("wanted.id")
        + ", coalesce(d.derivatives, '[]') AS derivatives"
        " FROM unnest(%(ids)s::uuid[]) AS wanted (id)"
        " LEFT JOIN media m ON m.owner = %(owner)s AND m.asset_id = wanted.id"
        " LEFT JOIN caption c ON c.owner = %(owner)s AND c.asset_id = wanted.id"
        " CROSS JOIN LATERAL (SELECT json_agg(json_build_object('name', name,"
        "  'content_type', content_type, 'width', width, 'height', height)"
        "  ORDER BY width * height, name) AS derivatives FROM derivative"
        "  WHERE derivative.owner = %(owner)s AND derivative.asset_id = wanted.id) d",
        {"owner": owner, "ids": list(asset_ids)},
    ).fetchall()
    return {row.pop("asset_id"): _shown(row) for row in rows}


def _shown(row: dict[str, Any]) -> Shown:
    phash = row["phash"]
    return Shown(
        **{
            **row,
            "phash": f"{int(phash, 2):016x}" if phash else None,
            "united": tuple(row["united"]),
            "tags": tuple(row["tags"]),
            "tags_removed": tuple(row["tags_removed"]),
            "derivatives": tuple(row["derivatives"]),
            "thumbnail": _thumbnail(row["thumbnail"]),
        }
    )


def _thumbnail(told: dict[str, Any] | None) -> Thumbnail | None:
    if told is None or told["name"] is None:
        return None
    return Thumbnail(UUID(told["asset_id"]), told["name"])
