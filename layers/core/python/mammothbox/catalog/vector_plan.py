"""How to find what is nearest: by comparing every candidate, or by the index of the space.

Milliseconds of one core for 250 vectors among 200,000 of 512 dimensions, and the part of the ten
best that the index finds, by the share that matches, at random:

    share   candidates  exact     by index
    0.1 %          171    2.5
    1 %          1,674     13
    10 %        17,270     63    59   1.00
    50 %        86,226    340    14   1.00
    100 %      172,376    670     9   1.00

So a vector that the index leads to takes as long as six that are compared. The index returns the
nearest `width` of all vectors, of which those that match are taken. Iterating beyond them repairs
their number and not what is best among them: where everything that matches lies far from the query,
a tenth of the ten best is found. Hence nothing is taken from an iteration unless the look before
it has found the best.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import sql

from mammothbox.catalog import filter_estimate, space_index
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.searching.filters import Filters

# Up to here every candidate is compared, whatever the index could do: it is perfect.
EXACT_UP_TO = 5_000
# A vector that the index leads to takes as long as so many that are compared.
_DEARER = 6
# Of vectors some are frames of the same video: so many more are looked for, and when it is a
# longer look anyway, so many times as many.
_MORE = 1.25
_MANY_MORE = 4
# pgvector's own limit on what one look returns, and what is quick anyway.
_WIDEST = 1_000
_NARROWEST = 90
# More than what is to be expected to be needed, so that a longer look seldom is.
_MARGIN = 1.5
# As many as the first look must have found for the best to be among them.
_BEST = 10
# After so many visited vectors a longer look ends, a third of a second's work.
_MOST_VISITED = 40_000


@dataclass(frozen=True)
class Expected:
    """How many rows filters are expected to leave, and how many the index of the space has.

    The latter is `None` where there is no valid index.
    """

    rows: int
    indexed: float | None = None


@dataclass(frozen=True)
class Plan:
    """How many rows are expected to match, and at how many vectors to look; 0 compares all."""

    candidates: int
    width: int = 0

    @property
    def compares_all(self) -> bool:
        """Whether every row that matches is looked at."""
        return self.width == 0


def expect(connection: Connection, owner: str, space: SpaceRow, filters: Filters) -> Expected:
    """What is to be expected of the filters, and of the space's index."""
    rows = filter_estimate.rows(connection, owner, filters)
    index = connection.execute(
        "SELECT " + space_index.INDEXED + " AS indexed FROM embedding_space s WHERE s.id = %s",
        [space.id],
    )
    expected, found = rows(), index.fetchone()
    return Expected(expected, found["indexed"] if found else None)


def choose(expected: Expected, depth: int) -> Plan:
    """The plan for `depth` hits among the rows that are expected to match.

    Owners narrow, too: the index is the space's, with the vectors of all. Without a valid index
    every candidate is compared.
    """
    candidates = expected.rows
    if candidates <= EXACT_UP_TO or expected.indexed is None:
        return Plan(candidates)
    share = min(1.0, candidates / max(1.0, expected.indexed))
    needed = depth * _MORE / share
    if candidates <= needed * _DEARER:
        return Plan(candidates)
    return Plan(candidates, round(max(_NARROWEST, min(_WIDEST, needed * _MARGIN))))


def is_worth_going_on(plan: Plan, depth: int, found: int) -> bool:
    """Whether to iterate, after a look found less than `depth`, rather than to compare all."""
    if found < min(_BEST, depth):
        return False
    expected = plan.width * depth * _MORE / found
    return plan.candidates > expected * _DEARER


def vectors_for(depth: int) -> int:
    """How many vectors that match a longer look ends with."""
    return depth * _MANY_MORE


def compare_all(connection: Connection) -> None:
    """Settings for a search that compares all, until the end of the transaction."""
    # Either takes longer to set up than most of them take.
    _set(connection, {"jit": "off", "max_parallel_workers_per_gather": "0"})


def look(connection: Connection, width: int) -> None:
    """Settings for the index to lead to the nearest `width` vectors."""
    _set(connection, {"hnsw.ef_search": str(width), "hnsw.iterative_scan": "off"})


def look_further(connection: Connection) -> None:
    """Settings for the index to go on until there is enough, or it has gone too far."""
    _set(
        connection,
        {
            "hnsw.ef_search": str(_WIDEST),
            "hnsw.iterative_scan": "relaxed_order",
            "hnsw.max_scan_tuples": str(_MOST_VISITED),
            # Of what a sort may have, or it would end for want of memory.
            "hnsw.scan_mem_multiplier": "8",
        },
    )


def _set(connection: Connection, settings: Mapping[str, str]) -> None:
    # Each search is planned anew: how much its filters leave differs.
    together = {**settings, "plan_cache_mode": "force_custom_plan"}
    connection.execute(
        sql.SQL("SELECT {}").format(
            sql.SQL(", ").join(
                sql.SQL("set_config({}, {}, true)").format(sql.Literal(name), sql.Literal(value))
                for name, value in together.items()
            )
        )
    )
