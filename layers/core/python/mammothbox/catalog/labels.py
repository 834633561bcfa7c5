"""The labels of an owner's tags, with how often each was said."""

from __future__ import annotations

from dataclasses import dataclass

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Label:
    """A label, as it is mostly written, and of how many objects hands and machines said it."""

    label: str
    by_hand: int
    by_machine: int


# From each label the index leads to the next one, whatever number of tags is between them. Only
# those that are meant are then counted, in the same index.
_LABELS = (
    "WITH RECURSIVE walk AS ((SELECT label FROM tag WHERE owner = %(owner)s"
    "  ORDER BY label LIMIT 1)"
    "  UNION ALL SELECT (SELECT t.label FROM tag t WHERE t.owner = %(owner)s"
    "   AND t.label > walk.label ORDER BY t.label LIMIT 1)"
    "  FROM walk WHERE walk.label IS NOT NULL),"
    " meant AS MATERIALIZED (SELECT label FROM walk"
    "  WHERE starts_with(lower(label), lower(%(prefix)s)))"
    " SELECT (array_agg(meant.label ORDER BY said.by_all DESC, meant.label))[1] AS label,"
    " sum(said.by_hand)::bigint AS by_hand, sum(said.by_all - said.by_hand)::bigint AS by_machine"
    " FROM meant CROSS JOIN LATERAL ("
    "  SELECT (SELECT count(*) FROM tag t WHERE t.owner = %(owner)s AND t.label = meant.label"
    "   AND t.space = ANY(ARRAY['', (SELECT name FROM embedding_space WHERE state = 'active')]))"
    "   AS by_all,"
    "  (SELECT count(*) FROM tag t WHERE t.owner = %(owner)s AND t.label = meant.label"
    "   AND t.source = 'hand') AS by_hand) said"
    " WHERE said.by_all > 0 GROUP BY lower(meant.label)"
    " ORDER BY sum(said.by_all) DESC, lower(meant.label) LIMIT %(limit)s"
)


def most_used(connection: Connection, owner: str, prefix: str, limit: int) -> list[Label]:
    """The labels that begin with `prefix`, whatever its capitals, the most used first.

    What is in the trash counts; a machine that says it for two reasons counts twice. Reads an
    entry of the index for every tag with such a label: a million take a quarter of a second.
    """
    rows = connection.execute(
        _LABELS, {"owner": owner, "prefix": prefix, "limit": limit}
    ).fetchall()
    return [Label(**row) for row in rows]
