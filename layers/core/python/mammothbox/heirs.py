"""Heirs: a duplicate that becomes the original of its bytes is processed like any other."""

from __future__ import annotations

from uuid import UUID

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
    return process(connection, owner, appointed.id)


def process(connection: Connection, owner: str, asset_id: UUID) -> Outgoing:
    """Queue what follows intake for an original whose bytes were verified before it had them."""
    asset = assets.get(connection, owner, asset_id)
    if asset is None:
        return Outgoing()
    following = after_intake(connection, asset.kind or "")
    wake_ups = tuple(stages.queue(connection, asset, stage) for stage in following)
    settled = assets.settle(connection, owner, asset_id)
    return Outgoing(wake_ups, announce(connection, asset, settled, asset.request_id))
