"""Trash, restore and purge.

Trash can be undone. A purge removes bytes and metadata everywhere; only ids stay, in lineage.
It first hides the asset, then removes its bytes, then forgets it, so that one cut short at any
point is invisible and is finished by asking again, or by the janitor.
"""

from __future__ import annotations

from uuid import UUID

from mammothbox import stages
from mammothbox.catalog import assets, jobs, lineage, originals, raws
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection, Database
from mammothbox.errors import NotFound
from mammothbox.messages import Outgoing
from mammothbox.stages import AFTER_INTAKE
from mammothbox.storage.blobs import BlobStore
from mammothbox.storage.multipart import S3Multipart


def trash(
    database: Database, owner: str, asset_id: UUID, *, actor: str, request_id: str
) -> Outgoing:
    """Hide the asset from lists; its oldest live duplicate takes its place. Raises `NotFound`."""
    with database.transaction(owner) as connection:
        asset = _locked(connection, owner, asset_id)
        if asset.trashed_at is not None:
            return Outgoing()
        assets.trash(connection, owner, asset_id)
        _record(connection, asset, "asset.trashed", actor, request_id)
        return _reappoint(connection, asset)


def restore(
    database: Database, owner: str, asset_id: UUID, *, actor: str, request_id: str
) -> Outgoing:
    """Take the asset back out of the trash. Raises `NotFound`."""
    with database.transaction(owner) as connection:
        asset = _locked(connection, owner, asset_id)
        if asset.trashed_at is None:
            return Outgoing()
        if asset.verified and asset.duplicate_of is None and asset.sha256:
            originals.step_aside(connection, owner, asset_id, asset.sha256)
        assets.restore(connection, owner, asset_id)
        _record(connection, asset, "asset.restored", actor, request_id)
        return _reappoint(connection, asset)


def begin_purge(
    database: Database, owner: str, asset_id: UUID, *, actor: str, request_id: str
) -> tuple[Asset, Outgoing]:
    """Hide the asset for good; `finish_purge` does the rest. Raises `NotFound`."""
    with database.transaction(owner) as connection:
        asset = _locked(connection, owner, asset_id)
        settled = assets.fail(
            connection, owner, asset_id, code="purged", detail="Erased on request.", retryable=False
        )
        assets.begin_purge(connection, owner, asset_id)
        _record(connection, asset, "asset.purge_began", actor, request_id)
        outgoing = _reappoint(connection, asset)
        announcements = stages.announce(connection, asset, settled, request_id)
    return asset, outgoing + Outgoing((), announcements)


def finish_purge(
    database: Database, store: BlobStore, multipart: S3Multipart, asset: Asset
) -> None:
    """Remove the bytes, unless another asset shares them, and then the rows.

    Raises `Unavailable`; the asset stays hidden and the janitor comes back to it.
    """
    with database.transaction(asset.owner) as connection:
        shared = assets.raw_is_shared(connection, asset)
    if not shared:
        _erase_bytes(store, multipart, asset)
    with database.transaction(asset.owner) as connection:
        assets.delete(connection, asset.owner, asset.id)
        raws.delete_if_unused(connection, asset.owner, asset.raw_id)
        jobs.forget_comments(connection, asset.owner, asset.job_id)
        _record(connection, asset, "asset.purged", "mammothbox", asset.request_id)


def _erase_bytes(store: BlobStore, multipart: S3Multipart, asset: Asset) -> None:
    if asset.multipart_upload_id is not None:
        multipart.abort(asset.key, asset.multipart_upload_id)
    if asset.declared_size is None and asset.version_id is not None:
        # A partner may drop several things under one key; this asset is one version of it.
        store.erase(asset.key, asset.version_id)
        return
    while (version := store.first_version(asset.key)) is not None:
        store.erase(asset.key, version.version_id)


def _locked(connection: Connection, owner: str, asset_id: UUID) -> Asset:
    """The asset, while nobody else settles it or decides about its bytes."""
    seen = assets.get(connection, owner, asset_id)
    if seen is not None and seen.sha256 is not None:
        # The bytes first, then the asset: the order in which intake takes these locks.
        originals.lock(connection, owner, seen.sha256)
    assets.lock(connection, owner, asset_id)
    asset = assets.get(connection, owner, asset_id)
    if asset is None:
        raise NotFound("object", asset_id)
    if asset.sha256 is not None and (seen is None or seen.sha256 is None):
        # Intake has just told what these bytes are.
        originals.lock(connection, owner, asset.sha256)
    return asset


def _reappoint(connection: Connection, asset: Asset) -> Outgoing:
    if not asset.verified or asset.sha256 is None:
        return Outgoing()
    heir_id = originals.reappoint(connection, asset.owner, asset.sha256)
    heir = assets.get(connection, asset.owner, heir_id) if heir_id else None
    if heir is None:
        return Outgoing()
    following = AFTER_INTAKE.get(heir.kind or "", ())
    wake_ups = tuple(stages.queue(connection, heir, name) for name in following)
    settled = assets.settle(connection, heir.owner, heir.id)
    return Outgoing(wake_ups, stages.announce(connection, heir, settled, heir.request_id))


def _record(connection: Connection, asset: Asset, event: str, actor: str, request_id: str) -> None:
    lineage.record(
        connection,
        lineage.about(asset, event, actor=actor, request_id=request_id),
    )
