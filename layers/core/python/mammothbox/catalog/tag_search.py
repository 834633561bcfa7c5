"""Assets whose tags are words or phrases of the query, the surest tags first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from psycopg import sql

from mammothbox.catalog import search_filter
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.word_search import Pending
from mammothbox.searching.filters import Filters
from mammothbox.searching.found import Hit, Ranking

# Of what matches filters and has one of the tags, so many are looked at when that takes a look at
# every one of their tags: some 10 microseconds each.
_MOST_LOOKED_AT = 250

# Label by label, as the index has them. Who has few rows that match would read all of a label's.
_BEST = sql.SQL(
    "WITH best AS MATERIALIZED (SELECT asked.label, near.asset_id, near.score"
    " FROM unnest(%(labels)s::text[]) AS asked (label) CROSS JOIN LATERAL ("
    "  SELECT t.asset_id, coalesce(t.score, 1) AS score FROM tag t JOIN searchable s"
    "  ON s.owner = t.owner AND s.asset_id = t.asset_id WHERE t.owner = %(owner)s"
    "  AND lower(t.label) = asked.label AND (t.space = '' OR t.space = %(space)s)"
    "  AND {matching} ORDER BY coalesce(t.score, 1) DESC, t.asset_id DESC LIMIT %(depth)s) near)"
)
_OF_THOSE_THAT_MATCH = sql.SQL(
    "WITH named AS MATERIALIZED (SELECT s.asset_id FROM searchable s WHERE {matching}"
    " AND s.facets && %(facets)s::text[] LIMIT %(most)s), best AS ("
    "SELECT lower(t.label) AS label, t.asset_id, coalesce(t.score, 1) AS score FROM tag t"
    " WHERE t.owner = %(owner)s AND t.asset_id = ANY(ARRAY(SELECT asset_id FROM named))"
    " AND lower(t.label) = ANY(%(labels)s) AND (t.space = '' OR t.space = %(space)s))"
)
_ORDERED = sql.SQL(
    " SELECT asset_id, bit_count(bit_or(terms)::bit(64)) AS met, max(score) AS score,"
    " (SELECT count(DISTINCT asset_id) FROM best) AS candidates FROM best"
    " JOIN unnest(%(labels)s::text[], %(terms)s::bigint[]) AS named (label, terms) USING (label)"
    " GROUP BY asset_id ORDER BY met DESC, score DESC, asset_id DESC LIMIT %(depth)s"
)


def tagged(
    connection: Connection,
    owner: str,
    labels: Mapping[str, int],
    filters: Filters,
    depth: int,
    *,
    space: str,
    of: int,
) -> Pending:
    """Assets with any of the labels, in small letters: first those that meet most of the query.

    Each label comes with the terms it is made of, as bits, `of` so many. What a hand said is as
    sure as can be. `space` is the active one. To be called after `take_indexes`.
    """
    conditions, values = search_filter.conditions(filters)
    found = _OF_THOSE_THAT_MATCH if _narrows(filters) else _BEST
    cursor = connection.execute(
        found.format(matching=conditions) + _ORDERED,
        {
            **values,
            "owner": owner,
            "space": space,
            "labels": list(labels),
            "terms": list(labels.values()),
            "facets": [f"tag:{label}" for label in labels],
            "most": max(_MOST_LOOKED_AT, depth),
            "depth": depth,
        },
        prepare=True,
    )

    def read() -> Ranking:
        rows = cursor.fetchall()
        return Ranking(
            "tags",
            tuple(
                Hit(row["asset_id"], distance=1 - row["score"], share=row["met"] / of)
                for row in rows
            ),
            "tags",
            candidates=rows[0]["candidates"] if rows else 0,
            exhausted=len(rows) < depth,
        )

    return read


def _narrows(filters: Filters) -> bool:
    """Whether many that have a tag do not match. Nearly all of what has tags is media."""
    tell = replace(filters, not_kinds=filters.not_kinds - {"json"})
    return filters.duplicates == "only" or search_filter.narrows(tell)
