"""What travels between functions: wake-ups inside the house, announcements to the outside.

Neither carries data. A wake-up names a stage row, and that row is the truth; it may come
twice, late or never, and the outcome is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

REQUEST_ID_ATTRIBUTE = "request_id"


class WakeUp(BaseModel):
    """Somebody look at this stage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
    owner: str
    asset_id: UUID
    request_id: str
    space: str = ""
    part: int = 0


class ChoreCall(BaseModel):
    """Somebody do this chore of an owner's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chore: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
    owner: str


class Announcement(BaseModel):
    """Something happened that others may care about; published on the event bus."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    owner: str
    type: Literal[
        "asset.ready",
        "asset.duplicate",
        "asset.failed",
        "schema.proposed",
        "schema.active",
        "schema.rolled_back",
    ]
    request_id: str
    detail: dict[str, JsonValue]


@dataclass(frozen=True)
class Outgoing:
    """What a committed transaction leaves to be sent."""

    wake_ups: tuple[WakeUp, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    chores: tuple[ChoreCall, ...] = ()

    def __add__(self, other: Outgoing) -> Outgoing:
        return Outgoing(
            self.wake_ups + other.wake_ups,
            self.announcements + other.announcements,
            self.chores + other.chores,
        )


# What became of a message: what it leaves to send, or why it has to come back.
Outcome = Outgoing | Exception


def parse_wake_up(body: str) -> WakeUp | None:
    """The wake-up that `body` is, or `None` when it is something else."""
    try:
        return WakeUp.model_validate_json(body)
    except ValidationError:
        return None


def parse_chore_call(body: str) -> ChoreCall | None:
    """The chore that `body` calls for, or `None` when it is something else."""
    try:
        return ChoreCall.model_validate_json(body)
    except ValidationError:
        return None
