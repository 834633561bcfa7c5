"""Pages of what a search found. The first one freezes it, and a cursor walks it to its end.

What arrives meanwhile is not in it. What is trashed meanwhile is left out, and the page filled
up with what follows. When the walk comes to the end of what a first, quick look found, the
search is done once more, as deep as any: what is new then follows behind what was shown.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from mammothbox.catalog import frozen_searches
from mammothbox.catalog.connection import Connection
from mammothbox.errors import Refused
from mammothbox.ids import new_id
from mammothbox.searching.answer import Answer, Result, Step, Why
from mammothbox.searching.retrieve import MOST, Found

_INVALID = Refused(422, "invalid_cursor", "Use the next_cursor of the page before, as it came.")
# So many more are looked at than are to be shown, because some may be gone.
_MORE = 20


@dataclass(frozen=True)
class Place:
    """Where in which list a page begins."""

    search_id: UUID
    at: int


def parse_cursor(word: str) -> Place:
    """Raises `Refused` when the word is none of ours."""
    try:
        padded = word + "=" * (-len(word) % 4)
        told = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
        search_id, at = told
        if type(at) is int and 0 <= at <= MOST:
            return Place(UUID(hex=search_id), at)
    except (ValueError, TypeError, AttributeError, RecursionError):
        pass
    raise _INVALID


def first(connection: Connection, owner: str, digest: bytes, found: Found, limit: int) -> Answer:
    """The first page; what it does not show is frozen for the next ones."""
    cursor = None
    if len(found.results) > limit or not found.complete:
        place = Place(new_id(), min(limit, len(found.results)))
        frozen_searches.keep(
            connection, owner, place.search_id, digest, _written(found), complete=found.complete
        )
        cursor = _cursor(place)
    return Answer(found.results[:limit], found.steps, found.corrected, cursor, found.cut_off)


def following(
    connection: Connection,
    owner: str,
    digest: bytes,
    place: Place,
    limit: int,
    *,
    deeper: Callable[[], Found | None],
) -> Answer | None:
    """The page that begins at that place; `None` when `deeper` was needed and says `None`.

    Raises `Refused` when the list is forgotten, or is of another search.
    """
    frozen = frozen_searches.find(connection, owner, place.search_id)
    if frozen is None:
        raise Refused(410, "cursor_expired", "This search is forgotten; begin without a cursor.")
    if frozen.digest != digest:
        raise Refused(
            422, "invalid_cursor", "This cursor belongs to another search; begin without one."
        )
    found = _read(frozen.found, complete=frozen.complete)
    shown, at = _walk(connection, owner, found.results, place.at, limit)
    if len(shown) < limit and not found.complete:
        more = deeper()
        if more is None:
            return None
        found = _lengthened(found, more)
        frozen_searches.complete(connection, owner, place.search_id, _written(found))
        rest, at = _walk(connection, owner, found.results, at, limit - len(shown))
        shown += rest
    goes_on = at < len(found.results) or not found.complete
    cursor = _cursor(Place(place.search_id, at)) if goes_on else None
    return Answer(tuple(shown), found.steps, found.corrected, cursor, found.cut_off)


def _walk(
    connection: Connection, owner: str, results: Sequence[Result], at: int, limit: int
) -> tuple[list[Result], int]:
    """As many as are wanted of those that are still there, and where the walk stopped."""
    shown: list[Result] = []
    while len(shown) < limit and at < len(results):
        ahead = results[at : at + limit - len(shown) + _MORE]
        there = frozen_searches.still_there(connection, owner, [each.asset_id for each in ahead])
        for result in ahead:
            if len(shown) == limit:
                break
            at += 1
            if result.asset_id in there:
                shown.append(result)
    return shown, at


def _lengthened(found: Found, more: Found) -> Found:
    """What was found at first, and behind it what only the deeper look found."""
    known = {(result.asset_id, result.document_id) for result in found.results}
    least = found.results[-1].score if found.results else None
    new = [
        result if least is None or result.score is None else _no_better(result, least)
        for result in more.results
        if (result.asset_id, result.document_id) not in known
    ]
    together = (*found.results, *new)
    cut_off = more.cut_off or len(together) > MOST
    return replace(more, results=together[:MOST], complete=True, cut_off=cut_off)


def _no_better(result: Result, least: float) -> Result:
    """Scores fall to the end of the list, although those of a deeper look are others."""
    return result._replace(score=min(result.score or 0.0, least))


def _cursor(place: Place) -> str:
    text = json.dumps([place.search_id.hex, place.at], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _written(found: Found) -> dict[str, Any]:
    return {
        "results": [
            [
                result.asset_id.hex,
                result.document_id and result.document_id.hex,
                result.score,
                result.similarity,
                result.at_ms,
                [[why.retriever, why.rank, why.distance, why.contribution] for why in result.why],
            ]
            for result in found.results
        ],
        "steps": [vars(step) for step in found.steps],
        "corrected": found.corrected,
        "cut_off": found.cut_off,
    }


def _read(written: dict[str, Any], *, complete: bool) -> Found:
    return Found(
        tuple(_result(each) for each in written["results"]),
        tuple(Step(**each) for each in written["steps"]),
        complete,
        written["corrected"],
        written["cut_off"],
    )


def _result(written: list[Any]) -> Result:
    asset_id, document_id, score, similarity, at_ms, why = written
    return Result(
        UUID(hex=asset_id),
        UUID(hex=document_id) if document_id else None,
        score,
        similarity,
        at_ms,
        tuple(Why(*each) for each in why),
    )
