"""Dead letters: messages that SQS gave up on and stages that spent their attempts.

Redriving is moving both back to work. It may be cut short or repeated at any point: a message
that arrives twice finds its stage claimed or done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mammothbox.catalog import lineage, stages
from mammothbox.catalog.connection import Database, Row
from mammothbox.catalog.lineage import Entry
from mammothbox.errors import NotFound, Permanent, Refused
from mammothbox.intake.arrivals import read_message
from mammothbox.messages import Outgoing, WakeUp, parse_chore_call
from mammothbox.observability import logger
from mammothbox.queues import Message, SqsQueues
from mammothbox.route import INTAKE

# Long enough to move what was received, short enough that a broken-off call hides nothing.
_HIDE_S = 30
_MOST = 500


@dataclass(frozen=True)
class DeadMessage:
    """A message nobody could deal with, and the asset it is about if that can be told.

    What is no message of ours would die again however often it is tried.
    """

    id: str
    body: str
    receives: int
    sent_at: datetime
    asset_id: UUID | None
    is_ours: bool


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

    def messages(self, name: str) -> list[DeadMessage]:
        """A look at up to ten dead messages; they stay where they are."""
        self._known(name)
        return [
            DeadMessage(
                id=message.id,
                body=message.body,
                receives=message.receives,
                sent_at=message.sent_at,
                asset_id=next((key.asset_id for key in _stages_of(message.body)), None),
                is_ours=_is_ours(message.body),
            )
            for message in self.letters.look(name)
        ]

    def stages(self, name: str, limit: int) -> list[Row]:
        """The dead stages, oldest first."""
        self._known(name)
        with self.database.transaction() as connection:
            return stages.dead(connection, name, limit)

    def redrive(self, name: str, *, actor: str, request_id: str) -> Redriven:
        """Give dead stages a fresh budget and send dead messages back to their queue.

        Both up to a limit, which a request has the time for: what is left is for the next one.
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

    def discard(self, name: str, message_id: str, *, actor: str, request_id: str) -> None:
        """Take away a dead message that is none of ours.

        Raises `NotFound`, and `Refused` for one that is: it may stand for work.
        """
        self._known(name)
        others: list[Message] = []
        try:
            while len(others) < _MOST and (batch := self.letters.receive(name, hide_s=_HIDE_S)):
                found = [message for message in batch if message.id == message_id]
                others += [message for message in batch if message.id != message_id]
                if found and _is_ours(found[0].body):
                    others += found
                    raise Refused(409, "message_is_ours", "It may stand for work: try it again.")
                if found:
                    self.letters.delete(name, found[0].receipt)
                    told = {"queue": name, "actor": actor, "request_id": request_id}
                    logger.warning("dead message discarded", extra={**told, "id": message_id})
                    return
        finally:
            for message in others:
                self.letters.hide(name, message.receipt, 0)
        raise NotFound("dead message", message_id)

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


def _is_ours(body: str) -> bool:
    if parse_chore_call(body) is not None:
        return True
    try:
        return read_message(body) != []
    except Permanent:
        return False


def _stages_of(body: str) -> list[stages.StageKey]:
    try:
        told = read_message(body)
    except Permanent:
        return []
    if isinstance(told, WakeUp):
        return [stages.StageKey(told.owner, told.asset_id, told.stage, told.space, told.part)]
    return [stages.StageKey(arrival.owner, arrival.asset_id, INTAKE) for arrival in told]
