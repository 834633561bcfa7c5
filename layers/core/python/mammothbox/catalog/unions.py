"""What a keeper gets from the picture that yields to it, so that all of it can be taken back.

Whoever calls any of this holds the locks of both assets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mammothbox.catalog.connection import Connection

# What a file tells, in groups that stay together, each known by its first member.
_GROUPS = (
    ("taken_at", "taken_offset_min"),
    ("latitude", "longitude", "altitude"),
    ("camera",),
)
_FACTS = tuple(name for group in _GROUPS for name in group)


@dataclass(frozen=True)
class Union:
    """`keeper` gets what it lacks from `yielding`, because the pair was confirmed."""

    pair_id: UUID
    keeper: UUID
    yielding: UUID


def unite(connection: Connection, owner: str, union: Union) -> None:
    """Give the keeper the other's rating, comments, words of hands, and facts, as it lacks them.

    The keeper's own rating and words stand; comments that differ follow each other. Machines'
    tags stay where they are. Facts are put down beside the keeper's own.
    """
    words = _missing_words(connection, owner, union)
    taken = _put_words(connection, owner, union.keeper, words)
    said = _sayings(connection, owner, union)
    facts = _missing_facts(connection, owner, union)
    columns = {
        "owner": owner,
        "duplicate_id": union.pair_id,
        "keeper": union.keeper,
        "yielding": union.yielding,
        **said,
        "hand_tags": Jsonb(words),
        "tags_taken": Jsonb(taken),
        **{**facts, "camera": Jsonb(facts["camera"]) if facts["camera"] else None},
    }
    # The names are this module's own.
    connection.execute(
        "INSERT INTO united ("
        + ", ".join(columns)
        + ") VALUES ("
        + ", ".join("%(" + name + ")s" for name in columns)
        + ")",
        columns,
    )
    connection.execute(
        "UPDATE asset SET rating = %(rating)s, comments = %(comments)s, updated_at = now()"
        " WHERE owner = %(owner)s AND id = %(keeper)s",
        columns,
    )


def separate(connection: Connection, owner: str, pair_id: UUID) -> None:
    """Take back what the keeper got, but for what a hand has changed since."""
    row = connection.execute(
        "DELETE FROM united WHERE owner = %s AND duplicate_id = %s"
        " RETURNING keeper, hand_tags, tags_taken, rating, rating_before, comments,"
        " comments_before",
        [owner, pair_id],
    ).fetchone()
    if row is None:
        return
    connection.execute(
        "UPDATE asset SET updated_at = now(), rating = CASE WHEN rating IS NOT DISTINCT FROM"
        " %(rating)s::smallint THEN %(rating_before)s::smallint ELSE rating END,"
        " comments = CASE WHEN comments IS NOT DISTINCT FROM %(comments)s::text"
        " THEN %(comments_before)s::text ELSE comments END"
        " WHERE owner = %(owner)s AND id = %(keeper)s",
        {**row, "owner": owner, "hand_tags": None, "tags_taken": None},
    )
    _take_words_back(connection, owner, row["keeper"], row["hand_tags"], row["tags_taken"])


def _sayings(connection: Connection, owner: str, union: Union) -> dict[str, Any]:
    rows = connection.execute(
        "SELECT id, rating, comments FROM asset WHERE owner = %s AND id = ANY(%s)",
        [owner, [union.keeper, union.yielding]],
    ).fetchall()
    said = {row["id"]: row for row in rows}
    own, other = said[union.keeper], said[union.yielding]
    return {
        "rating_before": own["rating"],
        "rating": other["rating"] if own["rating"] is None else own["rating"],
        "comments_before": own["comments"],
        "comments": _joined(own["comments"], other["comments"]),
    }


def _joined(own: str | None, other: str | None) -> str | None:
    if not other or (own and other in own):
        return own
    return f"{own}\n\n{other}" if own else other


def _missing_words(connection: Connection, owner: str, union: Union) -> list[dict[str, Any]]:
    """What hands said about the other's tags and not about the keeper's."""
    return connection.execute(
        "SELECT label, present, actor, at::text AS at FROM tag_by_hand h"
        " WHERE owner = %(owner)s AND asset_id = %(yielding)s AND NOT EXISTS ("
        "SELECT FROM tag_by_hand own WHERE own.owner = h.owner AND own.asset_id = %(keeper)s"
        " AND lower(own.label) = lower(h.label)) ORDER BY label",
        {**vars(union), "owner": owner},
    ).fetchall()


_WORDS = (
    "(SELECT label, present, actor, at FROM jsonb_to_recordset(%(words)s)"
    " AS said (label text, present boolean, actor text, at timestamptz))"
)
_TAG_COLUMNS = "label, source, space, score, hypernyms, asset_created_at"


def _put_words(
    connection: Connection, owner: str, keeper: UUID, words: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Let the words count for the keeper, too; returns the tags that they take away."""
    values = {"owner": owner, "keeper": keeper, "words": Jsonb(words)}
    connection.execute(
        "INSERT INTO tag_by_hand (owner, asset_id, label, present, actor, at)"
        " SELECT %(owner)s, %(keeper)s, label, present, actor, at FROM " + _WORDS + " said",
        values,
    )
    connection.execute(
        "INSERT INTO tag (owner, asset_id, label, source, asset_created_at)"
        " SELECT a.owner, a.id, said.label, 'hand', a.created_at FROM asset a, "
        + _WORDS
        + " said WHERE a.owner = %(owner)s AND a.id = %(keeper)s AND said.present"
        " ON CONFLICT DO NOTHING",
        values,
    )
    row = connection.execute(
        "WITH gone AS (DELETE FROM tag WHERE owner = %(owner)s AND asset_id = %(keeper)s"
        " AND lower(label) IN (SELECT lower(label) FROM " + _WORDS + " said WHERE NOT present)"
        # Another spelling of what goes may stay.
        " AND label NOT IN (SELECT label FROM " + _WORDS + " said WHERE present)"
        " RETURNING " + _TAG_COLUMNS + ")"
        " SELECT coalesce(jsonb_agg(to_jsonb(gone)), '[]') AS tags FROM gone",
        values,
    ).fetchone()
    return list(row["tags"]) if row else []


def _take_words_back(
    connection: Connection,
    owner: str,
    keeper: UUID,
    words: Sequence[dict[str, Any]],
    taken: Sequence[dict[str, Any]],
) -> None:
    """Only of words that nobody has changed since."""
    values = {"owner": owner, "keeper": keeper, "words": Jsonb(words), "taken": Jsonb(taken)}
    rows = connection.execute(
        "DELETE FROM tag_by_hand h USING " + _WORDS + " said WHERE h.owner = %(owner)s"
        " AND h.asset_id = %(keeper)s AND h.label = said.label AND h.present = said.present"
        " AND h.actor = said.actor AND h.at = said.at RETURNING h.label",
        values,
    ).fetchall()
    values["labels"] = [row["label"] for row in rows]
    connection.execute(
        "DELETE FROM tag WHERE owner = %(owner)s AND asset_id = %(keeper)s AND source = 'hand'"
        " AND label = ANY(%(labels)s)",
        values,
    )
    connection.execute(
        "INSERT INTO tag (owner, asset_id, " + _TAG_COLUMNS + ")"
        " SELECT %(owner)s, %(keeper)s, " + _TAG_COLUMNS + " FROM jsonb_to_recordset(%(taken)s)"
        " AS gone (label text, source text, space text, score real, hypernyms text[],"
        " asset_created_at timestamptz) WHERE lower(label) IN"
        " (SELECT lower(said) FROM unnest(%(labels)s::text[]) said) ON CONFLICT DO NOTHING",
        values,
    )


def _missing_facts(connection: Connection, owner: str, union: Union) -> dict[str, Any]:
    own, other = (
        _known(connection, owner, asset_id) for asset_id in (union.keeper, union.yielding)
    )
    missing: dict[str, Any] = dict.fromkeys(_FACTS)
    for group in _GROUPS:
        if own[group[0]] is None:
            missing |= {name: other[name] for name in group}
    return missing


def _known(connection: Connection, owner: str, asset_id: UUID) -> dict[str, Any]:
    """The asset's facts: those of its own file, else those it got first."""
    rows = connection.execute(
        "SELECT taken_at, taken_offset_min, latitude, longitude, altitude, camera, 0 AS turn,"
        " NULL::timestamptz AS at FROM media WHERE owner = %(owner)s AND asset_id = %(id)s"
        " UNION ALL SELECT taken_at, taken_offset_min, latitude, longitude, altitude, camera, 1,"
        " at FROM united WHERE owner = %(owner)s AND keeper = %(id)s ORDER BY turn, at",
        {"owner": owner, "id": asset_id},
    ).fetchall()
    known: dict[str, Any] = dict.fromkeys(_FACTS)
    for row in rows:
        for group in _GROUPS:
            if known[group[0]] is None:
                known |= {name: row[name] for name in group}
    return known
