"""How what was found looks to clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from mammothbox.catalog.cards import Card, Thumbnail
from mammothbox.searching.answer import Answer, Result
from mammothbox.web.media_shapes import Location, Tag, clock, place
from pydantic import BaseModel, ConfigDict, Field

from functions.search import services


class Contribution(BaseModel):
    """What one way of looking had to say for a result."""

    model_config = ConfigDict(from_attributes=True)
    retriever: str
    rank: int
    distance: float | None = Field(description="Its own: of vectors, one minus the cosine.")
    contribution: float = Field(
        description="The score if nothing else had found it; together 1 - product of (1 - each)."
    )


class Found(BaseModel):
    """An object, or one document of a JSON file, and how well it fits."""

    id: UUID = Field(description="The system_id of the object.")
    document_id: UUID | None = Field(description="The document within it that was found.")
    document: Any = Field(
        description="That document, if it has at most 4 KB;"
        " `GET /collections/{name}/documents/{document_id}` shows any."
    )
    collection: str | None
    kind: Literal["image", "video", "audio", "json", "other"] | None
    filename: str | None
    content_type: str | None
    size_bytes: int | None
    created_at: datetime
    taken_at: str | None
    width: int | None
    height: int | None
    duration_ms: int | None
    location: Location | None
    tags: list[Tag]
    caption: str | None
    uri: str | None = Field(description="The bytes as they came; works for a few minutes.")
    thumbnail: str | None = Field(description="A small picture of it; works for a few minutes.")
    similarity: float | None = Field(description="The cosine, where vectors were compared.")
    score: float | None = Field(description="0 to 1; null in a list that asks for nothing.")
    at_ms: int | None = Field(description="Where in a video that is.")
    why: list[Contribution] | None = Field(description="With explain=true.")


class Step(BaseModel):
    """What one way of looking did, or why it did nothing."""

    model_config = ConfigDict(from_attributes=True)
    retriever: str
    plan: str
    candidates: int | None = Field(description="About how many it expected to choose from.")
    found: int


class SearchResults(BaseModel):
    """A page of what was found, the best first."""

    results: list[Found]
    plan: list[Step]
    corrected: str | None = Field(description="What was looked for in place of a misspelt query.")
    next_cursor: str | None
    cut_off: bool = Field(
        description="There is more than a list has, which are 1000: narrow it to see the rest."
    )


class Cover(BaseModel):
    """An object that stands for many. The address works for a few minutes."""

    id: UUID
    thumbnail: str | None


@dataclass
class Known:
    """What a page of results is shown with: cards, and the texts of small documents."""

    cards: dict[UUID, Card] = field(default_factory=dict)
    documents: dict[UUID, str] = field(default_factory=dict)


def written(answer: Answer, known: Known, *, with_place: bool, explain: bool) -> str:
    """The page, with the cards of what it names. Whose place it is not gets none.

    Documents stand in it with their very text: parsed, their numbers would lose digits.
    """
    page = SearchResults(
        results=[
            _found(result, known.cards[result.asset_id], with_place=with_place, explain=explain)
            for result in answer.results
            if result.asset_id in known.cards
        ],
        plan=[Step.model_validate(step) for step in answer.plan],
        corrected=answer.corrected,
        next_cursor=answer.next_cursor,
        cut_off=answer.cut_off,
    )
    results = ",".join(_with_document(found, known.documents) for found in page.results)
    return f'{{"results":[{results}],{page.model_dump_json(exclude={"results"})[1:]}'


def _with_document(found: Found, documents: Mapping[UUID, str]) -> str:
    text = documents.get(found.document_id, "null") if found.document_id else "null"
    return f'{{"document":{text},{found.model_dump_json(exclude={"document"})[1:]}'


def cover(asset_id: UUID | None, thumbnails: Mapping[UUID, Thumbnail]) -> Cover | None:
    """An object, with the address of its thumbnail if it has one."""
    if asset_id is None:
        return None
    made = thumbnails.get(asset_id)
    return Cover(id=asset_id, thumbnail=address(made.asset_id, made.name) if made else None)


def _found(result: Result, card: Card, *, with_place: bool, explain: bool) -> Found:
    return Found.model_validate(
        {
            **vars(card),
            "document_id": result.document_id,
            "document": None,
            "taken_at": clock(card.taken_at, card.taken_offset_min),
            "location": place(vars(card)) if with_place else None,
            "uri": services.download_address(card),
            "thumbnail": address(card.seen, card.thumbnail),
            "similarity": result.similarity,
            "score": result.score,
            "at_ms": result.at_ms,
            "why": _why(result.why) if explain else None,
        }
    )


def _why(parts: Sequence[object]) -> list[Contribution]:
    return [Contribution.model_validate(part) for part in parts]


def address(asset_id: UUID, name: str | None) -> str | None:
    """Where a client gets a derivative, if there is one."""
    return services.derivative_address(asset_id, name) if name else None
