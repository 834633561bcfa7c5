"""Replaying stages on request: what costs tokens only within the owner's budget."""

from __future__ import annotations

from collections.abc import Collection

from mammothbox import stages
from mammothbox.catalog import assets
from mammothbox.catalog import stages as stage_rows
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection
from mammothbox.messages import Outgoing
from mammothbox.route import CAPTION
from mammothbox.tagging.caption_orders import CaptionOrders


def replay(
    connection: Connection,
    asset: Asset,
    captions: CaptionOrders,
    *,
    names: Collection[str] | None,
    actor: str,
    request_id: str,
) -> Outgoing:
    """Queue stages of the asset anew: the named ones, or else the failed, or else all.

    A caption reserves its tokens anew. One that may not is left as it is; raises `Refused` if
    it was named or is all there is to replay, and as `stages.replay` does.
    """
    assets.lock(connection, asset.owner, asset.id)
    meant = names or _failed_or_all(connection, asset)
    refused = captions.refusal_to_renew(connection, asset) if CAPTION in meant else None
    if refused and (names or meant == {CAPTION}):
        raise refused
    if refused:
        names = {*meant} - {CAPTION}
    outgoing = stages.replay(connection, asset, names=names, actor=actor, request_id=request_id)
    if any(wake_up.stage == CAPTION for wake_up in outgoing.wake_ups):
        captions.renew(connection, asset)
    return outgoing


def _failed_or_all(connection: Connection, asset: Asset) -> set[str]:
    rows = stage_rows.of_assets(connection, asset.owner, [asset.id])
    failed = {row.name for row in rows if row.state in stages.UNSUCCESSFUL}
    return failed or {row.name for row in rows if row.state in stages.ENDED}
