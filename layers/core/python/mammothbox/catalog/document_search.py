"""JSON documents that have all words of a query."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from mammothbox.catalog import query_words, search_filter
from mammothbox.catalog.query_words import Understood
from mammothbox.catalog.questions import Question
from mammothbox.catalog.word_search import most_ranked
from mammothbox.searching.filters import Filters

_MATCHING = sql.SQL(
    "WITH found AS MATERIALIZED (SELECT d.document_id, d.asset_id, d.words FROM document_words d"
    " JOIN searchable s ON s.owner = d.owner AND s.asset_id = d.asset_id"
    " WHERE d.owner = %(owner)s AND d.words @@ %(every)s::tsquery AND {matching}"
    " LIMIT %(most)s)"
    " SELECT asset_id, document_id, NULL::float8 AS distance, 1::float8 AS share,"
    " NULL::bigint AS at_ms, (SELECT count(*) FROM found) AS candidates FROM found"
    " ORDER BY ts_rank_cd(words, %(every)s::tsquery, 1) DESC, asset_id DESC, document_id DESC"
    " LIMIT %(depth)s"
)


def documents_matching(
    owner: str, words: Sequence[Understood], filters: Filters, depth: int
) -> Question:
    """Documents with all of the words, of files that match the filters.

    Of words that very many have, some are ranked, and none can say which.
    """
    conditions, values = search_filter.conditions(filters)
    values |= {
        "owner": owner,
        "every": query_words.every(words),
        "most": most_ranked(depth),
        "depth": depth,
    }
    statement = _MATCHING.format(matching=conditions + search_filter.of_documents(filters))
    return Question("documents", "words", lambda rows: statement, conditions, values, depth)
