"""Replaying stages on request: what costs tokens only within the owner's budget."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from mammothbox import stages
from mammothbox.catalog import assets, replay_selection
from mammothbox.catalog import stages as stage_rows
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.replay_selection import Selection
from mammothbox.errors import Refused
from mammothbox.messages import Outgoing, WakeUp
from mammothbox.route import CAPTION
from mammothbox.tagging.caption_orders import CaptionOrders


@dataclass(frozen=True)
class Batch:
    """What came of replaying a batch of assets.

    How many there were, what is to be sent, and which were refused a caption, and why. `last` is
    the last asset of the batch if there are more behind it.
    """

    matched: int
    outgoing: Outgoing
    refused: Mapping[UUID, Refused]
    last: UUID | None


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


def replay_many(
    database: Database,
    owner: str,
    captions: CaptionOrders,
    selection: Selection,
    *,
    after: UUID | None,
    limit: int,
    actor: str,
    request_id: str,
) -> Batch:
    """Queue the selected stages of up to `limit` assets anew, from beyond the asset `after`.

    Each asset is a transaction of its own: cut short, it may be asked again, and finds those
    that were queued no more. What people decided stands, as after every run of a model.
    """
    with database.transaction(owner) as connection:
        found = replay_selection.page(connection, owner, selection, after, limit + 1)
    batch = found[:limit]
    outgoing, refused = Outgoing(), {}
    for asset_id in batch:
        with database.transaction(owner) as connection:
            assets.lock(connection, owner, asset_id)
            asset = assets.get(connection, owner, asset_id)
            if asset is None:
                continue
            woken, refusal = _revive(connection, asset, captions, selection)
            if woken:
                outgoing += stages.revived(
                    connection, asset, woken, actor=actor, request_id=request_id
                )
        if refusal:
            refused[asset_id] = refusal
    return Batch(len(batch), outgoing, refused, batch[-1] if len(found) > limit else None)


def _revive(
    connection: Connection, asset: Asset, captions: CaptionOrders, selection: Selection
) -> tuple[list[WakeUp], Refused | None]:
    """Queue the selected stages of one asset anew; a caption only if it may be paid for."""
    meant = replay_selection.stages_of(connection, asset.owner, asset.id, selection)
    refusal = captions.refusal_to_renew(connection, asset) if CAPTION in meant else None
    woken = replay_selection.revive(
        connection, asset.owner, asset.id, selection, spare=CAPTION if refusal else None
    )
    if any(wake_up.stage == CAPTION for wake_up in woken):
        captions.renew(connection, asset)
    return woken, refusal
