"""Words that were meant, or begun, by words that nothing has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.query_words import Understood

# Two letters that changed places leave few threes of letters as they were.
_LIKENESS = 0.15
_MOST = 200
# Counted up to some, and not asked whether there is one: for that, planners would look through a
# table in which most words are frequent.
_SOME = "(SELECT count(*) FROM (SELECT FROM {} LIMIT 1000) few) > 0"
_NEAR = (
    "SELECT "
    + " OR ".join(
        _SOME.format(where + " AND words @@ %(query)s::tsquery")
        for where in (
            "searchable WHERE owner = %(owner)s AND NOT hidden",
            "document_words WHERE owner = %(owner)s",
            "cluster WHERE owner = %(owner)s AND status <> 'merged'",
        )
    )
    + " AS known,"
    " EXISTS (SELECT FROM lexicon l WHERE l.owner = %(owner)s AND l.word LIKE %(word)s || '%%')"
    " AS begins,"
    " ARRAY(SELECT l.word FROM lexicon l WHERE l.owner = %(owner)s AND l.word %% %(word)s"
    "  AND length(l.word) BETWEEN length(%(word)s) - 2 AND length(%(word)s) + 2"
    "  ORDER BY similarity(l.word, %(word)s) DESC, l.word LIMIT %(most)s) AS near"
)


@dataclass(frozen=True)
class Near:
    """Words of the lexicon like one that nothing has, the most alike first.

    `begins`: it is the beginning of one at least. A word that something has, be it in another
    form, has none, and begins none.
    """

    words: tuple[str, ...] = ()
    begins: bool = False


def find(connection: Connection, owner: str, word: Understood) -> Callable[[], Near]:
    """Asks what is near a strange word; the result reads it."""
    connection.execute(
        "SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(_LIKENESS)]
    )
    cursor = connection.execute(
        _NEAR, {"owner": owner, "query": word.tsquery, "word": word.plain, "most": _MOST}
    )

    def read() -> Near:
        row = cursor.fetchone()
        if row is None or row["known"]:
            return Near()
        return Near(tuple(row["near"]), row["begins"])

    return read
