"""The labels that a library has, for whoever is to choose one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from mammothbox.catalog import labels
from mammothbox.web.callers import KeyedRoute, Viewer
from mammothbox.web.fields import TagLabel
from pydantic import BaseModel, Field

from functions.api import services

router = APIRouter(prefix="/tags", tags=["objects"], route_class=KeyedRoute)


class Label(BaseModel):
    """A label, and how often it was said of objects, also of those in the trash."""

    label: str
    count: int = Field(description="By hands and machines: what both say counts twice.")
    by_hand: int
    by_machine: int


class Labels(BaseModel):
    """The most used first."""

    items: list[Label]
    more: bool = Field(description="There are more of them: ask for those with a prefix.")


@router.get("")
def list_tags(
    caller: Viewer,
    prefix: Annotated[TagLabel | None, Query(description="What they begin with.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Labels:
    """The labels of the library's tags, and how often each is used."""
    with services.database().transaction(caller.owner) as connection:
        found = labels.most_used(connection, caller.owner, prefix or "", limit + 1)
    return Labels(
        items=[
            Label(
                label=each.label,
                count=each.by_hand + each.by_machine,
                by_hand=each.by_hand,
                by_machine=each.by_machine,
            )
            for each in found[:limit]
        ],
        more=len(found) > limit,
    )
