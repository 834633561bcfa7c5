"""For operators: queues, dead letters, getting them moving again, and how clusters drift."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from mammothbox.catalog import cluster_stats
from mammothbox.web.callers import KeyedRoute, Operator
from mammothbox.workload import Condition, workloads
from pydantic import BaseModel, Field

from functions.api import services

router = APIRouter(prefix="/admin", tags=["admin"], route_class=KeyedRoute)


class Depth(BaseModel):
    """How much waits, and how much is being worked on."""

    waiting: int
    in_flight: int


class Queue(BaseModel):
    """A worker's queue, its dead letters, and how the worker is getting on."""

    name: str
    queue: Depth
    dead_letters: Depth
    dead_stages: int
    oldest_waiting_at: datetime | None = Field(
        description="Since when the oldest work waits for it, as the catalogue knows: of the oldest"
        " objects that are being processed. What has only arrived, and captions, are not counted."
    )
    oldest_dead_at: datetime | None = Field(
        description="When the first dead stage died, or when the oldest of up to ten dead messages"
        " was sent."
    )
    ended_lately: int = Field(description="Stages that ended in the last five minutes.")
    failed_lately: int = Field(description="How many of these failed.")
    condition: Condition = Field(
        description="idle: nothing waits. working: nothing has waited for five minutes. behind:"
        " some work has, though other work ends. stuck: some has, and nothing ended meanwhile."
    )


class Queues(BaseModel):
    """Every queue."""

    items: list[Queue]


class DeadMessage(BaseModel):
    """A message nobody could deal with."""

    id: str
    body: str
    receives: int
    sent_at: datetime
    asset_id: UUID | None
    is_ours: bool = Field(
        description="Whether it asks for work. What does not dies again however often it is tried:"
        " all that can be done is to take it away."
    )


class DeadStage(BaseModel):
    """A stage that has spent its attempts."""

    owner: str
    asset_id: UUID
    space: str
    part: int
    attempt: int
    error_code: str
    error_detail: str
    finished_at: datetime
    request_id: str


class DeadLetters(BaseModel):
    """Up to ten dead messages of a queue, and its dead stages."""

    messages: list[DeadMessage]
    stages: list[DeadStage]


class Redriven(BaseModel):
    """How many messages went back to their queue, and how many stages were revived."""

    messages: int
    stages: int


class ClusterTotals(BaseModel):
    """Clusters in force in one space. Averages are over clusters, as last measured."""

    space: str
    clusters: int
    provisional: int
    members: int
    tightness: float | None
    moved: float | None
    unmeasured: int


class Drifting(BaseModel):
    """A cluster, how alike its members are to its middle, and how far that moved."""

    owner: str
    cluster_id: UUID
    size: int
    tightness: float | None
    moved: float | None
    measured_at: datetime


class Chore(BaseModel):
    """Work on all of an owner's things, and why it was put off last."""

    owner: str
    name: str
    due_at: datetime
    attempt: int
    error: str | None


class Stats(BaseModel):
    """How clusters are doing, and what is being done about them."""

    clusters: list[ClusterTotals]
    most_moved: list[Drifting]
    loosest: list[Drifting]
    chores: list[Chore]


@router.get("/stats")
def stats(caller: Operator, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> Stats:
    """Clusters across owners: how many, how tight, and which drift most."""
    with services.operator_database().transaction() as connection:
        found = {
            "clusters": cluster_stats.totals(connection),
            "most_moved": cluster_stats.most_moved(connection, limit),
            "loosest": cluster_stats.loosest(connection, limit),
            "chores": cluster_stats.chores(connection, limit),
        }
    return Stats.model_validate(found, from_attributes=True)


@router.get("/queues")
def list_queues(caller: Operator) -> Queues:
    """Every queue with its depths, and how its worker is getting on."""
    letters = services.dead_letters()
    found = workloads(letters.database, letters.queues, letters.letters)
    return Queues.model_validate({"items": found}, from_attributes=True)


@router.get("/dlq/{queue}")
def look(
    queue: str, caller: Operator, limit: Annotated[int, Query(ge=1, le=200)] = 100
) -> DeadLetters:
    """What lies dead in a queue; nothing is moved."""
    letters = services.dead_letters()
    return DeadLetters.model_validate(
        {"messages": letters.messages(queue), "stages": letters.stages(queue, limit)},
        from_attributes=True,
    )


@router.post("/dlq/{queue}/redrive")
def redrive(queue: str, caller: Operator) -> Redriven:
    """Try again what is dead, some hundred stages and messages at a time: repeat it until it moves
    nothing. That is harmless; the history of attempts stays."""
    redriven = services.dead_letters().redrive(
        queue, actor=caller.actor, request_id=caller.request_id
    )
    services.operator_dispatch().send(redriven.outgoing)
    return Redriven(messages=redriven.messages, stages=redriven.stages)


@router.delete("/dlq/{queue}/{message_id}", status_code=204)
def discard(queue: str, message_id: Annotated[str, Path(max_length=100)], caller: Operator) -> None:
    """Take away a dead message that asks for no work. What stands for some is tried again only."""
    services.dead_letters().discard(
        queue, message_id, actor=caller.actor, request_id=caller.request_id
    )
