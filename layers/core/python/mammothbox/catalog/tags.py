"""Tags: what machines and hands say an asset shows. What a hand said stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class ByHand:
    """What a hand says of labels: they are there, they are not, or nothing any more."""

    add: Collection[str] = ()
    remove: Collection[str] = ()
    forget: Collection[str] = ()


def change_by_hand(
    connection: Connection, owner: str, asset_id: UUID, said: ByHand, *, actor: str
) -> ByHand:
    """Add and remove labels for good, or leave them to the machines again.

    Returns what takes it back, without the labels that were so before. A label that machines alone
    gave, and that was removed, comes back as one of a hand. Whoever calls this holds the asset's
    lock.
    """
    before = _said_before(connection, owner, asset_id, [*said.add, *said.remove, *said.forget])
    connection.cursor().executemany(
        "INSERT INTO tag_by_hand (owner, asset_id, label, present, actor)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (owner, asset_id, label) DO UPDATE"
        " SET present = excluded.present, actor = excluded.actor, at = now()",
        [
            (owner, asset_id, label, label in said.add, actor)
            for label in sorted({*said.add, *said.remove})
        ],
    )
    taken = connection.execute(
        "DELETE FROM tag WHERE owner = %s AND asset_id = %s AND label = ANY(%s) RETURNING label",
        [owner, asset_id, sorted(said.remove)],
    ).fetchall()
    connection.execute(
        "INSERT INTO tag (owner, asset_id, label, source, asset_created_at)"
        " SELECT a.owner, a.id, label, %s, a.created_at FROM asset a, unnest(%s::text[]) label"
        " WHERE a.owner = %s AND a.id = %s ON CONFLICT DO NOTHING",
        [HAND, sorted(said.add), owner, asset_id],
    )
    _forget(connection, owner, asset_id, said.forget)
    return _back(said, before, {row["label"] for row in taken})


def _said_before(
    connection: Connection, owner: str, asset_id: UUID, labels: Sequence[str]
) -> dict[str, bool]:
    rows = connection.execute(
        "SELECT label, present FROM tag_by_hand"
        " WHERE owner = %s AND asset_id = %s AND label = ANY(%s)",
        [owner, asset_id, list(labels)],
    ).fetchall()
    return {row["label"]: row["present"] for row in rows}


def _forget(connection: Connection, owner: str, asset_id: UUID, labels: Collection[str]) -> None:
    asked = {"owner": owner, "asset_id": asset_id, "labels": sorted(labels), "hand": HAND}
    connection.execute(
        "DELETE FROM tag_by_hand WHERE owner = %(owner)s AND asset_id = %(asset_id)s"
        " AND label = ANY(%(labels)s)",
        asked,
    )
    connection.execute(
        "DELETE FROM tag WHERE owner = %(owner)s AND asset_id = %(asset_id)s"
        " AND label = ANY(%(labels)s) AND source = %(hand)s",
        asked,
    )


def _back(said: ByHand, before: Mapping[str, bool], taken: Collection[str]) -> ByHand:
    """What says again what was said before, of the labels of which something else is said now."""
    of_none = {label for label in (*said.add, *said.remove) if label not in before}
    lost = of_none & {*said.remove} & {*taken}
    there = {label for label, present in before.items() if present}
    return ByHand(
        add=sorted((there - {*said.add}) | lost),
        remove=sorted({*before} - there - {*said.remove}),
        forget=sorted(of_none - lost),
    )
