"""For operators: queues, dead letters, getting them moving again, and how clusters drift."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from mammothbox.catalog import cluster_stats
from mammothbox.web.callers import KeyedRoute, Operator
from pydantic import BaseModel

from functions.api import services

router = APIRouter(prefix="/admin", tags=["admin"], route_class=KeyedRoute)


class Depth(BaseModel):
    """How much waits, and how much is being worked on."""

    waiting: int
    in_flight: int


class Queue(BaseModel):
    """A worker's queue and its dead letters."""

    name: str
    queue: Depth
    dead_letters: Depth
    dead_stages: int


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
    """Every queue with its depths."""
    return Queues.model_validate(
        {"items": services.dead_letters().overview()}, from_attributes=True
    )


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
    """Try everything dead again. Repeating it is harmless; the history of attempts stays."""
    redriven = services.dead_letters().redrive(
        queue, actor=caller.actor, request_id=caller.request_id
    )
    services.operator_dispatch().send(redriven.outgoing)
    return Redriven(messages=redriven.messages, stages=redriven.stages)
