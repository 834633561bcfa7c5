"""Dead letters: messages that SQS gave up on and stages that spent their attempts.

Redriving is moving both back to work. It may be cut short or repeated at any point: a message
that arrives twice finds its stage claimed or done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from mammothbox.catalog import lineage, stages
from mammothbox.catalog.connection import Database, Row
from mammothbox.catalog.lineage import Entry
from mammothbox.errors import Permanent, Refused
from mammothbox.intake.arrivals import read_message
from mammothbox.messages import Outgoing, WakeUp
from mammothbox.queues import Depth, Message, SqsQueues
from mammothbox.route import INTAKE

# Long enough to move what was received, short enough that a broken-off call hides nothing.
_HIDE_S = 30
# A look hides nothing: a redrive right after it must find every message.
_LOOK_S = 0
_MOST = 500


@dataclass(frozen=True)
class QueueState:
    """A worker's queue and its dead letters."""

    name: str
    queue: Depth
    dead_letters: Depth
    dead_stages: int


@dataclass(frozen=True)
class DeadMessage:
    """A message nobody could deal with, and the asset it is about if that can be told."""

    id: str
    body: str
    receives: int
    sent_at: datetime
    asset_id: UUID | None


@dataclass(frozen=True)
class Redriven:
    """What a redrive moved, and what is to be sent for it."""

    messages: int
    stages: int
    outgoing: Outgoing


@dataclass(frozen=True)
class DeadLetters:
    """The dead letters of all workers, across owners."""

    database: Database
    queues: SqsQueues
    letters: SqsQueues

    def overview(self) -> list[QueueState]:
        """Every queue with its depths."""
        with self.database.transaction() as connection:
            dead = stages.count_dead(connection)
        return [
            QueueState(name, self.queues.depth(name), self.letters.depth(name), dead.get(name, 0))
            for name in self.queues.urls
        ]

    def messages(self, name: str) -> list[DeadMessage]:
        """A look at up to ten dead messages; they stay where they are."""
        self._known(name)
        return [
            DeadMessage(
                id=message.id,
                body=message.body,
                receives=message.receives,
                sent_at=datetime.fromtimestamp(message.sent_at_ms / 1000, UTC),
                asset_id=next((key.asset_id for key in _stages_of(message.body)), None),
            )
            for message in self.letters.receive(name, hide_s=_LOOK_S)
        ]

    def stages(self, name: str, limit: int) -> list[Row]:
        """The dead stages, oldest first."""
        self._known(name)
        with self.database.transaction() as connection:
            return stages.dead(connection, name, limit)

    def redrive(self, name: str, *, actor: str, request_id: str) -> Redriven:
        """Give dead stages a fresh budget and send dead messages back to their queue.

        What earlier attempts did stays in the lineage. Raises `Refused` for an unknown queue.
        """
        self._known(name)
        revived = self._revive(name, actor, request_id)
        moved = 0
        while moved < _MOST and (batch := self.letters.receive(name, hide_s=_HIDE_S)):
            for message in batch:
                self._send_back(name, message)
                moved += 1
        return Redriven(moved, len(revived), Outgoing(tuple(revived)))

    def _revive(self, name: str, actor: str, request_id: str) -> list[WakeUp]:
        revived: list[WakeUp] = []
        with self.database.transaction() as connection:
            attempts = {_which(row): row["attempt"] for row in stages.dead(connection, name, _MOST)}
            # In one order, for those who redrive at the same time.
            for owner, asset_id in sorted({which[:2] for which in attempts}):
                woken = stages.revive(connection, owner, asset_id, names=[name], states=["dead"])
                entries = [
                    Entry(
                        owner=owner,
                        request_id=request_id,
                        event="stage.redriven",
                        actor=actor,
                        asset_id=asset_id,
                        stage=name,
                        attempt=attempts.get(_which(wake_up.model_dump())),
                    )
                    for wake_up in woken
                ]
                # None where somebody else has revived them meanwhile.
                lineage.record(connection, *entries)
                revived += woken
        return revived

    def _send_back(self, name: str, message: Message) -> None:
        # Sent before it is deleted: broken off between the two it comes twice, not never.
        self.queues.forward(name, message)
        self.letters.delete(name, message.receipt)

    def _known(self, name: str) -> None:
        if name not in self.queues.urls:
            names = ", ".join(sorted(self.queues.urls))
            raise Refused(404, "not_found", f"There is no queue {name!r}; there are: {names}.")


def _which(told: Mapping[str, Any]) -> tuple[str, UUID, str, int]:
    """Which of the stages of one name."""
    return told["owner"], told["asset_id"], told["space"], told["part"]


def _stages_of(body: str) -> list[stages.StageKey]:
    try:
        told = read_message(body)
    except Permanent:
        return []
    if isinstance(told, WakeUp):
        return [stages.StageKey(told.owner, told.asset_id, told.stage, told.space, told.part)]
    return [stages.StageKey(arrival.owner, arrival.asset_id, INTAKE) for arrival in told]
