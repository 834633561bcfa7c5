"""Assets whose tags are words or phrases of the query, the surest tags first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from psycopg import sql

from mammothbox.catalog import search_filter
from mammothbox.catalog.questions import Question
from mammothbox.searching.filters import Filters

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
    "WITH named AS MATERIALIZED (SELECT s.asset_id FROM {rows}"
    " AND s.facets && %(facets)s::text[] LIMIT %(most_tagged)s), best AS ("
    "SELECT lower(t.label) AS label, t.asset_id, coalesce(t.score, 1) AS score FROM tag t"
    " WHERE t.owner = %(owner)s AND t.asset_id = ANY(ARRAY(SELECT asset_id FROM named))"
    " AND lower(t.label) = ANY(%(labels)s) AND (t.space = '' OR t.space = %(space)s))"
)
_ORDERED = sql.SQL(
    " SELECT asset_id, NULL::uuid AS document_id,"
    # As a score is written, and not as it is kept: 0.3 is not 0.30000001.
    " 1 - max(score)::numeric::float8 AS distance,"
    " bit_count(bit_or(terms)::bit(64))::float8 / %(of)s AS share, NULL::bigint AS at_ms,"
    " (SELECT count(DISTINCT asset_id) FROM best) AS candidates FROM best"
    " JOIN unnest(%(labels)s::text[], %(terms)s::bigint[]) AS named (label, terms) USING (label)"
    " GROUP BY asset_id ORDER BY share DESC, distance, asset_id DESC LIMIT %(depth)s"
)


def tagged(
    owner: str, labels: Mapping[str, int], filters: Filters, depth: int, *, space: str, of: int
) -> Question:
    """Assets with any of the labels, in small letters: first those that meet most of the query.

    Each label comes with the terms it is made of, as bits, `of` so many. What a hand said is as
    sure as can be. `space` is the active one. To be asked after `take_indexes`.
    """
    conditions, values = search_filter.conditions(filters)
    found = _OF_THOSE_THAT_MATCH if _narrows(filters) else _BEST
    values |= {
        "owner": owner,
        "space": space,
        "labels": list(labels),
        "terms": list(labels.values()),
        "of": of,
        "facets": [f"tag:{label}" for label in labels],
        "most_tagged": max(_MOST_LOOKED_AT, depth),
        "depth": depth,
    }
    return Question(
        "tags",
        "tags",
        lambda rows: found.format(matching=conditions, rows=rows) + _ORDERED,
        conditions,
        values,
        depth,
        {"facets": sql.SQL("s.facets && %(facets)s::text[]")},
    )


def _narrows(filters: Filters) -> bool:
    """Whether many that have a tag do not match. Nearly all of what has tags is media."""
    tell = replace(filters, not_kinds=filters.not_kinds - {"json"})
    return filters.duplicates == "only" or search_filter.narrows(tell)
