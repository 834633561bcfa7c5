"""A search: understood, looked for with all that there is, and given out page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from mammothbox.catalog import query_vectors
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.errors import Permanent, Retryable
from mammothbox.searching import pages, retrieve, understand
from mammothbox.searching.answer import Answer, Result
from mammothbox.searching.asked import Asked, Query
from mammothbox.searching.retrieve import MOST, Example, Found
from mammothbox.searching.strange_words import Known, mend, nothing_known

# The vector of a text in the space of that name. Raises `Permanent` or `Retryable` when there is
# none: the space reads no text, or its model is not here. Such a search goes on without vectors,
# and its plan tells the code.
Embed: TypeAlias = Callable[[str, str], Sequence[float]]
# Reads what is to be shown of a page, in the search's own transaction.
Show: TypeAlias = Callable[[Connection, Sequence[Result]], None]
_Look: TypeAlias = "Callable[[Connection, int], Found | _Lacking]"

# The first page looks so many times as deep as it shows, and at least so deep.
_DEEPER = 2
_LEAST_DEPTH = 40
# An embedding space may become active while a text is being embedded in the one before.
_TRIES = 3


@dataclass(frozen=True)
class _Lacking:
    """A text that has to be embedded first, for which no transaction is to wait."""

    space: SpaceRow
    text: str


@dataclass(frozen=True)
class _Made:
    """What became of that: its vector as text, or why there is none."""

    lacked: _Lacking
    vector: str | None
    problem: str | None = None


def search(
    database: Database,
    owner: str,
    asked: Asked,
    embed: Embed,
    show: Show | None = None,
    *,
    known: Known = nothing_known,
) -> Answer:
    """One page of what is asked. `embed` is called for texts that were not asked for before.

    `known` is asked about words that nothing has, before they are taken for others.

    Raises `Refused` for a text, cluster or cursor that cannot be understood (422), and for a
    cursor whose search is forgotten (410).
    """
    query = understand.understand(asked)
    made: _Made | None = None
    for _ in range(_TRIES):
        with database.transaction(owner) as connection:
            found = _page(
                connection,
                owner,
                asked,
                _first_depth(asked, fused=bool(query.terms)),
                understand.digest(asked),
                partial(
                    _look,
                    owner=owner,
                    query=query,
                    known=known,
                    made=made,
                    explain=asked.explain,
                ),
            )
            if isinstance(found, Answer):
                if show is not None:
                    show(connection, found.results)
                return found
        made = _embedded(embed, found)
    raise Retryable("space_switched", "Another embedding space became active meanwhile; try again.")


def by_vector(
    database: Database,
    owner: str,
    asked: Asked,
    example: Example,
    show: Show | None = None,
) -> Answer:
    """One page of what is nearest to the example, whose own asset is left out.

    Of the text only filters count. Fails as `search` does.
    """
    query = understand.understand(asked)

    def look(connection: Connection, depth: int) -> Found:
        filters = understand.narrowed(connection, owner, query)
        return retrieve.by_vector(connection, owner, example, filters, depth, explain=asked.explain)

    with database.transaction(owner) as connection:
        by = f"{example.apart_from} {example.made_of}"
        depth = _first_depth(asked, fused=False)
        found = _page(connection, owner, asked, depth, understand.digest(asked, by), look)
        assert isinstance(found, Answer)  # noqa: S101 - there is no text to embed
        if show is not None:
            show(connection, found.results)
        return found


def _first_depth(asked: Asked, *, fused: bool) -> int:
    """How deep the first page looks.

    What several retrievers find deep down may score more than what one of them finds early, so
    what reaches a least score is known only when all have looked as deep as any search goes.
    """
    if fused and asked.min_score > 0:
        return MOST
    return min(MOST, max(_DEEPER * asked.limit, _LEAST_DEPTH))


def _page(  # noqa: PLR0917 - what a request is, and how it is answered
    connection: Connection, owner: str, asked: Asked, depth: int, digest: bytes, look: _Look
) -> Answer | _Lacking:
    if asked.cursor is None:
        found = look(connection, depth)
        if isinstance(found, _Lacking):
            return found
        return pages.first(connection, owner, digest, _as_asked(found, asked), asked.limit)
    place = pages.parse_cursor(asked.cursor)
    lacking: list[_Lacking] = []

    def deeper() -> Found | None:
        found = look(connection, MOST)
        if isinstance(found, _Lacking):
            lacking.append(found)
            return None
        return _as_asked(found, asked)

    return (
        pages.following(connection, owner, digest, place, asked.limit, deeper=deeper) or lacking[0]
    )


def _as_asked(found: Found, asked: Asked) -> Found:
    """Without what is not good enough, behind which there is nothing better."""
    good = tuple(
        result
        for result in found.results
        if result.score is None or result.score >= asked.min_score
    )
    if len(good) == len(found.results):
        return found
    return replace(found, results=good, complete=True, cut_off=False)


def _look(
    connection: Connection,
    depth: int,
    *,
    owner: str,
    query: Query,
    known: Known,
    made: _Made | None,
    explain: bool,
) -> Found | _Lacking:
    mended = mend(connection, owner, retrieve.prepare(connection, owner, query), known)
    prepared = mended.prepared
    if prepared.reads_text and prepared.vector is None and prepared.space is not None:
        lacking = _Lacking(prepared.space, query_vectors.normalised(prepared.query.text))
        if made is None or made.lacked != lacking:
            return lacking
        if made.vector is not None:
            query_vectors.keep(connection, owner, lacking.space, lacking.text, made.vector)
        prepared = replace(prepared, vector=made.vector, without_vector=made.problem)
    found = retrieve.by_text(connection, owner, prepared, depth, explain=explain)
    return replace(found, corrected=mended.corrected)


def _embedded(embed: Embed, lacking: _Lacking) -> _Made:
    try:
        vector = embed(lacking.space.name, lacking.text)
    except (Permanent, Retryable) as error:
        return _Made(lacking, None, f"none: {error.code}")
    return _Made(lacking, f"[{','.join(str(float(number)) for number in vector)}]")
