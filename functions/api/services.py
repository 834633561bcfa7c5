"""What the routes work with, built once per execution environment, on first use."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from mammothbox import wiring
from mammothbox.catalog.connection import Database
from mammothbox.dead_letters import DeadLetters
from mammothbox.dispatch import Dispatch
from mammothbox.queues import SqsQueues, sqs
from mammothbox.settings import (
    CaptionSettings,
    DatabaseSettings,
    MediaSettings,
    OperatorDatabaseSettings,
    QueueSettings,
    StorageSettings,
    load,
)
from mammothbox.storage.blobs import S3BlobStore
from mammothbox.storage.client import s3
from mammothbox.storage.library import Library, derived_key
from mammothbox.storage.presign import presign_derivative
from mammothbox.tagging import caption_orders as orders
from mammothbox.tagging.caption_orders import CaptionOrders
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
    """The raw bucket, with a client's patience."""
    return S3BlobStore(s3(), storage_settings().raw_bucket)


@cache
def library() -> Library:
    return Library(s3(), storage_settings().library_bucket)


def derivative_address(asset_id: UUID, name: str) -> str:
    """Where a client gets a derivative, for a few minutes."""
    settings = storage_settings()
    return presign_derivative(
        s3(),
        bucket=settings.library_bucket,
        key=derived_key(asset_id, name),
        expires_s=settings.download_expires_s,
    )


@cache
def media_settings() -> MediaSettings:
    return load(MediaSettings)


@cache
def caption_orders() -> CaptionOrders:
    return orders.caption_orders(load(CaptionSettings))


@cache
def desk() -> Desk:
    return Desk(database(), s3(), storage_settings())


@cache
def dispatch() -> Dispatch:
    return Dispatch(database(), queues(), wiring.bus())


@cache
def operator_dispatch() -> Dispatch:
    return Dispatch(operator_database(), queues(), wiring.bus())


def queues() -> SqsQueues:
    return wiring.queues()


@cache
def dead_letters() -> DeadLetters:
    letters = SqsQueues(sqs(), load(QueueSettings).dead_letter_queue_urls)
    return DeadLetters(operator_database(), queues(), letters)
