"""What owners have and take up: objects, bytes, documents, vectors, and tokens of captions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from mammothbox.catalog import owners, usage
from mammothbox.web import spellings
from mammothbox.web.callers import Admin, KeyedRoute, Operator
from pydantic import BaseModel, Field

from functions.api import services

router = APIRouter(tags=["usage"], route_class=KeyedRoute)


class Volume(BaseModel):
    """How many, and how many bytes."""

    objects: int
    bytes: int


class ObjectSort(Volume):
    """Objects of one kind in one state; `kind` is null as long as nobody has looked at them."""

    kind: str | None
    status: str
    trashed: bool


class SpaceVectors(BaseModel):
    """The vectors in one space."""

    space: str
    state: str
    vectors: int


class Tokens(BaseModel):
    """Tokens for captions: spent, reserved for answers to come, and how many there may be."""

    spent: int
    reserved: int
    budget: int | None


class CaptionUse(BaseModel):
    """What captions take of the budget, by days and months of UTC."""

    enabled: bool
    today: Tokens
    this_month: Tokens


class Usage(BaseModel):
    """What an owner has and takes up just now."""

    owner: str
    objects: Volume = Field(description="As they were sent, without the trash.")
    trash: Volume
    by_sort: list[ObjectSort]
    originals: Volume = Field(description="Bytes in the raw bucket, once however often sent.")
    derivatives: Volume = Field(description="Thumbnails, previews and the like.")
    copies: Volume = Field(description="Copies that lie in directories of clusters.")
    collections: int
    documents: int
    vectors: list[SpaceVectors]
    captions: CaptionUse

    @classmethod
    def of(cls, found: usage.Usage) -> Usage:
        orders, used = services.caption_orders(), found.tokens
        fields = vars(found) | {
            "by_sort": found.sorts,
            "objects": _total(sort for sort in found.sorts if not sort.trashed),
            "trash": _total(sort for sort in found.sorts if sort.trashed),
            "captions": CaptionUse(
                enabled=orders.on,
                today=Tokens(
                    spent=used.spent_today,
                    reserved=used.reserved_today,
                    budget=orders.limits.daily,
                ),
                this_month=Tokens(
                    spent=used.spent_this_month,
                    reserved=used.reserved_this_month,
                    budget=orders.limits.monthly,
                ),
            ),
        }
        return cls.model_validate(fields, from_attributes=True)


class Usages(BaseModel):
    """A page of owners, by name."""

    items: list[Usage]
    next_cursor: str | None


@router.get("/usage")
def get_usage(caller: Admin) -> Usage:
    """What the owner has, and the tokens of captions against their budget."""
    with services.database().transaction(caller.owner) as connection:
        return Usage.of(usage.of_owner(connection, caller.owner, _today()))


@router.get("/admin/usage")
def list_usage(
    caller: Operator,
    limit: Annotated[int, Query(ge=1, le=20)] = 10,
    cursor: Annotated[str, Query(max_length=63, pattern=spellings.OWNERS_CURSOR)] = "",
) -> Usages:
    """The same of every owner who has a key or anything else."""
    with services.operator_database().transaction() as connection:
        names = owners.page(connection, cursor, limit + 1)
        found = [usage.of_owner(connection, owner, _today()) for owner in names[:limit]]
    return Usages(
        items=[Usage.of(each) for each in found],
        next_cursor=names[limit - 1] if len(names) > limit else None,
    )


def _today() -> date:
    return datetime.now(UTC).date()


def _total(sorts: Iterable[usage.Sort]) -> Volume:
    objects, size = 0, 0
    for sort in sorts:
        objects, size = objects + sort.objects, size + sort.bytes
    return Volume(objects=objects, bytes=size)
