"""What the API's routes work with, built once per execution environment, on first use."""

from __future__ import annotations

from functools import cache

from mammothbox import database_access, wiring
from mammothbox.catalog.connection import Database
from mammothbox.dead_letters import DeadLetters
from mammothbox.dispatch import Dispatch
from mammothbox.queues import SqsQueues, sqs
from mammothbox.settings import CaptionSettings, OperatorDatabaseSettings, QueueSettings, load
from mammothbox.storage.blobs import S3BlobStore
from mammothbox.storage.client import s3
from mammothbox.storage.library import Library
from mammothbox.tagging import caption_orders as orders
from mammothbox.tagging.caption_orders import CaptionOrders
from mammothbox.uploads.address import Desk
from mammothbox.web.services import (
    database,
    derivative_address,
    download_address,
    media_settings,
    storage_settings,
)

__all__ = [
    "caption_orders",
    "database",
    "dead_letters",
    "derivative_address",
    "desk",
    "dispatch",
    "download_address",
    "library",
    "media_settings",
    "operator_database",
    "operator_dispatch",
    "queues",
    "storage_settings",
    "store",
]


@cache
def operator_database() -> Database:
    """The catalogue as role `operator`."""
    return database_access.operator_database(load(OperatorDatabaseSettings))


@cache
def store() -> S3BlobStore:
    """The raw bucket, with a client's patience."""
    return S3BlobStore(s3(), storage_settings().raw_bucket)


@cache
def library() -> Library:
    return Library(s3(), storage_settings().library_bucket)


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
