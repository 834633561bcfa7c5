"""How work goes: what ended and how fast, what failed and why, and trying it again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from mammothbox import replays
from mammothbox.catalog import owners, stage_figures
from mammothbox.catalog.asset_list import Position, parse_cursor
from mammothbox.catalog.connection import Database
from mammothbox.catalog.replay_selection import Selection
from mammothbox.errors import Refused
from mammothbox.route import StageName
from mammothbox.stages import UNSUCCESSFUL
from mammothbox.web import spellings
from mammothbox.web.callers import Admin, Caller, KeyedRoute
from mammothbox.web.fields import Collection, Instant
from pydantic import BaseModel, Field

from functions.api import services

router = APIRouter(prefix="/admin", tags=["admin"], route_class=KeyedRoute)

Bucket = Literal["minute", "hour", "day"]
Code = Annotated[str, Field(max_length=100, pattern=spellings.ERROR_CODE)]
AllOwners = Annotated[bool, Query(description="For operators: of all owners, not of one.")]

_LENGTHS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
# How many buckets there are unless `from` says otherwise, and how many there may be.
_USUAL = {"minute": 60, "hour": 48, "day": 30}
_MOST_BUCKETS = 1000


class EndedStages(BaseModel):
    """What ended of one stage in one bucket. Milliseconds are those of the last attempt."""

    stage: str
    at: datetime
    ended: int
    failed: int
    median_ms: int | None
    p95_ms: int | None


class Throughput(BaseModel):
    """What ended, by time and stage. Where nothing did, there is no item."""

    begin: datetime
    end: datetime
    bucket: Bucket
    items: list[EndedStages]


class FailureGroup(BaseModel):
    """Stages that failed for one reason; `owner` and `system_id` are of the last of them."""

    stage: str
    code: str
    failures: int
    dead: int = Field(description="How many have spent their attempts.")
    retryable: bool = Field(description="Whether trying again may help as things are.")
    last_seen: datetime
    owner: str
    system_id: UUID
    detail: str


class FailureGroups(BaseModel):
    """Why stages failed, the last seen first."""

    items: list[FailureGroup]


class FailedObject(BaseModel):
    """An object with a stage that failed."""

    system_id: UUID
    filename: str | None
    kind: str | None
    collection: str | None
    space: str
    part: int
    state: Literal["failed", "dead"]
    attempt: int
    retryable: bool
    detail: str
    failed_at: datetime


class FailedObjects(BaseModel):
    """A page of objects that failed for one reason, the last ones first."""

    items: list[FailedObject]
    next_cursor: str | None


class ReplayMany(BaseModel, extra="forbid"):
    """Which stages to run again: those that failed and that all of this is true of."""

    stage: StageName | None = None
    code: Code | None = None
    space: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="Of embeddings: the space."
    )
    kind: Literal["image", "video", "audio", "json", "other"] | None = None
    collection: Collection | None = None
    system_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)] | None = None
    done: bool = Field(
        False, description="Those that went well, too, which takes the name of a stage."
    )
    ended_before: Instant | None = Field(
        None,
        description="What ended later is left as it is, so that nothing runs twice if this call"
        " is repeated. The time of the call, unless said.",
    )
    limit: Annotated[int, Field(ge=1, le=200)] = Field(100, description="How many objects.")
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="The next_cursor of the call before, of the same selection."
    )


class RefusedObject(BaseModel):
    """An object that was refused a caption, and why."""

    system_id: UUID
    code: str
    detail: str


class ReplayedMany(BaseModel):
    """What was queued. Go on with `next_cursor` until it is null."""

    matched: int = Field(description="Objects that this call looked at.")
    queued: int = Field(description="Stages that it queued.")
    refused: list[RefusedObject]
    next_cursor: str | None


@router.get("/throughput")
def throughput(
    caller: Admin,
    begin: Annotated[Instant | None, Query(alias="from")] = None,
    end: Annotated[Instant | None, Query(alias="to")] = None,
    bucket: Bucket = "hour",
    all_owners: AllOwners = False,
) -> Throughput:
    """How many stages ended, how many of them failed, and how long they took."""
    length = _LENGTHS[bucket]
    end = end or datetime.now(UTC)
    try:
        begin = begin or end - length * _USUAL[bucket]
    except OverflowError:
        raise Refused(422, "invalid_range", "There is no time before that.") from None
    if (end - begin) / length > _MOST_BUCKETS:
        raise Refused(
            422, "too_many_buckets", f"Ask for at most {_MOST_BUCKETS}, or for longer ones."
        )
    database, shown = _whose(caller, all_owners)
    with database.transaction(shown) as connection:
        names = [shown] if shown else owners.page(connection)
        rows = stage_figures.throughput(connection, names, begin, end, length)
    return Throughput.model_validate(
        {"begin": begin, "end": end, "bucket": bucket, "items": rows}, from_attributes=True
    )


@router.get("/failures")
def list_failures(
    caller: Admin,
    all_owners: AllOwners = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> FailureGroups:
    """Failed stages by stage and code, without those of the trash."""
    database, shown = _whose(caller, all_owners)
    with database.transaction(shown) as connection:
        names = [shown] if shown else owners.page(connection)
        rows = stage_figures.failing(connection, names, limit)
    return FailureGroups.model_validate(
        {"items": [vars(row) | {"system_id": row.asset_id} for row in rows]}
    )


@router.get("/failures/{stage}/{code}")
def list_failed(
    stage: StageName,
    code: Code,
    caller: Admin,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> FailedObjects:
    """The objects of which that stage failed with that code."""
    position = parse_cursor(cursor) if cursor else None
    after = (position.created_at, position.id) if position else None
    with services.database().transaction(caller.owner) as connection:
        rows = stage_figures.failed(
            connection, caller.owner, stage, code, after=after, limit=limit + 1
        )
    page = rows[:limit]
    more = len(rows) > limit
    return FailedObjects.model_validate(
        {
            "items": [
                vars(row) | {"system_id": row.asset_id, "failed_at": row.finished_at}
                for row in page
            ],
            "next_cursor": _behind(page[-1].finished_at, page[-1].asset_id) if more else None,
        }
    )


@router.post("/replay", status_code=202)
def replay_many(selected: ReplayMany, caller: Admin) -> ReplayedMany:
    """Try again what failed, many objects at once, a batch for each call.

    What people decided stands. Repeating it is harmless: what is queued has not ended.
    """
    if selected.done and selected.stage is None:
        raise Refused(422, "stage_needed", "Name the stage that is to run again where it was done.")
    position = parse_cursor(selected.cursor) if selected.cursor else None
    # All calls of one walk mean the same time.
    before = position.created_at if position else selected.ended_before or datetime.now(UTC)
    states = ("done", *UNSUCCESSFUL) if selected.done else UNSUCCESSFUL
    narrowed = selected.model_dump(exclude={"done", "limit", "cursor", "ended_before"})
    batch = replays.replay_many(
        services.database(),
        caller.owner,
        services.caption_orders(),
        Selection(states=states, **narrowed | {"ended_before": before}),
        after=position.id if position else None,
        limit=selected.limit,
        actor=caller.actor,
        request_id=caller.request_id,
    )
    services.dispatch().send(batch.outgoing, caller.owner)
    return ReplayedMany(
        matched=batch.matched,
        queued=len(batch.outgoing.wake_ups),
        refused=[
            RefusedObject(system_id=system_id, code=refused.code, detail=refused.detail)
            for system_id, refused in batch.refused.items()
        ],
        next_cursor=_behind(before, batch.last) if batch.last else None,
    )


def _whose(caller: Caller, all_owners: bool) -> tuple[Database, str | None]:
    """Where to look, and at whose things; at everybody's if that is `None`."""
    if not all_owners:
        return services.database(), caller.owner
    if caller.role != "operator":
        raise Refused(403, "forbidden", "Only an operator sees what is of all owners.")
    return services.operator_database(), None


def _behind(at: datetime, system_id: UUID) -> str:
    return Position(at, system_id).cursor()
