"""Trash, restore and purge.

Trash can be undone. A purge removes bytes and metadata everywhere; only ids stay, in lineage.
It first hides the asset, then removes its bytes, then forgets it, so that one cut short at any
point is invisible and is finished by asking again, or by the janitor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox import heirs, making_anew
from mammothbox.announcing import announce
from mammothbox.catalog import (
    asset_removal,
    assets,
    chores,
    clusterings,
    document_parts,
    jobs,
    lexicon,
    lineage,
    originals,
    placements,
    raws,
    searchables,
)
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.placements import Copy
from mammothbox.clustering.chore_names import PLACE
from mammothbox.clustering.vectors import depart, trash_changes
from mammothbox.documents.forgetting import forget_documents
from mammothbox.errors import NotFound
from mammothbox.messages import Outgoing
from mammothbox.storage.blobs import BlobStore
from mammothbox.storage.library import Library
from mammothbox.storage.multipart import S3Multipart
from mammothbox.storage.placement import Copies

# An asset's words, and what others before it left to be looked up.
_MOST_WORDS = 5000


def trash(
    database: Database, owner: str, asset_id: UUID, *, actor: str, request_id: str
) -> Outgoing:
    """Hide the asset from lists; its oldest live duplicate takes its place. Raises `NotFound`."""
    with database.transaction(owner) as connection:
        clustering = clusterings.lock(connection, owner)
        asset = _locked(connection, owner, asset_id)
        if asset.trashed_at is not None:
            return Outgoing()
        asset_removal.trash(connection, owner, asset_id)
        trash_changes(connection, clustering, asset_id, by=1)
        _record(connection, asset, "asset.trashed", actor, request_id)
        return _reappoint(connection, asset)


def restore(
    database: Database, owner: str, asset_id: UUID, *, actor: str, request_id: str
) -> Outgoing:
    """Take the asset back out of the trash. Raises `NotFound`."""
    with database.transaction(owner) as connection:
        clustering = clusterings.lock(connection, owner)
        asset = _locked(connection, owner, asset_id)
        if asset.trashed_at is None:
            return Outgoing()
        if asset.verified and asset.duplicate_of is None and asset.sha256:
            originals.step_aside(connection, owner, asset_id, asset.sha256)
        asset_removal.restore(connection, owner, asset_id)
        document_parts.note_copies(connection, owner, asset_id)
        # While it was in the trash, its copy stayed where it was.
        chores.ask(connection, owner, PLACE)
        trash_changes(connection, clustering, asset_id, by=-1)
        _record(connection, asset, "asset.restored", actor, request_id)
        return _reappoint(connection, asset)


def begin_purge(
    database: Database, owner: str, asset_id: UUID, *, actor: str, request_id: str
) -> tuple[Asset, Outgoing]:
    """Hide the asset for good; `finish_purge` does the rest, of one hidden before as well.

    Raises `NotFound`.
    """
    with database.transaction(owner) as connection:
        clustering = clusterings.lock(connection, owner)
        asset = originals.lock_with_asset(connection, owner, asset_id)
        if asset is None:
            begun = asset_removal.in_purge(connection, owner, asset_id)
            if begun is None:
                raise NotFound("object", asset_id)
            return begun, Outgoing()
        depart(connection, clustering, asset_id)
        settled = assets.fail(
            connection, owner, asset_id, code="purged", detail="Erased on request.", retryable=False
        )
        asset_removal.begin_purge(connection, owner, asset_id)
        _record(connection, asset, "asset.purge_began", actor, request_id)
        outgoing = _reappoint(connection, asset, is_leaving=True)
        announcements = announce(connection, asset, settled, request_id)
    return asset, outgoing + Outgoing((), announcements)


@dataclass(frozen=True)
class Bytes:
    """Where bytes of an asset may lie."""

    store: BlobStore
    multipart: S3Multipart
    library: Library


def finish_purge(database: Database, stored: Bytes, asset: Asset) -> None:
    """Remove the bytes, unless another asset shares them, and then the rows.

    What was made of the asset goes in any case, its copy, and what it lent to duplicates.

    Raises `Unavailable`; the asset stays hidden and the janitor comes back to it.
    """
    with database.transaction(asset.owner) as connection:
        # Whoever makes a copy at this moment sees from now on that it is of no use.
        placed = placements.lock(connection, asset.owner, asset.id)
        shared = asset_removal.raw_is_shared(connection, asset)
    stored.library.erase(asset.id)
    _erase_copies(stored.library, placed)
    if not shared:
        _erase_original(stored.store, stored.multipart, asset)
    making_anew.without(database, asset)
    with database.transaction(asset.owner) as connection:
        # A copy that was still being made has an end of its own, and whoever makes it sees to it.
        placements.forget(connection, asset.owner, [copy for copy in placed if not copy.making])
        forget_documents(connection, asset.owner, asset.id)
        lexicon.doubt(connection, asset.owner, asset.id)
        assets.lock(connection, asset.owner, asset.id)
        if asset_removal.in_purge(connection, asset.owner, asset.id) is None:
            # Somebody else has just come to this end.
            return
        asset_removal.delete(connection, asset.owner, asset.id)
        raws.delete_if_unused(connection, asset.owner, asset.raw_id)
        jobs.forget_comments(connection, asset.owner, asset.job_id)
        _record(connection, asset, "asset.purged", "mammothbox", asset.request_id)
        lexicon.settle_doubts(connection, asset.owner, _MOST_WORDS)


def _erase_copies(library: Library, placed: Sequence[Copy]) -> None:
    if not placed:
        return
    copies = Copies(library.client, library.bucket)
    for copy in placed:
        if copy.making:
            copies.abort(copy.key)
    copies.erase([copy.key for copy in placed])


def _erase_original(store: BlobStore, multipart: S3Multipart, asset: Asset) -> None:
    if asset.multipart_upload_id is not None:
        multipart.abort(asset.key, asset.multipart_upload_id)
    if asset.declared_size is None and asset.version_id is not None:
        # A partner may drop several things under one key; this asset is one version of it.
        store.erase(asset.key, asset.version_id)
        if store.first_version(asset.key) is None:
            # Their key is a file name, which the mark that it was deleted would still tell.
            store.erase_delete_markers(asset.key)
    else:
        store.erase_all(asset.key)


def _locked(connection: Connection, owner: str, asset_id: UUID) -> Asset:
    """The asset, while nobody else settles it or decides about its bytes."""
    asset = originals.lock_with_asset(connection, owner, asset_id)
    if asset is None:
        raise NotFound("object", asset_id)
    return asset


def _reappoint(connection: Connection, asset: Asset, *, is_leaving: bool = False) -> Outgoing:
    if not asset.verified or asset.sha256 is None:
        searchables.refresh_standing(connection, asset.owner, [asset.id])
        return Outgoing()
    appointed = originals.reappoint(
        connection,
        asset.owner,
        asset.sha256,
        asset.sent_to,
        left=asset.id if is_leaving else None,
    )
    if appointed is not None and appointed.promoted:
        # A duplicate has no copy; now it is to have one.
        chores.ask(connection, asset.owner, PLACE)
    outgoing = heirs.begin(connection, asset.owner, appointed)
    concerned = [asset.id, appointed.id] if appointed is not None else [asset.id]
    searchables.refresh_standing(connection, asset.owner, concerned)
    return outgoing


def _record(connection: Connection, asset: Asset, event: str, actor: str, request_id: str) -> None:
    lineage.record(
        connection,
        lineage.about(asset, event, actor=actor, request_id=request_id),
    )
