"""Heirs: a duplicate that becomes the original of its bytes is processed like any other."""

from __future__ import annotations

from mammothbox import stages
from mammothbox.announcing import announce
from mammothbox.catalog import assets
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.originals import Appointed
from mammothbox.messages import Outgoing
from mammothbox.route import after_intake


def begin(connection: Connection, owner: str, appointed: Appointed | None) -> Outgoing:
    """Queue what follows intake for an original that was a duplicate until now.

    Returns what to send after the commit; nothing for one that was the original before.
    """
    if appointed is None or not appointed.promoted:
        return Outgoing()
    heir = assets.get(connection, owner, appointed.id)
    if heir is None:
        return Outgoing()
    following = after_intake(connection, heir.kind or "")
    wake_ups = tuple(stages.queue(connection, heir, stage) for stage in following)
    settled = assets.settle(connection, owner, heir.id)
    return Outgoing(wake_ups, announce(connection, heir, settled, heir.request_id))
