"""How clusters and decisions look to clients."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from mammothbox.catalog.clusters import Cluster as Row
from mammothbox.catalog.decisions import Recorded
from mammothbox.clustering.acts import Decided
from mammothbox.clustering.decide import By
from mammothbox.errors import Refused
from mammothbox.web.callers import Caller
from pydantic import BaseModel, Field


def by(caller: Caller) -> By:
    """Who decides."""
    return By(caller.owner, caller.actor, caller.request_id)


def cursor_behind(row: Row) -> str:
    """Where the page after this cluster begins; `parse_cursor` reads it back."""
    return f"{row.size - row.trashed}.{row.id}"


def parse_cursor(cursor: str) -> tuple[int, UUID]:
    """Raises `Refused` when the word is none of ours."""
    size, _, identifier = cursor.partition(".")
    try:
        return int(size[:9]), UUID(identifier)
    except ValueError:
        raise Refused(
            422, "invalid_cursor", "Use the next_cursor of the page before, as it came."
        ) from None


class Cluster(BaseModel):
    """A group of objects that look alike. Its members are `/objects?cluster=<id>`."""

    id: UUID
    name: str
    name_source: Literal["machine", "hand"]
    status: Literal["provisional", "confirmed"]
    size: int = Field(description="How many members it shows; those in the trash do not count.")
    threshold: float = Field(description="How alike to the middle a newcomer has to be.")
    threshold_source: Literal["space", "hand"]
    tightness: float | None = Field(description="How alike members are to the middle on average.")
    moved: float | None = Field(description="How far the middle moved before the last measurement.")
    measured_at: datetime | None
    cover: UUID | None = Field(description="The object that shows it best.")
    thumbnail: str | None = Field(
        description="An address of the cover's small picture that works for a few minutes."
    )
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Row, cover: UUID | None, thumbnail: str | None) -> Cluster:
        shown = {"size": row.size - row.trashed, "cover": cover, "thumbnail": thumbnail}
        return cls.model_validate({**vars(row), **shown})


class NamedCluster(BaseModel):
    """A cluster by the name it has now, or had when it was merged."""

    id: UUID
    name: str


class Decision(BaseModel):
    """A human act, and what became of it."""

    decision_id: UUID
    action: str
    actor: str
    actor_name: str | None = Field(description="The name of the key; null of an operator's.")
    at: datetime
    cluster_ids: list[UUID]
    clusters: list[NamedCluster] = Field(description="Those of `cluster_ids` that there are.")
    objects: int = Field(description="How many objects it moved.")
    detail: dict[str, Any]
    undoes: UUID | None
    undone_by: UUID | None

    @classmethod
    def of(cls, row: Recorded, named: Mapping[UUID, str], keys: Mapping[str, str]) -> Decision:
        return cls.model_validate(
            vars(row)
            | {
                "decision_id": row.id,
                "actor_name": keys.get(row.actor),
                "clusters": [
                    {"id": each, "name": named[each]} for each in row.cluster_ids if each in named
                ],
                "objects": len(row.asset_ids),
            }
        )


class Made(BaseModel):
    """What was decided: undo it by its `decision_id`."""

    decision_id: UUID
    cluster_id: UUID | None = Field(description="Null of what was not about a cluster.")
    made: list[UUID] = Field(description="Clusters that it made.")

    @classmethod
    def of(cls, decided: Decided) -> Made:
        return cls(
            decision_id=decided.decision_id,
            cluster_id=decided.cluster_id,
            made=list(decided.made),
        )
