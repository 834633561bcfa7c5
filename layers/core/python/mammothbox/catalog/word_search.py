"""What has the words of a query, in whatever it is found by: all of them or, if few do, some."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from psycopg import sql

from mammothbox.catalog import query_words, search_filter
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.query_words import Understood
from mammothbox.catalog.questions import Question
from mammothbox.searching.filters import Filters

# Of a word that more have, so many times as many as are wanted are ranked: those that the index,
# or the list, has first. Measured on 200,000 assets: a thousand take 3 to 8 ms of a core for words
# that 65 % to 3 % have, half as many half of that.
_RANKED_FOR_ONE = 2
# One more than a list has, so that it is known where that ends early.
_MOST_RANKED = 1001
# Of so many it is quicker to look at each than to look up what has one of the words.
_FEW = 5_000
# Of clusters whose names have one of the words, those with names by hand first; and of each the
# newest members.
_MOST_CLUSTERS = 20
_MOST_MEMBERS = 500
# Of what has all of the words, so much is enough: a page. Then nothing else is looked for. Of each
# part of the words, at least as much is looked for.
_ENOUGH = 20
# Weights of D, C, B and A: what words are worth by where they stand; see migration 0012.
_WEIGHTS = "'{0.1, 0.2, 0.4, 1.0}'"

# The common table expression of what has some of the words, given the rows and the conditions.
_Some: TypeAlias = Callable[[sql.Composable, sql.Composable], sql.Composable]

_STEER = (
    "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),"
    " set_config('max_parallel_workers_per_gather', '0', true),"
    " set_config('plan_cache_mode', 'force_custom_plan', true)"
)

_WITH_ALL = sql.SQL(
    "WITH direct AS MATERIALIZED (SELECT s.asset_id, s.words FROM {rows}"
    " AND s.words @@ %(every)s::tsquery LIMIT %(most)s),"
    " named AS MATERIALIZED (SELECT c.id, c.words FROM cluster c WHERE c.owner = %(owner)s"
    "  AND c.status <> 'merged' AND c.words @@ %(some)s::tsquery"
    "  ORDER BY c.name_source = 'hand' DESC, c.id LIMIT %(clusters)s),"
    " member AS MATERIALIZED (SELECT m.asset_id, named.words FROM named CROSS JOIN LATERAL ("
    "  SELECT newest.asset_id FROM cluster c CROSS JOIN LATERAL ("
    "   SELECT asset_id FROM joined WHERE owner = %(owner)s AND cluster_id = c.id"
    "   AND edition = (SELECT edition FROM clustering WHERE owner = %(owner)s)"
    "   ORDER BY asset_id DESC LIMIT %(members)s) newest"
    "  WHERE c.owner = %(owner)s AND c.root = named.id"
    "  ORDER BY newest.asset_id DESC LIMIT %(members)s) m),"
    " found AS (SELECT asset_id, words FROM direct UNION ALL"
    "  SELECT s.asset_id, member.words || s.words FROM member JOIN searchable s"
    "  ON s.owner = %(owner)s AND s.asset_id = member.asset_id WHERE {matching}"
    "  AND (member.words || s.words) @@ %(every)s::tsquery),"
)
_ALL_OF_IT = sql.SQL(" hit AS MATERIALIZED (SELECT * FROM found),")
# Asked once, before anything else is: below a false one nothing is read.
_FEW_HAVE_ALL = sql.SQL(" few AS MATERIALIZED (SELECT count(*) < %(enough)s AS so FROM found),")
# Of all that there is, what lacks one of the words; and if that is little, too, what has one.
_MOSTLY = sql.SQL(" mostly AS MATERIALIZED ({parts}),")
_ONLY_MOSTLY = sql.SQL(" partly AS (SELECT * FROM mostly),")
_OR_SOME = sql.SQL(
    " fewer AS MATERIALIZED (SELECT (SELECT so FROM few) AND count(*) < %(enough)s AS so"
    "  FROM mostly),"
    " partly AS (SELECT * FROM mostly UNION ALL {parts}),"
)
# A look for each part, and not one for a list of them: so the planner knows how many have it, and
# whether to begin with the filters or with the words, and with which. In 200,000 assets that is 7
# ms instead of 16 where a filter leaves 10,000, and 10 instead of 20 for four words.
_PART = sql.SQL(
    "(SELECT s.asset_id, s.words FROM searchable s WHERE {matching}"
    " AND s.words @@ {query}::tsquery AND (SELECT so FROM {asked}) LIMIT %(most_of_part)s)"
)
# Of the few that filters leave, what has any of the words, in one look: most of them first.
_SOME_OF_FEW = sql.SQL(
    " partly AS (SELECT s.asset_id, s.words FROM {rows} AND s.words @@ %(some)s::tsquery"
    "  AND (SELECT so FROM few) ORDER BY {had} DESC, s.asset_id DESC LIMIT %(most)s),"
)
_HAS = sql.SQL("(s.words @@ {}::tsquery)::integer")
_ALL_OR_SOME = sql.SQL(
    " partly_named AS (SELECT s.asset_id, member.words || s.words AS words"
    "  FROM member JOIN searchable s ON s.owner = %(owner)s AND s.asset_id = member.asset_id"
    "  WHERE {matching} AND (SELECT so FROM few) LIMIT %(most)s),"
    " hit AS MATERIALIZED (SELECT * FROM found UNION ALL SELECT * FROM partly"
    "  UNION ALL SELECT * FROM partly_named),"
)
_RANKED = sql.SQL(
    " ranked AS (SELECT DISTINCT ON (asset_id) asset_id, had, rank FROM hit CROSS JOIN LATERAL ("
    "   SELECT count(*) AS had FROM unnest(%(each)s::tsquery[]) AS word (query)"
    "   WHERE hit.words @@ word.query) counted CROSS JOIN LATERAL (SELECT"
    "   ts_rank_cd(" + _WEIGHTS + ", hit.words, CASE WHEN had = %(words)s THEN %(every)s::tsquery"
    "   ELSE %(some)s::tsquery END, 1) AS rank) weighed ORDER BY asset_id, had DESC, rank DESC)"
    " SELECT asset_id, NULL::uuid AS document_id, NULL::float8 AS distance,"
    " had::float8 / %(words)s AS share, NULL::bigint AS at_ms,"
    " (SELECT count(*) FROM ranked) AS candidates FROM ranked"
    " ORDER BY had DESC, rank DESC, asset_id DESC LIMIT %(depth)s"
)


def take_indexes(connection: Connection) -> None:
    """Until the end of the transaction, statements take an index and the same rows each time.

    To begin anywhere in a table, or in several places at once, is faster only for much of it.
    Each is planned anew, for words are rare or common and filters leave little or much.
    """
    connection.execute(_STEER, prepare=True)


def most_ranked(depth: int) -> int:
    """How many are ranked for the best `depth`, of words that more have."""
    return max(depth, min(_MOST_RANKED, _RANKED_FOR_ONE * depth))


def matching(
    owner: str, words: Sequence[Understood], filters: Filters, depth: int, expected: int
) -> Question:
    """Assets with all of the words: in their own, or some in the name of their cluster.

    Where that is less than a page, those with some of the words follow, the ones with most of
    them first; a hit's share tells how many it has. Words weigh by where they stand and by how
    near they are to each other; of equals the newest comes first. `expected` is how many rows the
    filters are expected to leave. To be asked after `take_indexes`.
    """
    # Of one word there are no parts.
    if expected <= _FEW or len(query_words.each(words)) == 1:
        return matching_of_few(owner, words, filters, depth)
    lacking_one = _named("lacking", query_words.all_but_one(words))
    one_each = _named("one", query_words.one_each(words))
    most_of_part = max(_ENOUGH, most_ranked(depth) // len(query_words.each(words)))

    def some(_: sql.Composable, conditions: sql.Composable) -> sql.Composable:
        mostly = _MOSTLY.format(parts=_parts(conditions, lacking_one, "few"))
        if not one_each:
            return mostly + _ONLY_MOSTLY
        return mostly + _OR_SOME.format(parts=_parts(conditions, one_each, "fewer"))

    question = _question(owner, words, filters, depth, some)
    values = {**question.values, **lacking_one, **one_each, "most_of_part": most_of_part}
    return replace(question, values=values, uncut=min(depth, most_of_part))


def matching_of_few(
    owner: str, words: Sequence[Understood], filters: Filters, depth: int
) -> Question:
    """The same where filters leave few, each of which can be looked at."""
    one_each = _named("one", query_words.each(words)[: query_words.MOST_APART])

    def some(rows: sql.Composable, _: sql.Composable) -> sql.Composable:
        return _SOME_OF_FEW.format(rows=rows, had=_how_many(one_each))

    question = _question(owner, words, filters, depth, some)
    return replace(question, values={**question.values, **one_each})


def _question(
    owner: str, words: Sequence[Understood], filters: Filters, depth: int, some: _Some
) -> Question:
    conditions, values = search_filter.conditions(filters)
    each, most = query_words.each(words), most_ranked(depth)

    def statement(rows: sql.Composable) -> sql.Composed:
        found = _WITH_ALL.format(rows=rows, matching=conditions)
        # One word has no parts to look for, which to plan takes as long as to find it.
        if len(each) == 1:
            return found + _ALL_OF_IT + _RANKED
        rest = _ALL_OR_SOME.format(matching=conditions)
        return found + _FEW_HAVE_ALL + some(rows, conditions) + rest + _RANKED

    values |= {
        "owner": owner,
        "every": query_words.every(words),
        "some": query_words.some(words),
        "each": each,
        "words": len(each),
        "enough": _ENOUGH,
        "most": most,
        "clusters": _MOST_CLUSTERS,
        "members": _MOST_MEMBERS,
        "depth": depth,
    }
    columns = {"words": sql.SQL("s.words @@ %(some)s::tsquery")}
    return Question("words", "words", statement, conditions, values, min(depth, most), columns)


def _named(name: str, queries: Sequence[str]) -> dict[str, str]:
    return {f"{name}_{at}": query for at, query in enumerate(queries)}


def _how_many(names: Iterable[str]) -> sql.Composed:
    """How many of the words of those names a row has."""
    return sql.SQL(" + ").join(_HAS.format(sql.Placeholder(name)) for name in names)


def _parts(conditions: sql.Composable, names: Iterable[str], asked: str) -> sql.Composed:
    return sql.SQL(" UNION ALL ").join(
        _PART.format(matching=conditions, query=sql.Placeholder(name), asked=sql.Identifier(asked))
        for name in names
    )
