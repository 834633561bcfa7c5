"""What looks like an object. That makes it no duplicate."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from mammothbox.catalog import assets, likeness
from mammothbox.errors import NotFound
from pydantic import BaseModel, Field

from functions.api import services
from functions.api.callers import KeyedRoute, Viewer

router = APIRouter(prefix="/objects", tags=["objects"], route_class=KeyedRoute)


class SimilarObject(BaseModel):
    """An object, and the cosine between its vector and the one it is like."""

    system_id: UUID
    similarity: float


class SimilarObjects(BaseModel):
    """The most alike first; empty for an object without a vector in the active space."""

    items: list[SimilarObject] = Field(description="Similar, which is not the same.")


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
        found = likeness.similar(
            connection, caller.owner, system_id, least=min_similarity, limit=limit
        )
    return SimilarObjects(
        items=[SimilarObject(system_id=asset_id, similarity=cosine) for asset_id, cosine in found]
    )
