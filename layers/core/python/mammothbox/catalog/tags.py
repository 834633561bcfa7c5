"""Tags: what machines and hands say an asset shows. What a hand said stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from mammothbox.catalog.connection import Connection
from mammothbox.tagging.tag import Source, Tag

HAND = "hand"


def replace(
    connection: Connection,
    owner: str,
    asset_id: UUID,
    *,
    source: Source,
    tags: Sequence[Tag],
    space: str = "",
) -> None:
    """Put a machine's tags in place of what the same one said before.

    A label that a hand took away stays away. Whoever calls this holds the asset's lock.
    """
    connection.execute(
        "DELETE FROM tag WHERE owner = %s AND asset_id = %s AND source = %s AND space = %s",
        [owner, asset_id, source, space],
    )
    connection.cursor().executemany(
        "INSERT INTO tag (owner, asset_id, label, source, space, score, hypernyms,"
        " asset_created_at) SELECT owner, id, %(label)s, %(source)s, %(space)s, %(score)s,"
        " %(hypernyms)s, created_at FROM asset"
        " WHERE owner = %(owner)s AND id = %(asset_id)s AND NOT EXISTS (SELECT FROM tag_by_hand"
        " WHERE owner = %(owner)s AND asset_id = %(asset_id)s AND label = %(label)s"
        " AND NOT present) ON CONFLICT DO NOTHING",
        [
            {
                "owner": owner,
                "asset_id": asset_id,
                "label": tag.label,
                "score": tag.score,
                "hypernyms": list(tag.hypernyms),
                "source": source,
                "space": space,
            }
            for tag in tags
        ],
    )


def change_by_hand(
    connection: Connection,
    owner: str,
    asset_id: UUID,
    *,
    add: Collection[str],
    remove: Collection[str],
    actor: str,
) -> None:
    """Add and remove labels for good. Whoever calls this holds the asset's lock."""
    connection.cursor().executemany(
        "INSERT INTO tag_by_hand (owner, asset_id, label, present, actor)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (owner, asset_id, label) DO UPDATE"
        " SET present = excluded.present, actor = excluded.actor, at = now()",
        [(owner, asset_id, label, label in add, actor) for label in sorted({*add, *remove})],
    )
    connection.execute(
        "DELETE FROM tag WHERE owner = %s AND asset_id = %s AND label = ANY(%s)",
        [owner, asset_id, sorted(remove)],
    )
    connection.execute(
        "INSERT INTO tag (owner, asset_id, label, source, asset_created_at)"
        " SELECT a.owner, a.id, label, %s, a.created_at FROM asset a, unnest(%s::text[]) label"
        " WHERE a.owner = %s AND a.id = %s ON CONFLICT DO NOTHING",
        [HAND, sorted(add), owner, asset_id],
    )
