"""What a retriever found: in its order, the best first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID


# A tuple, for a search makes hundreds: those are made in a fifth of the time.
class Hit(NamedTuple):
    """An asset, or one document of a JSON file. `distance` is the retriever's own measure.

    For vectors it is one minus the cosine; `at_ms` is the time of the frame that was nearest.
    `share` is the part of the query's words that the hit meets.
    """

    asset_id: UUID
    document_id: UUID | None = None
    distance: float | None = None
    at_ms: int | None = None
    share: float = 1.0


@dataclass(frozen=True)
class Ranking:
    """The hits of one retriever, each asset or document once, and how it came by them.

    `plan` is for people: "exact", "hnsw", "iterative", "iterative, then exact", "words".
    `candidates` is how many rows it expected to choose from; `exhausted` tells that there are no
    more hits than these.
    """

    retriever: str
    hits: tuple[Hit, ...]
    plan: str
    candidates: int | None = None
    exhausted: bool = False
