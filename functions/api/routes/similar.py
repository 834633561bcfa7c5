"""What looks like an object. That makes it no duplicate."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from mammothbox.catalog import assets, cards, likeness
from mammothbox.catalog.cards import Card
from mammothbox.errors import NotFound
from mammothbox.web.callers import KeyedRoute, Viewer
from pydantic import BaseModel, Field

from functions.api import services

router = APIRouter(prefix="/objects", tags=["objects"], route_class=KeyedRoute)


class SimilarObject(BaseModel):
    """An object, and the cosine between its vector and the one it is like.

    Addresses work for a few minutes.
    """

    system_id: UUID
    similarity: float
    filename: str | None
    uri: str | None = Field(description="The bytes as they came.")
    thumbnail: str | None = Field(description="A small picture of it.")


class SimilarObjects(BaseModel):
    """The most alike first; empty for an object without a vector in the active space."""

    items: list[SimilarObject] = Field(description="Similar, which is not the same.")
    plan: str | None = Field(
        description="How they were found: exact, hnsw, iterative, or `iterative, then exact`."
    )


@router.get("/{system_id}/similar")
def list_similar(
    system_id: UUID,
    caller: Viewer,
    min_similarity: Annotated[float, Query(ge=-1, le=1)] = 0.5,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> SimilarObjects:
    """What of the library looks like it, by the vectors of the active space alone."""
    with services.database().transaction(caller.owner) as connection:
        if assets.get(connection, caller.owner, system_id) is None:
            raise NotFound("object", system_id)
        found = likeness.similar(connection, caller.owner, system_id, limit)
        if found is None:
            return SimilarObjects(items=[], plan=None)
        cosines = {hit.asset_id: 1 - (hit.distance or 0.0) for hit in found.hits}
        alike = [asset_id for asset_id, cosine in cosines.items() if cosine >= min_similarity]
        known = cards.of_assets(connection, caller.owner, alike) if alike else {}
    return SimilarObjects(
        items=[_shown(known[each], cosines[each]) for each in alike if each in known],
        plan=found.plan,
    )


def _shown(card: Card, similarity: float) -> SimilarObject:
    made = card.thumbnail
    return SimilarObject(
        system_id=card.id,
        similarity=similarity,
        filename=card.filename,
        uri=services.download_address(card),
        thumbnail=services.derivative_address(card.seen, made) if made else None,
    )
