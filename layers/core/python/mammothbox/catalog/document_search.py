"""JSON documents that have all words of a query."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from mammothbox.catalog import query_words, search_filter
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.query_words import Understood
from mammothbox.catalog.word_search import Pending, most_ranked
from mammothbox.searching.filters import Filters
from mammothbox.searching.found import Hit, Ranking

_MATCHING = sql.SQL(
    "WITH found AS MATERIALIZED (SELECT d.document_id, d.asset_id, d.words FROM document_words d"
    " JOIN searchable s ON s.owner = d.owner AND s.asset_id = d.asset_id"
    " WHERE d.owner = %(owner)s AND d.words @@ %(every)s::tsquery AND {matching}"
    " LIMIT %(most)s)"
    " SELECT document_id, asset_id, ts_rank_cd(words, %(every)s::tsquery, 1) AS rank,"
    " (SELECT count(*) FROM found) AS candidates FROM found"
    " ORDER BY rank DESC, asset_id DESC, document_id DESC LIMIT %(depth)s"
)


def documents_matching(
    connection: Connection,
    owner: str,
    words: Sequence[Understood],
    filters: Filters,
    depth: int,
) -> Pending:
    """Documents with all of the words, of files that match the filters.

    Of words that very many have, some are ranked, and none can say which.
    """
    conditions, values = search_filter.conditions(filters)
    cursor = connection.execute(
        _MATCHING.format(matching=conditions + search_filter.of_documents(filters)),
        {
            **values,
            "owner": owner,
            "every": query_words.every(words),
            "most": most_ranked(depth),
            "depth": depth,
        },
        prepare=True,
    )

    def read() -> Ranking:
        rows = cursor.fetchall()
        return Ranking(
            "documents",
            tuple(Hit(row["asset_id"], row["document_id"]) for row in rows),
            "words",
            candidates=rows[0]["candidates"] if rows else 0,
            exhausted=len(rows) < depth,
        )

    return read
