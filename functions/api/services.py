"""What the routes work with, built once per execution environment, on first use."""

from __future__ import annotations

from functools import cache

from mammothbox.bus import EventBridgeBus, events
from mammothbox.catalog.connection import Database
from mammothbox.dead_letters import DeadLetters
from mammothbox.dispatch import Dispatch
from mammothbox.queues import SqsQueues, sqs
from mammothbox.settings import (
    BusSettings,
    DatabaseSettings,
    OperatorDatabaseSettings,
    QueueSettings,
    StorageSettings,
    load,
)
from mammothbox.storage.blobs import S3BlobStore
from mammothbox.storage.client import s3
from mammothbox.uploads.address import Desk


@cache
def database() -> Database:
    """The catalogue as role `app`."""
    return Database(load(DatabaseSettings).database_url.get_secret_value())


@cache
def operator_database() -> Database:
    """The catalogue as role `operator`."""
    return Database(load(OperatorDatabaseSettings).operator_database_url.get_secret_value())


@cache
def storage_settings() -> StorageSettings:
    return load(StorageSettings)


@cache
def store() -> S3BlobStore:
    return S3BlobStore(s3(), storage_settings().raw_bucket)


@cache
def desk() -> Desk:
    return Desk(database(), s3(), storage_settings())


@cache
def queues() -> SqsQueues:
    return SqsQueues(sqs(), load(QueueSettings).queue_urls)


@cache
def _bus() -> EventBridgeBus:
    return EventBridgeBus(events(), load(BusSettings).event_bus)


@cache
def dispatch() -> Dispatch:
    return Dispatch(database(), queues(), _bus())


@cache
def operator_dispatch() -> Dispatch:
    return Dispatch(operator_database(), queues(), _bus())


@cache
def dead_letters() -> DeadLetters:
    letters = SqsQueues(sqs(), load(QueueSettings).dead_letter_queue_urls)
    return DeadLetters(operator_database(), queues(), letters)
