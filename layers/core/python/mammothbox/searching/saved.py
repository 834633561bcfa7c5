"""What a saved search finds now, in short: how many there are, and the first of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from mammothbox.catalog import clusters_named
from mammothbox.catalog.connection import Connection, Database
from mammothbox.searching import understand
from mammothbox.searching.asked import Asked
from mammothbox.searching.retrieve import MOST
from mammothbox.searching.search import Embed, search
from mammothbox.searching.strange_words import Known

# Nothing has this score for 94 % of the names of things that no photo shows; see
# `models/builtin/README.md`.
LIKELY = 0.25


@dataclass(frozen=True)
class Sum:
    """How many results there are; with `more`, at least so many."""

    count: int
    more: bool
    first: UUID | None


def summed(database: Database, owner: str, asked: Asked, embed: Embed, known: Known) -> Sum:
    """Ask, and count. Fails as `search` does."""
    answer = search(database, owner, replace(asked, limit=MOST), embed, known=known)
    first = answer.results[0].asset_id if answer.results else None
    return Sum(len(answer.results), answer.cut_off, first)


def settled(connection: Connection, owner: str, asked: Asked) -> dict[str, set[UUID]]:
    """The clusters that names mean now, by which a search is to be kept.

    Raises `Refused` for what cannot be understood, or is of no cluster.
    """
    query = understand.understand(asked)
    found = clusters_named.find(connection, owner, understand.names(query))()
    understand.with_clusters(query, found)
    return {
        name: meant.clusters for name, meant in found.items() if clusters_named.id_of(name) is None
    }


def least_score(asked: Asked) -> float:
    """What a saved search finds at least, unless it says so itself: of words, what is likely.

    Everything in a library has some score for any words, and a count of it would tell nothing.
    """
    return LIKELY if understand.understand(asked).terms else 0.0
