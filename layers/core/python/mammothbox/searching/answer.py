"""What a search answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID


@dataclass(frozen=True)
class Why:
    """A retriever's part in a result: at which rank it had it, and what that was worth.

    `distance` is the retriever's own: for vectors one minus the cosine, for tags one minus the
    score; words and documents have none. `contribution` is what the score were if no other
    retriever had found it; together they make 1 − Π (1 − contribution).
    """

    retriever: str
    rank: int
    distance: float | None
    contribution: float


# A tuple, as hits are, and for the same reason.
class Result(NamedTuple):
    """An asset, or one document of a JSON file.

    `score` is between 0 and 1 and falls from result to result; a list that nothing was asked of
    has none. What else was found has no part in it. `similarity` is the plain cosine, where
    vectors were compared. `why` is empty unless it was asked for.
    """

    asset_id: UUID
    document_id: UUID | None = None
    score: float | None = None
    similarity: float | None = None
    at_ms: int | None = None
    why: tuple[Why, ...] = ()


@dataclass(frozen=True)
class Step:
    """What one retriever did. `plan` says how, or why it did nothing; see `found.Ranking`."""

    retriever: str
    plan: str
    candidates: int | None = None
    found: int = 0


@dataclass(frozen=True)
class Answer:
    """One page. `corrected` is the text that was looked for in place of one that nothing has.

    `cut_off` tells, on every page, that the list ends before what there is does.
    """

    results: tuple[Result, ...]
    plan: tuple[Step, ...]
    corrected: str | None = None
    next_cursor: str | None = None
    cut_off: bool = False
