"""What search looks at: one row per asset with everything it is found by.

Made from the other tables whenever one of an asset's stages ends or a person changes it. That is
the last thing in its transaction: rows and words that others wait for are held for a moment only.
Whoever calls `refresh` holds the assets' locks, so that no two make the same row at once. An exact
duplicate is found by what is known of its original, as it is shown, so its row follows that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from mammothbox.catalog import lexicon
from mammothbox.catalog.cards import SEEN
from mammothbox.catalog.connection import Connection

# The number of the rules below: whoever changes them adds one, and the janitor makes all rows anew.
RULES = 2
# A vector of words holds a megabyte at most, and what is far behind in a text is rarely sought.
_LONGEST = 20_000
# What a file calls its camera may be anything, and an index does not hold a word of any length.
_LONGEST_NAME = 200
# As `tagging.from_metadata` has it.
_SQUARE = 1.02
# Of what an asset stands for, so many lend it their names, and so many follow it.
_MOST_SAME = 100

# What it, or its original, got from those that yield to it; of these the first that knows.
_GIVEN = (
    " CROSS JOIN LATERAL (SELECT "
    + ", ".join(
        f"(array_agg({what} ORDER BY g.at, g.duplicate_id)"
        f" FILTER (WHERE {what} IS NOT NULL))[1] AS {name}"
        for name, what in (
            ("taken_at", "g.taken_at"),
            ("camera", "g.camera"),
            ("place", "point(g.longitude, g.latitude)"),
        )
    )
    + ", count(*) > 0 AS told"
    + f" FROM united g WHERE g.owner = a.owner AND g.keeper = {SEEN}) given"
)
# The file's own comes before. Here and below, OFFSET 0 has each of it made but once.
_KNOWN = (
    " CROSS JOIN LATERAL (SELECT coalesce(m.taken_at, given.taken_at) AS taken_at,"
    " coalesce(m.camera, given.camera) AS camera,"
    " coalesce(point(m.longitude, m.latitude), given.place) AS place OFFSET 0) known"
)
# What it stands for: its exact duplicates, what yields to it, and what those stand for. It is
# found by their names and cameras, too, for they are not found themselves.
_SAME = (
    " CROSS JOIN LATERAL (SELECT string_agg(DISTINCT y.filename, ' ') AS names,"
    " string_agg(DISTINCT concat_ws(' ', ym.camera ->> 'make', ym.camera ->> 'model'), ' ')"
    " AS cameras, string_agg(DISTINCT ym.camera ->> 'lens', ' ') AS lenses FROM ("
    "WITH RECURSIVE under (id) AS (SELECT a.id UNION SELECT each.id FROM under"
    " CROSS JOIN LATERAL (SELECT d.id FROM asset d WHERE d.owner = a.owner"
    "   AND d.duplicate_of = under.id AND d.purging_at IS NULL"
    "  UNION ALL SELECT y.id FROM duplicate p JOIN asset y"
    "   ON y.owner = p.owner AND y.id = p.yielding AND y.purging_at IS NULL"
    "   WHERE p.owner = a.owner AND p.keeper = under.id AND p.state = 'confirmed') each)"
    # Each by its key: a planner without statistics would read all that the owner has to join it.
    " SELECT id FROM under LIMIT %(same)s) under CROSS JOIN LATERAL (SELECT d.id, d.filename"
    "  FROM asset d WHERE d.owner = a.owner AND d.id = under.id AND d.id <> a.id"
    "  AND d.trashed_at IS NULL OFFSET 0) y LEFT JOIN LATERAL (SELECT m.camera FROM media m"
    "  WHERE m.owner = a.owner AND m.asset_id = y.id OFFSET 0) ym ON true) same"
)
_TAGS = (
    " CROSS JOIN LATERAL (SELECT string_agg(label, ' ' ORDER BY label)"
    "  FILTER (WHERE source = 'hand') AS by_hand,"
    " string_agg(label, ' ' ORDER BY label) FILTER (WHERE source <> 'hand') AS by_machine,"
    " string_agg(DISTINCT array_to_string(hypernyms, ' '), ' ') AS hypernyms,"
    " array_agg(DISTINCT 'tag:' || lower(label)) AS facets,"
    " bool_or(t.asset_id = a.duplicate_of) AS told"
    " FROM (SELECT t.* FROM tag t WHERE t.owner = a.owner"
    "  AND t.asset_id = ANY(ARRAY[a.id, a.duplicate_of]) OFFSET 0) t"
    " WHERE t.space = ''"
    "  OR t.space = (SELECT name FROM embedding_space WHERE state = 'active')) tags"
)
_WORDS = (
    " CROSS JOIN LATERAL (SELECT name_words(concat_ws(' ', left(known.camera ->> 'make', %(name)s),"
    "  left(known.camera ->> 'model', %(name)s), left(same.cameras, %(name)s))) AS camera,"
    " name_words(concat_ws(' ', left(known.camera ->> 'lens', %(name)s),"
    "  left(same.lenses, %(name)s))) AS lens,"
    " name_words(left(concat_ws(' ', a.filename, tags.by_hand, same.names), %(longest)s)) AS a,"
    " concat_ws(' ', plain_words(left(concat_ws(' ', tags.by_machine, c.caption, a.comments),"
    "  %(longest)s)), name_words(left(concat_ws(' ', m.title, m.artist, m.album), %(longest)s)))"
    " AS b, plain_words(left(c.visible_text, %(longest)s)) AS c,"
    " plain_words(left(concat_ws(' ', tags.hypernyms, a.kind, a.collection), %(longest)s)) AS d"
    " OFFSET 0) plain"
)
_ORIENTATION = (
    " CASE WHEN a.kind = 'audio' OR m.width = 0 OR m.height = 0 THEN NULL"
    " WHEN greatest(m.width, m.height) <= least(m.width, m.height) * %(square)s::float8"
    " THEN 'square' WHEN m.width > m.height THEN 'landscape'"
    " WHEN m.width < m.height THEN 'portrait' END"
)
_FACETS = (
    " array_remove(ARRAY['kind:' || a.kind, 'type:' || a.content_type,"
    " 'collection:' || a.collection, 'orientation:' ||" + _ORIENTATION + ","
    " CASE WHEN c.caption <> '' THEN 'has:caption' END,"
    " CASE WHEN known.place IS NOT NULL THEN 'has:place' END]"
    " || coalesce(tags.facets, '{}')"
    " || ARRAY(SELECT DISTINCT 'camera:' || word FROM string_to_table(plain.camera, ' ') word"
    "  WHERE word <> '' ORDER BY 1)"
    " || ARRAY(SELECT DISTINCT 'lens:' || word FROM string_to_table(plain.lens, ' ') word"
    "  WHERE word <> '' ORDER BY 1), NULL)"
)
# The original, if it lent anything.
_TOLD_BY = (
    " CASE WHEN m.asset_id IS NOT NULL OR c.asset_id IS NOT NULL OR given.told OR tags.told"
    " THEN a.duplicate_of END"
)
# Hidden and duplicate, triggers keep: what is read here may be old by the time that it is written.
_IS_DUPLICATE = (
    " a.duplicate_of IS NOT NULL OR EXISTS (SELECT FROM duplicate p JOIN asset k"
    "  ON k.owner = p.owner AND k.id = p.keeper AND k.trashed_at IS NULL"
    "  AND k.purging_at IS NULL WHERE p.owner = a.owner AND p.yielding = a.id"
    "  AND p.state = 'confirmed')"
)
_FOUND_BY = (
    "SELECT a.owner, a.id AS asset_id, a.kind, a.created_at,"
    " coalesce(known.taken_at, a.created_at AT TIME ZONE 'UTC') AS at,"
    " known.place[1] AS latitude, known.place[0] AS longitude, a.size_bytes, m.duration_ms,"
    " m.width, m.height, a.rating," + _FACETS + " AS facets," + _TOLD_BY + " AS told_by,"
    " word_vector(plain.a, 'A') || word_vector(plain.b, 'B')"
    " || word_vector(coalesce(plain.c, ''), 'C')"
    " || word_vector(concat_ws(' ', plain.d, plain.camera, plain.lens), 'D') AS words,"
    " a.trashed_at IS NOT NULL AS hidden," + _IS_DUPLICATE + " AS duplicate,"
    " concat_ws(' ', plain.a, plain.b, plain.c, plain.d, plain.camera, plain.lens) AS plain"
    # One by one: of many assets at once, all there is would be read to join it.
    " FROM asset a LEFT JOIN LATERAL (SELECT m.* FROM media m"
    f"  WHERE m.owner = a.owner AND m.asset_id = {SEEN} OFFSET 0) m ON true"
    " LEFT JOIN LATERAL (SELECT c.* FROM caption c"
    f"  WHERE c.owner = a.owner AND c.asset_id = {SEEN} OFFSET 0) c ON true"
    + _GIVEN
    + _KNOWN
    + _SAME
    + _TAGS
    + _WORDS
    # Before intake has seen the bytes there is nothing to find.
    + " WHERE a.owner = %(owner)s AND a.id = ANY(ARRAY({ids})) AND a.kind IS NOT NULL"
    " AND a.purging_at IS NULL"
)
_KEPT_ANEW = (
    "kind",
    "created_at",
    "at",
    "latitude",
    "longitude",
    "size_bytes",
    "duration_ms",
    "width",
    "height",
    "rating",
    "facets",
    "words",
    "told_by",
)
_COLUMNS = ", ".join(("owner", "asset_id", *_KEPT_ANEW, "hidden", "duplicate"))
_KEPT = ", ".join("kept." + name for name in _KEPT_ANEW)
_NEW = ", ".join("excluded." + name for name in _KEPT_ANEW)
# `{ids}` selects whose.
_REFRESH = (
    "WITH found_by AS MATERIALIZED (" + _FOUND_BY + "), made AS ("
    "INSERT INTO searchable AS kept (" + _COLUMNS + ") SELECT " + _COLUMNS + " FROM found_by"
    " ORDER BY asset_id ON CONFLICT (owner, asset_id) DO UPDATE SET (" + ", ".join(_KEPT_ANEW) + ")"
    " = (" + _NEW + ") WHERE (" + _KEPT + ") IS DISTINCT FROM (" + _NEW + ")"
    " RETURNING kept.asset_id, kept.words), " + lexicon.FOLLOW
)


_THESE = "SELECT unnest(%(ids)s::uuid[]) AS id"
# These and whatever stands for them.
_STANDING = (
    "WITH RECURSIVE up (id) AS (" + _THESE + " UNION SELECT each.id FROM up"
    " CROSS JOIN LATERAL (SELECT d.duplicate_of AS id FROM asset d WHERE d.owner = %(owner)s"
    "   AND d.id = up.id AND d.duplicate_of IS NOT NULL"
    "  UNION ALL SELECT p.keeper FROM duplicate p WHERE p.owner = %(owner)s"
    "   AND p.yielding = up.id AND p.state = 'confirmed') each)"
    " SELECT id FROM up"
)
# Their exact duplicates; one that somebody else works on is made anew by them.
_FOLLOWING = (
    " UNION SELECT following.id FROM unnest(%(ids)s::uuid[]) original (id)"
    " CROSS JOIN LATERAL (SELECT d.id FROM asset d WHERE d.owner = %(owner)s"
    "  AND d.duplicate_of = original.id ORDER BY d.id LIMIT %(same)s"
    "  FOR NO KEY UPDATE SKIP LOCKED) following"
)
# One after the other, so that who comes second sees what the first did: whoever changes an
# original and whoever changes its duplicate, each of which holds the lock of one alone.
_TAKE_TURNS = (
    "SELECT pg_advisory_xact_lock(hashtextextended('known of ' || seen, 0))"
    " FROM (SELECT DISTINCT " + SEEN + " AS seen FROM asset a"
    " WHERE a.owner = %(owner)s AND a.id = ANY(ARRAY({ids})) ORDER BY 1) one_by_one"
)
_LOCK = (
    "SELECT FROM asset WHERE owner = %(owner)s AND id = ANY(ARRAY({ids}))"
    " ORDER BY id FOR NO KEY UPDATE"
)


def _of(statement: str, ids: str) -> bytes:
    """As an array, they are looked up by their keys: to join them, a planner without statistics
    would make the rows of all that the owner has."""
    return statement.replace("{ids}", ids).encode()


def refresh(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> None:
    """Make the rows of these assets anew, and let the lexicon follow. Asks for no answer.

    Those of their exact duplicates follow; of more than a hundred of one original the first hundred
    do. A row that is right already is not written. Of assets that are being purged, and of those
    that intake has not seen yet, nothing is made.
    """
    _refresh(connection, owner, asset_ids, _THESE, _THESE + _FOLLOWING)


def refresh_only(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> None:
    """The same without their exact duplicates, for whoever comes to all of these, too."""
    _refresh(connection, owner, asset_ids, _THESE, _THESE)


def refresh_standing(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> None:
    """The same for them and for what stands for them, which is found by their names.

    To be called when an asset begins to stand for another, or ends to, by whoever holds the lock
    of their bytes or of the clustering, so that no two come from different ends. Takes the locks
    of all of them.
    """
    connection.execute(_of(_LOCK, _STANDING), {"owner": owner, "ids": list(asset_ids)})
    _refresh(connection, owner, asset_ids, _STANDING, _STANDING + _FOLLOWING)


def lock_told_by(connection: Connection, owner: str, original_id: UUID, limit: int) -> list[UUID]:
    """Exact duplicates whose rows were made of what was known of that original.

    By whoever holds the lock of their bytes. Those that are being purged themselves are left out.
    """
    rows = connection.execute(
        "SELECT a.id FROM searchable s JOIN asset a ON a.owner = s.owner AND a.id = s.asset_id"
        " WHERE s.owner = %(owner)s AND a.owner = %(owner)s AND s.told_by = %(original)s"
        " AND a.purging_at IS NULL ORDER BY s.asset_id LIMIT %(limit)s FOR NO KEY UPDATE OF a",
        {"owner": owner, "original": original_id, "limit": limit},
    ).fetchall()
    return [row["id"] for row in rows]


def _refresh(
    connection: Connection, owner: str, asset_ids: Sequence[UUID], by: str, ids: str
) -> None:
    """Whose turn it is, `by` selects; whose rows are made, `ids`."""
    values = {"owner": owner, "ids": list(asset_ids)}
    connection.execute(_of(_TAKE_TURNS, by), values)
    lexicon.hold(connection, owner)
    connection.execute(
        _of(_REFRESH, ids),
        {
            **values,
            "longest": _LONGEST,
            "name": _LONGEST_NAME,
            "square": _SQUARE,
            "same": _MOST_SAME,
        },
    )
