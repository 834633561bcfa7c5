"""How duplicates look to clients."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

PairClass = Literal["exact", "same"]
PairState = Literal["open", "confirmed", "dismissed"]


class DuplicateFilters(BaseModel):
    """What the list is narrowed to."""

    pair_class: PairClass | None = Field(
        None,
        alias="class",
        description="exact: the same bytes. same: the same picture in other bytes.",
    )
    state: PairState | None = Field(
        None, description="Exact duplicates are confirmed from the start."
    )
    cluster: UUID | None = Field(None, description="One of the two is in this cluster.")
    object: UUID | None = Field(None, description="One of the two is this object.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=100)] = None


class DuplicateObject(BaseModel):
    """One of the two; the thumbnail's address works for a few minutes."""

    system_id: UUID
    filename: str | None
    content_type: str | None
    size_bytes: int | None
    width: int | None
    height: int | None
    created_at: datetime
    thumbnail: str | None


class DuplicateEvidence(BaseModel):
    """Why the two are taken for one."""

    sha256: str | None = Field(description="Of exact duplicates: the digest they share.")
    distance: int | None = Field(description="In how many of 64 bits the perceptual hashes differ.")
    features: float | None = Field(description="The cosine of what the model saw in them.")
    cosine: float | None = Field(description="The cosine of their vectors.")
    colours: float | None = Field(description="How well the colours of their miniatures agree.")
    detail: float | None = Field(
        description="How much there is to see in the plainer one: from 1 on enough."
    )


class Duplicate(BaseModel):
    """Two objects that are the same, or look it."""

    id: UUID
    pair_class: PairClass = Field(serialization_alias="class")
    state: PairState
    objects: list[DuplicateObject]
    evidence: DuplicateEvidence
    suggested_keeper: UUID
    reason: str | None = Field(description="Why that one is worth keeping.")
    keeper: UUID | None
    decision_id: UUID | None = Field(description="Undo this to decide anew.")
    found_at: datetime
    decided_at: datetime | None


class Duplicates(BaseModel):
    """A page of duplicates, newest first."""

    items: list[Duplicate]
    next_cursor: UUID | None


class VerdictRequest(BaseModel, extra="forbid"):
    """What a person says. Confirmed without `keep`, the suggested one is kept."""

    verdict: Literal["confirm", "dismiss"]
    keep: UUID | None = None


class VerdictAnswer(BaseModel):
    """What was decided; `POST /decisions/{decision_id}/undo` takes it back."""

    decision_id: UUID
    id: UUID
    state: PairState
    keeper: UUID | None
