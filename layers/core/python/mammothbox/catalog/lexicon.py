"""The lexicon: which words an owner's searchables have, to find what was meant by another.

Words that letters make, 3 to 30 of them, as `plain_words` writes them. What an asset does not
have any more is doubted, and taken away later by whoever settles doubts, unless another has it.
"""

from __future__ import annotations

from uuid import UUID

from mammothbox.catalog.connection import Connection

_IS_PLAIN = "word ~ '^[[:alpha:]]{3,30}$'"
# The end of a statement that has made searchables anew: `found_by` with their `plain` words, and
# `made`, those of them that are other than before. Words are added in their order, so that none
# waits for another in a circle.
FOLLOW = (
    "doubted AS (INSERT INTO lexicon_doubt (owner, word)"
    " SELECT s.owner, word FROM searchable s, unnest(tsvector_to_array(s.words)) word"
    " WHERE s.owner = %(owner)s AND s.asset_id IN (SELECT asset_id FROM made)"
    " AND " + _IS_PLAIN + " EXCEPT SELECT %(owner)s, unnest(tsvector_to_array(words)) FROM made)"
    " INSERT INTO lexicon (owner, word) SELECT DISTINCT %(owner)s, word"
    " FROM found_by, string_to_table(plain, ' ') word"
    " WHERE asset_id IN (SELECT asset_id FROM made) AND "
    + _IS_PLAIN
    + " ORDER BY word ON CONFLICT DO NOTHING"
)
_LOCK = "(hashtextextended('lexicon of ' || %s, 0))"


def hold(connection: Connection, owner: str) -> None:
    """Let nobody take words away until the commit; many may add at once."""
    connection.execute("SELECT pg_advisory_xact_lock_shared" + _LOCK, [owner])


def doubt(connection: Connection, owner: str, asset_id: UUID) -> None:
    """Doubt all words of an asset, which is about to go."""
    connection.execute(
        "INSERT INTO lexicon_doubt (owner, word) SELECT owner, word"
        " FROM searchable, unnest(tsvector_to_array(words)) word"
        " WHERE owner = %s AND asset_id = %s AND " + _IS_PLAIN,
        [owner, asset_id],
    )


def settle_doubts(connection: Connection, owner: str, limit: int) -> int:
    """Take away those of the words doubted last that no asset has; how many doubts those were.

    Waits for those who add words, and holds them off until the commit: it comes last.
    """
    connection.execute("SELECT pg_advisory_xact_lock" + _LOCK, [owner])
    rows = connection.execute(
        "DELETE FROM lexicon_doubt WHERE owner = %(owner)s AND id IN ("
        "SELECT id FROM lexicon_doubt WHERE owner = %(owner)s ORDER BY id DESC LIMIT %(limit)s)"
        " RETURNING word",
        {"owner": owner, "limit": limit},
    ).fetchall()
    # To find one asset with a word, planners would rather look through all of them, and an index
    # is slow with a word that half of them have. Counting up to some takes what is quick.
    connection.cursor().executemany(
        "DELETE FROM lexicon WHERE owner = %(owner)s AND word = %(word)s AND 0 = ("
        "SELECT count(*) FROM (SELECT FROM searchable s WHERE s.owner = %(owner)s"
        " AND s.words @@ quote_literal(%(word)s)::tsquery LIMIT 1000) few)",
        [{"owner": owner, "word": word} for word in sorted({row["word"] for row in rows})],
    )
    return len(rows)


def doubting(connection: Connection, limit: int) -> list[str]:
    """Owners of whose words some are in doubt."""
    rows = connection.execute(
        "SELECT DISTINCT owner FROM lexicon_doubt ORDER BY owner LIMIT %s", [limit]
    ).fetchall()
    return [row["owner"] for row in rows]
