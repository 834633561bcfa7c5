"""What workers work with, built from their environment once, on first use.

A function reads only the settings of what it uses.
"""

from __future__ import annotations

from functools import cache

from mammothbox import database_access
from mammothbox.batch import Worker
from mammothbox.bus import EventBridgeBus, events
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Database
from mammothbox.clustering.placement import Placing
from mammothbox.dispatch import Dispatch
from mammothbox.errors import Permanent
from mammothbox.queues import SqsQueues, sqs
from mammothbox.settings import (
    BusSettings,
    DatabaseSettings,
    DocumentSettings,
    QueueSettings,
    StorageSettings,
    WorkerSettings,
    load,
)
from mammothbox.stages import Limits
from mammothbox.storage.blobs import S3BlobStore
from mammothbox.storage.client import STREAM_PATIENCE_S, s3
from mammothbox.storage.library import Library
from mammothbox.storage.placement import Copies
from mammothbox.storage.ranges import RangedObject


@cache
def database() -> Database:
    """The catalogue as role `worker`."""
    return database_access.database(load(DatabaseSettings))


@cache
def queues() -> SqsQueues:
    return SqsQueues(sqs(), load(QueueSettings).queue_urls)


@cache
def bus() -> EventBridgeBus:
    return EventBridgeBus(events(), load(BusSettings).event_bus)


@cache
def dispatch() -> Dispatch:
    return Dispatch(database(), queues(), bus())


@cache
def originals() -> S3BlobStore:
    """The raw bucket, for streams that take their time."""
    return S3BlobStore(s3(STREAM_PATIENCE_S), load(StorageSettings).raw_bucket)


def original(asset: Asset) -> RangedObject:
    """An asset's own bytes. Raises `Permanent` when intake has not seen any."""
    if asset.version_id is None or asset.size_bytes is None:
        raise Permanent("object_gone", "The bytes of this object were never seen.")
    return RangedObject(
        s3(STREAM_PATIENCE_S), asset.bucket, asset.key, asset.version_id, asset.size_bytes
    )


@cache
def library() -> Library:
    return Library(s3(STREAM_PATIENCE_S), load(StorageSettings).library_bucket)


def placing() -> Placing:
    shelf = library()
    return Placing(database(), Copies(shelf.client, shelf.bucket))


@cache
def document_settings() -> DocumentSettings:
    return load(DocumentSettings)


def limits() -> Limits:
    """What the topology promised this worker."""
    settings = load(WorkerSettings)
    return Limits(settings.function_timeout_s, settings.lease_s, settings.max_receives)


def worker(name: str) -> Worker:
    """A worker whose results are sent through the catalogue's outbox."""
    return Worker(name, queues(), dispatch().send)
