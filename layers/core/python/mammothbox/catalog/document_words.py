"""The words of JSON documents, written piece by piece after the documents.

Only what stands in strings and numbers counts; keys are the same in every document.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import sql

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.document_parts import Part
from mammothbox.catalog.document_tables import TABLES

# As with assets: what is far behind in a document is rarely sought.
_LONGEST = 20_000


@dataclass(frozen=True)
class Wordless:
    """A piece of a file whose documents lack words, behind `written_to` if that is known."""

    owner: str
    asset_id: UUID
    part: int
    collection_id: UUID
    docs_table: str
    first_byte: int
    end_byte: int
    written_to: UUID | None
    asset_created_at: datetime


@dataclass(frozen=True)
class Ids:
    """Of which documents: from `first` to before `end`, and behind `after`."""

    first: UUID
    end: UUID
    after: UUID | None


def next_part(connection: Connection, owner: str) -> Wordless | None:
    """A piece whose documents lack words, which nobody reads anew or erases until the commit."""
    row = connection.execute(
        "SELECT p.owner, p.asset_id, p.part, p.collection_id, c.docs_table, p.first_byte,"
        " p.end_byte, p.words_to AS written_to, a.created_at AS asset_created_at"
        " FROM document_part p"
        " JOIN collection c ON c.owner = p.owner AND c.id = p.collection_id"
        " JOIN asset a ON a.owner = p.owner AND a.id = p.asset_id"
        " WHERE p.owner = %s AND NOT p.words_written AND p.documents IS NOT NULL"
        " ORDER BY p.asset_id, p.part LIMIT 1 FOR NO KEY UPDATE OF p",
        [owner],
    ).fetchone()
    return Wordless(**row) if row else None


_WRITE = """
WITH some_docs AS MATERIALIZED (
    SELECT document_id, doc FROM {table}
    WHERE document_id >= %(first)s AND document_id < %(end)s
    AND (%(after)s::uuid IS NULL OR document_id > %(after)s::uuid)
    AND asset_id = %(asset_id)s AND part = %(part)s ORDER BY document_id LIMIT %(most)s
), written AS (
    INSERT INTO document_words (owner, collection_id, document_id, asset_id, part, words)
    SELECT %(owner)s, %(collection_id)s, document_id, %(asset_id)s, %(part)s,
        word_vector(plain_words(left((SELECT coalesce(string_agg(value #>> '{{}}', ' '), '')
            FROM jsonb_path_query(doc, 'strict $.** ?
                (@.type() == "string" || @.type() == "number")') value), %(longest)s)), 'B')
    FROM some_docs ORDER BY document_id
    ON CONFLICT (owner, collection_id, document_id) DO UPDATE
    SET asset_id = excluded.asset_id, part = excluded.part, words = excluded.words
)
SELECT document_id AS last, count(*) OVER () AS documents FROM some_docs
ORDER BY document_id DESC LIMIT 1
"""


def write(connection: Connection, part: Wordless, ids: Ids, most: int) -> bool:
    """Write the words of the next documents, and put down how far that is.

    Whether there are more. The part is locked by `next_part`.
    """
    row = connection.execute(
        sql.SQL(_WRITE).format(table=sql.Identifier(TABLES, part.docs_table)),
        {**vars(part), **vars(ids), "most": most, "longest": _LONGEST},
    ).fetchone()
    more = row is not None and row["documents"] == most
    connection.execute(
        "UPDATE document_part SET words_to = %s, words_written = %s"
        " WHERE owner = %s AND asset_id = %s AND part = %s",
        [row["last"] if row else None, not more, part.owner, part.asset_id, part.part],
    )
    return more


def lack(connection: Connection, part: Part, *, had: bool) -> None:
    """The piece was read, and its words are to be written; those that it `had` go."""
    key = [part.owner, part.asset_id, part.part]
    # The row first: whoever is just writing words of the piece has its lock.
    connection.execute(
        "UPDATE document_part SET words_written = false, words_to = NULL"
        " WHERE owner = %s AND asset_id = %s AND part = %s",
        key,
    )
    if had:
        connection.execute(
            "DELETE FROM document_words WHERE owner = %s AND asset_id = %s AND part = %s", key
        )
