"""Words of a query that nothing has: the beginning of a word, or a word that is spelt wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from mammothbox.catalog import near_words, query_words
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.query_words import Understood
from mammothbox.searching import retrieve
from mammothbox.searching.asked import Query, Term
from mammothbox.searching.retrieve import Prepared
from mammothbox.searching.spelling import meant

# Whether a word, plain, is one of the language: those are right even where nothing has them.
Known: TypeAlias = Callable[[str], bool]
# Of the words that are not in the lexicon as they stand, so many are looked at.
_MOST_STRANGE = 6


@dataclass(frozen=True)
class Mended:
    """What is looked for; `corrected` is its text, if that is other than what was asked."""

    prepared: Prepared
    corrected: str | None = None


def nothing_known(word: str) -> bool:
    """For whoever has no list of words: then any word may be one that is spelt wrong."""
    return False


def mend(connection: Connection, owner: str, prepared: Prepared, known: Known) -> Mended:
    """Take a word that nothing has for the beginning of those that it begins, or for a near one.

    `known` words stay as they are. Asks for an answer only if there are strange words, and once
    more if one of them is corrected.
    """
    strange = [word for word in prepared.words if word.strange][:_MOST_STRANGE]
    strange = [word for word in strange if not known(word.plain)]
    near = {
        word: read()
        for word, read in [(word, near_words.find(connection, owner, word)) for word in strange]
    }
    begun = {word.plain for word, found in near.items() if found.begins}
    better = {
        word.term: right
        for word, found in near.items()
        if not found.begins and (right := meant(word.plain, found.words)) is not None
    }
    if not better:
        return Mended(_beginning(prepared, begun))
    query = _corrected(prepared.query, better)
    again = retrieve.prepare(connection, owner, query)
    return Mended(_beginning(again, begun), query.text)


def _corrected(query: Query, better: dict[Term, str]) -> Query:
    terms = tuple(Term(better[term]) if term in better else term for term in query.terms)
    return replace(query, terms=terms)


def _beginning(prepared: Prepared, begun: set[str]) -> Prepared:
    def taken(word: Understood) -> Understood:
        return query_words.begun(word) if word.strange and word.plain in begun else word

    return replace(prepared, words=tuple(map(taken, prepared.words)))
