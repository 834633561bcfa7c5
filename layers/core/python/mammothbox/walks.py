"""Walks through the raw bucket, a part each run: what no event told of, and what nobody awaits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from mammothbox import stages
from mammothbox.catalog import assets, lineage, raws, sweeps
from mammothbox.catalog.connection import Database
from mammothbox.intake.arrivals import Arrival, is_folder
from mammothbox.intake.drops import record_drop
from mammothbox.messages import Outgoing
from mammothbox.observability import logger
from mammothbox.route import INTAKE, Next
from mammothbox.storage.blobs import S3BlobStore, Version
from mammothbox.storage.keys import (
    DROP,
    INCOMING,
    DropKey,
    IncomingKey,
    dropped_asset_id,
    parse_key,
)

_PAGE = 1000
_DROP_PAGES_PER_RUN = 10
_INCOMING_PAGES_PER_RUN = 2
_KEYS_IN_LOG = 20


def find_drops(database: Database, store: S3BlobStore, *, actor: str) -> Iterator[Outgoing]:
    """Begin what was dropped and whose event never came; gives what is to be sent for it."""
    for versions in _pages(database, store, "drops", DROP, _DROP_PAGES_PER_RUN):
        drops = {
            version: place
            for version in versions
            if isinstance(place := parse_key(version.key), DropKey)
            and not is_folder(version.key, version.size)
        }
        with database.transaction() as connection:
            pairs = [(version.key, version.version_id) for version in drops]
            known = raws.known_versions(connection, store.bucket, pairs)
        for version, place in drops.items():
            if (version.key, version.version_id) not in known:
                yield _begin(database, store.bucket, version, place, actor)


def find_strays(database: Database, store: S3BlobStore) -> int:
    """Report what lies where uploads go and belongs to no asset; returns how much that is.

    Nobody can tell what it is, so it is left alone, unless its asset was purged: then a client
    sent it late, and it goes as well.
    """
    strays: list[Version] = []
    for versions in _pages(database, store, "incoming", INCOMING, _INCOMING_PAGES_PER_RUN):
        purged = _purged_by_version(database, store.bucket, versions)
        for version, was_purged in purged.items():
            if was_purged:
                store.erase(version.key, version.version_id)
            else:
                strays.append(version)
    if strays:
        keys = [stray.key for stray in strays[:_KEYS_IN_LOG]]
        logger.warning(
            "objects that belong to no asset", extra={"found": len(strays), "keys": keys}
        )
    return len(strays)


def _pages(
    database: Database, store: S3BlobStore, walk: str, prefix: str, most: int
) -> Iterator[list[Version]]:
    """The next part of the walk. A page is passed only when its reader is done with it."""
    with database.transaction() as connection:
        position = sweeps.position(connection, walk)
    for _ in range(most):
        page = store.list_versions(prefix, position, limit=_PAGE)
        yield page.versions
        position = page.next_position
        with database.transaction() as connection:
            sweeps.move(connection, walk, position)
        if position is None:
            return


def _begin(
    database: Database, bucket: str, version: Version, place: DropKey, actor: str
) -> Outgoing:
    asset_id = dropped_asset_id(bucket, version.key, version.version_id)
    arrival = Arrival(
        owner=place.owner,
        asset_id=asset_id,
        bucket=bucket,
        key=version.key,
        version_id=version.version_id,
        size=version.size,
        request_id=str(asset_id),
        dropped=place,
    )
    with database.transaction() as connection:
        record_drop(connection, arrival, place, actor=actor)
        asset = assets.get(connection, place.owner, asset_id)
        return Outgoing((stages.queue(connection, asset, Next(INTAKE)),)) if asset else Outgoing()


def _purged_by_version(
    database: Database, bucket: str, versions: Sequence[Version]
) -> dict[Version, bool]:
    """Those that belong to no asset, and whether that is because it was purged."""
    awaited = {version: _asset_named_by(version) for version in versions}
    named = sorted({asset for asset in awaited.values() if asset is not None})
    with database.transaction() as connection:
        here = assets.on_record(connection, named)
        gone = lineage.purged_among(connection, [asset for asset in named if asset not in here])
        # Named after an asset that was purged, it may be the original of another by now.
        pairs = [(at.key, at.version_id) for at, asset in awaited.items() if asset in gone]
        known = raws.known_versions(connection, bucket, pairs)
    return {
        version: asset in gone
        for version, asset in awaited.items()
        if asset not in here
        and (version.key, version.version_id) not in known
        and not is_folder(version.key, version.size)
    }


def _asset_named_by(version: Version) -> tuple[str, UUID] | None:
    place = parse_key(version.key)
    return (place.owner, place.asset_id) if isinstance(place, IncomingKey) else None
