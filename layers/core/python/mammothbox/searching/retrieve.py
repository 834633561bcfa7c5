"""One look into the catalogue: all retrievers that a query calls for, fused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias
from uuid import UUID

from mammothbox.catalog import (
    clusters_named,
    document_search,
    filter_estimate,
    query_vectors,
    query_words,
    searchable_list,
    tag_search,
    vector_plan,
    vector_search,
    word_search,
)
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.query_words import Understood
from mammothbox.catalog.questions import Pending, Question, ask, ask_together
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.catalog.vector_plan import Expected
from mammothbox.searching.answer import Result, Step
from mammothbox.searching.asked import About, Query
from mammothbox.searching.filters import Filters
from mammothbox.searching.found import Ranking
from mammothbox.searching.fuse import fuse, goodness
from mammothbox.searching.labels_named import labels
from mammothbox.searching.narrowing import Contradiction, both
from mammothbox.searching.understand import contradicted, names, with_clusters

# As deep as any search goes, and as long as any list is.
MOST = 1000
# Where filters leave more, words and tags are found sooner by their indexes than by looking at each
# row, though vectors are compared: among 17,000 it takes as long either way.
_TOGETHER_UP_TO = 20_000

_Words: TypeAlias = "Callable[[str, Sequence[Understood], Filters, int], Question]"


@dataclass(frozen=True)
class Prepared:
    """A query with all that had to be looked up before anything is looked for."""

    query: Query
    filters: Filters
    words: tuple[Understood, ...]
    space: SpaceRow | None
    vector: str | None
    # How many vectors the index of the space has.
    indexed: float | None = None
    # How many assets the filters are expected to leave, where that could be asked so early.
    rows: int | None = None
    # Why there is no vector, when one was to be made.
    without_vector: str | None = None

    @property
    def reads_text(self) -> bool:
        """Whether a vector of the text has a use."""
        return bool(self.query.terms) and self.query.about != "document" and self.space is not None


@dataclass(frozen=True)
class Example:
    """A vector of the space, as pgvector writes it, and of what it is: an asset, or a picture.

    Pages of one search have that in common. A vector that is made again may differ in a digit.
    """

    space: SpaceRow
    vector: str
    apart_from: UUID | None = None
    made_of: str = ""


@dataclass(frozen=True)
class Found:
    """What there is, the best first; `complete` tells that looking deeper finds no more.

    `cut_off` tells that there is more than any list has. Before the deepest look that is as the
    retrievers expect it, which for vectors is an estimate.
    """

    results: tuple[Result, ...]
    steps: tuple[Step, ...]
    complete: bool
    corrected: str | None = None
    cut_off: bool = False


def prepare(connection: Connection, owner: str, query: Query) -> Prepared:
    """Look up what the query needs, in one round trip.

    Raises `Refused` for clusters that are not there.
    """
    words = query_words.understand(connection, owner, query.terms)
    known = query_vectors.find(connection, owner, query.text)
    clusters = clusters_named.find(connection, owner, names(query))
    rows = _expected(connection, owner, query)
    found = known()
    filters = with_clusters(query, clusters())
    return Prepared(
        query, filters, tuple(words()), found.space, found.vector, found.indexed, rows()
    )


def _expected(connection: Connection, owner: str, query: Query) -> Callable[[], int | None]:
    """Asks how much the filters leave, unless clusters have to be looked up first or it is of no
    use; what is returned reads the answer."""
    if names(query) or not query.terms:
        return lambda: None
    return filter_estimate.rows(connection, owner, query.filters)


def by_text(
    connection: Connection, owner: str, prepared: Prepared, depth: int, *, explain: bool
) -> Found:
    """What the query finds `depth` deep; without words, what is newest among what it lets pass."""
    if not prepared.query.terms:
        return _listed(connection, owner, prepared, depth)
    rankings = of_text(connection, owner, prepared, _one_more(depth))
    steps = [_step(ranking) for ranking in rankings]
    if prepared.reads_text and prepared.vector is None:
        steps.append(Step("vector", prepared.without_vector or "none"))
    calibration = prepared.space.calibration if prepared.space else None
    results = tuple(fuse(rankings, goodness(calibration), explain=explain))
    complete, cut_off = _is_all(rankings, depth), _goes_on(results, rankings, depth)
    return Found(results[:MOST], tuple(steps), complete, cut_off=cut_off)


def of_text(connection: Connection, owner: str, prepared: Prepared, depth: int) -> list[Ranking]:
    """What each retriever that the query calls for has to say, in one round trip; in two where
    clusters had to be looked up first."""
    rows = prepared.rows
    if rows is None:
        rows = filter_estimate.rows(connection, owner, prepared.filters)()
    word_search.take_indexes(connection)
    space, vector = prepared.space, prepared.vector
    if not prepared.reads_text or space is None or vector is None:
        return [read() for read in _ask(connection, owner, prepared, depth, rows)]
    expected = Expected(rows, prepared.indexed)
    if rows <= _TOGETHER_UP_TO and vector_plan.choose(expected, depth).compares_all:
        return _of_few(connection, owner, prepared, space, vector, depth, rows)
    pending = _ask(connection, owner, prepared, depth, rows)
    nearest = vector_search.nearest(
        connection, owner, space, vector, prepared.filters, depth, expected=expected
    )
    # What was asked before is answered with the first of that.
    return [nearest, *(read() for read in pending)]


def by_vector(
    connection: Connection,
    owner: str,
    example: Example,
    filters: Filters,
    depth: int,
    *,
    explain: bool,
) -> Found:
    """What is nearest to the example. The score is the cosine, none below zero."""
    ranking = vector_search.nearest(
        connection,
        owner,
        example.space,
        example.vector,
        filters,
        _one_more(depth),
        apart_from=example.apart_from,
    )
    likely = fuse([ranking], lambda cosine: 1.0, explain=explain)
    results = tuple(
        result._replace(score=round(max(0.0, result.similarity or 0.0), 9)) for result in likely
    )
    complete, cut_off = _is_all([ranking], depth), _goes_on(results, [ranking], depth)
    return Found(results[:MOST], (_step(ranking),), complete, cut_off=cut_off)


def _ask(
    connection: Connection, owner: str, prepared: Prepared, depth: int, rows: int
) -> list[Pending]:
    """Ask for whatever needs no model; nothing waits here for an answer."""
    words = partial(word_search.matching, expected=rows)
    asked = [*_of_assets(owner, prepared, depth, words), *_of_documents(owner, prepared, depth)]
    return [ask(connection, question) for question in asked]


def _of_few(  # noqa: PLR0917 - as every retriever has them
    connection: Connection,
    owner: str,
    prepared: Prepared,
    space: SpaceRow,
    vector: str,
    depth: int,
    rows: int,
) -> list[Ranking]:
    """All of that and the nearest, where every row that matches is looked at for them anyway."""
    nearest = vector_search.compared(owner, space, vector, _filters(prepared), depth, rows)
    others = _of_assets(owner, prepared, depth, word_search.matching_of_few)
    together = ask_together(connection, [nearest, *others])
    documents = [ask(connection, each) for each in _of_documents(owner, prepared, depth)]
    return [*together(), *(read() for read in documents)]


def _of_assets(owner: str, prepared: Prepared, depth: int, words: _Words) -> Iterator[Question]:
    filters = _filters(prepared)
    if query_words.every(prepared.words):
        yield words(owner, prepared.words, filters, depth)
    meaning = _that_mean_something(prepared.words)
    named = {
        label: bits & meaning
        for label, bits in labels(prepared.query.terms).items()
        if bits & meaning
    }
    if prepared.query.about != "document" and named:
        space = prepared.space.name if prepared.space else ""
        of = meaning.bit_count()
        yield tag_search.tagged(owner, named, filters, depth, space=space, of=of)


def _of_documents(owner: str, prepared: Prepared, depth: int) -> Iterator[Question]:
    if query_words.every(prepared.words) and prepared.query.about != "media":
        filters = _filters(prepared)
        yield document_search.documents_matching(owner, prepared.words, filters, depth)


def _that_mean_something(words: Sequence[Understood]) -> int:
    """Which terms of a query are not light, as bits; all when there are no others."""
    heavy = sum(1 << at for at, word in enumerate(words) if word.tsquery and not word.light)
    return heavy or (1 << len(words)) - 1


def _listed(connection: Connection, owner: str, prepared: Prepared, depth: int) -> Found:
    filters = of_kind(prepared.filters, prepared.query.about)
    ranking = searchable_list.newest(connection, owner, filters, _one_more(depth))
    results = tuple(Result(hit.asset_id) for hit in ranking.hits)
    complete, cut_off = _is_all([ranking], depth), _goes_on(results, [ranking], depth)
    return Found(results[:MOST], (_step(ranking),), complete, cut_off=cut_off)


def _filters(prepared: Prepared) -> Filters:
    return of_kind(prepared.filters, prepared.query.about)


def of_kind(filters: Filters, about: About | None) -> Filters:
    """The filters, and of those two worlds the one that is asked for."""
    worlds = {
        "media": Filters(not_kinds=frozenset({"json"})),
        "document": Filters(kinds=frozenset({"json"})),
    }
    try:
        return both(filters, worlds.get(about or "all", Filters()))
    except Contradiction as error:
        raise contradicted(str(error)) from None


def _step(ranking: Ranking) -> Step:
    return Step(ranking.retriever, ranking.plan, ranking.candidates, len(ranking.hits))


def _one_more(depth: int) -> int:
    """Where a list ends, one more tells whether there is more."""
    return depth + 1 if depth >= MOST else depth


def _goes_on(results: Sequence[Result], rankings: Sequence[Ranking], depth: int) -> bool:
    """Whether there is more than a list has, or it is to be expected before the deepest look."""
    if depth >= MOST:
        return len(results) > MOST
    return any((ranking.candidates or 0) > MOST for ranking in rankings)


def _is_all(rankings: list[Ranking], depth: int) -> bool:
    return depth >= MOST or all(ranking.exhausted for ranking in rankings)
