"""Tags: what machines and hands say an asset shows. What a hand said stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog.connection import Connection
from mammothbox.tagging.same_label import key
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

    A label that a hand took away stays away, in whatever capitals it comes back. Whoever calls
    this holds the asset's lock.
    """
    said = _said_by_hand(connection, owner, asset_id)
    gone = {key(label) for label, present in said.items() if not present}
    connection.execute(
        "DELETE FROM tag WHERE owner = %s AND asset_id = %s AND source = %s AND space = %s",
        [owner, asset_id, source, space],
    )
    connection.cursor().executemany(
        "INSERT INTO tag (owner, asset_id, label, source, space, score, hypernyms,"
        " asset_created_at) SELECT owner, id, %(label)s, %(source)s, %(space)s, %(score)s,"
        " %(hypernyms)s, created_at FROM asset"
        " WHERE owner = %(owner)s AND id = %(asset_id)s ON CONFLICT DO NOTHING",
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
            if key(tag.label) not in gone
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

    What is said of a label is said of it in whatever capitals the asset has it. Returns what takes
    it back, without the labels that were so before. A label that machines alone gave, and that was
    removed, comes back as one of a hand. Whoever calls this holds the asset's lock.
    """
    by_hand = _said_by_hand(connection, owner, asset_id)
    said = _as_spelt(said, by_hand, _labels(connection, owner, asset_id))
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
    return _back(said, by_hand, {row["label"] for row in taken})


def _said_by_hand(connection: Connection, owner: str, asset_id: UUID) -> dict[str, bool]:
    """What hands said of the asset's labels: that they are there, or that they are not."""
    rows = connection.execute(
        "SELECT label, present FROM tag_by_hand WHERE owner = %s AND asset_id = %s",
        [owner, asset_id],
    ).fetchall()
    return {row["label"]: row["present"] for row in rows}


def _labels(connection: Connection, owner: str, asset_id: UUID) -> set[str]:
    rows = connection.execute(
        "SELECT DISTINCT label FROM tag WHERE owner = %s AND asset_id = %s", [owner, asset_id]
    ).fetchall()
    return {row["label"] for row in rows}


def _as_spelt(said: ByHand, by_hand: Mapping[str, bool], labels: Collection[str]) -> ByHand:
    """The same of all spellings that the asset has, but for those of which something is said.

    What goes and is not there goes as it is written, lest a machine say it later. Of what hands
    said before in other spellings, the one that is added now takes the place.
    """
    named = {*said.add, *said.remove, *said.forget}

    def others(of: Collection[str], known: Collection[str]) -> set[str]:
        keys = {key(label) for label in of}
        return {label for label in known if label not in named and key(label) in keys}

    there = {*labels, *(label for label, present in by_hand.items() if present)}
    gone = others(said.remove, there)
    instead = {key(label) for label in (*gone, *others(said.remove, by_hand))}
    known = {*there, *by_hand}
    return ByHand(
        add=said.add,
        remove=gone | {one for one in said.remove if one in known or key(one) not in instead},
        forget={*said.forget}
        | others([*said.forget, *said.add], by_hand) - others(said.remove, by_hand),
    )


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


def _back(said: ByHand, by_hand: Mapping[str, bool], taken: Collection[str]) -> ByHand:
    """What says again what was said before, of the labels of which something else is said now.

    It names other spellings that hands had said something of, lest they be taken for the same.
    """
    of_none = {label for label in (*said.add, *said.remove) if label not in by_hand}
    lost = of_none & {*said.remove} & {*taken}
    as_before = {
        label
        for label, present in by_hand.items()
        if label in (said.add if present else said.remove)
    }
    changed = ({*said.add, *said.remove} - as_before) | ({*said.forget} & by_hand.keys())
    keys = {key(label) for label in changed}
    again = {label: present for label, present in by_hand.items() if key(label) in keys}
    there = {label for label, present in again.items() if present}
    return ByHand(
        add=sorted(there | lost),
        remove=sorted(again.keys() - there),
        forget=sorted(of_none - lost),
    )
