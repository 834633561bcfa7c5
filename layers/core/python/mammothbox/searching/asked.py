"""What is asked of a search, as it came and as it was understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from mammothbox.searching.filters import NOTHING, Filters

About = Literal["media", "document", "all"]


@dataclass(frozen=True)
class Term:
    """One word, or several that follow each other. Quoted, it is meant as it is written."""

    text: str
    quoted: bool = False


@dataclass(frozen=True)
class Query:
    """A query text, understood; all of `terms` are looked for.

    Clusters are still names or ids: of each of `clusters` any will do, of `not_clusters` none.
    """

    terms: tuple[Term, ...] = ()
    filters: Filters = NOTHING
    clusters: frozenset[frozenset[str]] = frozenset()
    not_clusters: frozenset[str] = frozenset()
    about: About | None = None

    @property
    def text(self) -> str:
        """What a model is to read: the words alone."""
        return " ".join(term.text for term in self.terms)


@dataclass(frozen=True)
class Asked:
    """A request. What its parameters narrow to comes on top of what its text does.

    `clusters` are names or ids, of which any will do, and `meant` tells which clusters some names
    were settled to mean, whatever they are called now. Pages of one search may differ in `limit`
    alone.
    """

    text: str = ""
    filters: Filters = NOTHING
    clusters: frozenset[str] = frozenset()
    meant: frozenset[tuple[str, UUID]] = frozenset()
    about: About | None = None
    min_score: float = 0.0
    limit: int = 20
    cursor: str | None = None
    explain: bool = False
