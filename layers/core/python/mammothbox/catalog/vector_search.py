"""The nearest by their vectors among what matches filters: never short, and telling its plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from psycopg import sql

from mammothbox.catalog import search_filter, vector_plan
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.questions import Question, ask
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.catalog.vector_plan import Expected, Plan
from mammothbox.searching.filters import Filters
from mammothbox.searching.found import Hit, Ranking

RETRIEVER = "vector"

# Every candidate's vector, by its key; an array of ids is looked up in one go, where a join would
# begin anew for each. In terms of `vector`, so that the index of `halfvec` is not taken for it.
# The distances are worked out before the frames of an asset come together: OFFSET keeps whole
# vectors from being sorted.
_EXACT = sql.SQL(
    "WITH near AS MATERIALIZED (SELECT asset_id, min(distance) AS distance FROM ("
    "SELECT e.asset_id, e.vector <=> %(query)s::text::vector AS distance FROM embedding e"
    " WHERE e.owner = %(owner)s AND e.space_id = {space} AND e.asset_id = ANY(ARRAY("
    "SELECT s.asset_id FROM {rows})) OFFSET 0) compared"
    # What has no direction is not near anything.
    " WHERE distance <> 'NaN' GROUP BY asset_id ORDER BY 2, 1 LIMIT %(depth)s)"
    " SELECT near.asset_id, NULL::uuid AS document_id, near.distance, 1::float8 AS share,"
    " (SELECT e.at_ms FROM embedding e"
    " WHERE e.owner = %(owner)s AND e.asset_id = near.asset_id AND e.space_id = {space}"
    " ORDER BY round((e.vector <=> %(query)s::text::vector)::numeric, 6), e.at_ms IS NULL, e.frame"
    " LIMIT 1) AS at_ms, NULL::bigint AS candidates FROM near"
    " ORDER BY near.distance, near.asset_id"
)
# What the index leads to, the nearest first. The planner cannot make a join of a subquery that
# yields a value, so each vector's asset is looked up in the order of the index. What else the
# order depends on stands outside, or the index would not be taken.
_BY_INDEX = sql.SQL(
    "WITH near AS MATERIALIZED (SELECT e.asset_id, e.frame, e.at_ms,"
    " e.vector <=> %(query)s::text::vector AS distance FROM embedding e"
    " WHERE e.owner = %(owner)s AND e.space_id = {space} AND (SELECT true FROM searchable s"
    "  WHERE s.asset_id = e.asset_id AND {conditions})"
    " ORDER BY e.vector::halfvec({dimension})"
    "  <=> %(query)s::text::vector::halfvec({dimension}) LIMIT %(vectors)s)"
    # Each asset once, as near as its nearest vector; of equals the one that has a time, for a
    # video's own vector is a mean: of one frame, but for rounding, that frame's.
    " SELECT asset_id, min(distance) AS distance, (array_agg(at_ms"
    "  ORDER BY round(distance::numeric, 6), at_ms IS NULL, frame))[1] AS at_ms"
    " FROM near WHERE distance <> 'NaN' GROUP BY asset_id ORDER BY 2, 1 LIMIT %(depth)s"
)


@dataclass(frozen=True)
class _Asked:
    connection: Connection
    conditions: sql.Composable
    values: Mapping[str, Any]
    space: SpaceRow
    depth: int


def nearest(  # noqa: PLR0917 - as every retriever has them, and the space
    connection: Connection,
    owner: str,
    space: SpaceRow,
    query: str,
    filters: Filters,
    depth: int,
    *,
    apart_from: UUID | None = None,
    expected: Expected | None = None,
) -> Ranking:
    """The `depth` assets nearest to `query`, a vector of the space as text; fewer if no more match.

    The plan is "exact", "hnsw" or "iterative", and where the index did not find enough, "hnsw,
    then exact" or "iterative, then exact". An asset is as near as the nearest of its frames, whose
    time the hit tells. `apart_from` is left out. `expected` is what is to be expected of the
    filters, where that is known already. Settings of the transaction that steer the planner are
    changed.
    """
    if expected is None:
        expected = vector_plan.expect(connection, owner, space, filters)
    plan = vector_plan.choose(expected, depth)
    question = compared(owner, space, query, filters, depth, plan.candidates, apart_from)
    asked = _Asked(connection, question.conditions, question.values, space, depth)
    hits, name = ([], "") if plan.compares_all else _by_index(asked, plan)
    if len(hits) >= depth:
        return Ranking(RETRIEVER, tuple(hits), name, plan.candidates)
    vector_plan.compare_all(connection)
    found = ask(connection, question)()
    return replace(found, plan=f"{name}, then exact") if name else found


def compared(  # noqa: PLR0917 - as every retriever has them, and the space
    owner: str,
    space: SpaceRow,
    query: str,
    filters: Filters,
    depth: int,
    candidates: int,
    apart_from: UUID | None = None,
) -> Question:
    """The same by comparing all that match. To be asked after `compare_all` or `take_indexes`."""
    conditions, values = search_filter.conditions(filters)
    if apart_from is not None:
        conditions += sql.SQL(" AND s.asset_id <> %(apart_from)s")
    values |= {"owner": owner, "query": query, "apart_from": apart_from, "depth": depth}
    return Question(
        RETRIEVER,
        "exact",
        lambda rows: _EXACT.format(rows=rows, space=sql.Literal(space.id)),
        conditions,
        values,
        depth,
        candidates=candidates,
    )


def _by_index(asked: _Asked, plan: Plan) -> tuple[list[Hit], str]:
    """What a look at the nearest vectors finds, and if that promises enough, a longer one.

    Fewer than asked for when what matches lies elsewhere. A longer look comes upon vectors that
    are far away before it has seen all that are nearer; so the best have to come from the first.
    """
    vector_plan.look(asked.connection, plan.width)
    hits = _run(asked, plan.width)
    if len(hits) >= asked.depth:
        return hits, "hnsw"
    if not vector_plan.is_worth_going_on(plan, asked.depth, len(hits)):
        return [], "hnsw"
    vector_plan.look_further(asked.connection)
    longer = _run(asked, vector_plan.vectors_for(asked.depth))
    found = {hit.asset_id: hit for hit in longer}
    # Both are nearly all of what is near, and not quite the same.
    found |= {hit.asset_id: hit for hit in hits}
    by_distance = sorted(found.values(), key=lambda hit: (hit.distance or 0.0, hit.asset_id))
    return by_distance[: asked.depth], "iterative"


def _run(asked: _Asked, vectors: int) -> list[Hit]:
    # As literals: the planner has to see that the condition of the partial index holds.
    query = _BY_INDEX.format(
        conditions=asked.conditions,
        space=sql.Literal(asked.space.id),
        dimension=sql.Literal(asked.space.dimension),
    )
    values = {**asked.values, "vectors": vectors}
    rows = asked.connection.execute(query, values, prepare=True).fetchall()
    return [Hit(row["asset_id"], distance=row["distance"], at_ms=row["at_ms"]) for row in rows]
