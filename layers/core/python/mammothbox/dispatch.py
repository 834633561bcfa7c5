"""What leaves the house after a commit. If it fails here, the janitor sends it later."""

from __future__ import annotations

from dataclasses import dataclass

from mammothbox.bus import Bus
from mammothbox.catalog import outbox, stages
from mammothbox.catalog.connection import Database
from mammothbox.chore_workers import worker_of
from mammothbox.errors import Unavailable
from mammothbox.messages import Announcement, ChoreCall, Outgoing, WakeUp
from mammothbox.observability import logger
from mammothbox.queues import WakeUps


@dataclass(frozen=True)
class Dispatch:
    """Sends wake-ups and announcements and notes in the catalogue which have gone."""

    database: Database
    wake_ups: WakeUps
    bus: Bus

    def send(self, outgoing: Outgoing, owner: str | None = None) -> None:
        """Send what can be sent. Never fails: what stays unsent is still on record.

        Role `app` must name the `owner`, whose rows are then all that is noted.
        """
        self._call(outgoing.chores)
        if not outgoing.wake_ups and not outgoing.announcements:
            return
        sent = self._wake(outgoing.wake_ups)
        published = self._publish(outgoing.announcements)
        try:
            with self.database.transaction(owner) as connection:
                stages.mark_woken(connection, sent)
                outbox.mark_sent(connection, published)
        except Unavailable as error:
            logger.warning("not noted as sent", extra={"error": str(error)})

    def _call(self, chores: tuple[ChoreCall, ...]) -> None:
        for chore in dict.fromkeys(chores):
            try:
                self.wake_ups.call(worker_of(chore.chore), chore)
            except Unavailable as error:
                logger.warning("a chore was not called for", extra={"error": str(error)})

    def _wake(self, wake_ups: tuple[WakeUp, ...]) -> list[WakeUp]:
        try:
            return self.wake_ups.wake(wake_ups)
        except Unavailable as error:
            logger.warning("wake-ups not sent", extra={"error": str(error)})
            return []

    def _publish(self, announcements: tuple[Announcement, ...]) -> list[Announcement]:
        try:
            return self.bus.publish(announcements)
        except Unavailable as error:
            logger.warning("announcements not published", extra={"error": str(error)})
            return []
