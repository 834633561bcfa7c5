"""The scheduled sweep."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox.bus import EventBridgeBus, events
from mammothbox.catalog.connection import Database
from mammothbox.dispatch import Dispatch
from mammothbox.janitor import Janitor, run
from mammothbox.observability import logger, traced
from mammothbox.queues import SqsQueues, sqs
from mammothbox.settings import (
    BusSettings,
    DatabaseSettings,
    JanitorSettings,
    QueueSettings,
    StorageSettings,
    load,
)
from mammothbox.storage.blobs import S3BlobStore
from mammothbox.storage.client import s3
from mammothbox.storage.multipart import S3Multipart


@cache
def _database() -> Database:
    return Database(load(DatabaseSettings).database_url.get_secret_value())


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Sweep once and say what was found. Raises when a task had to be put off."""
    bucket = load(StorageSettings).raw_bucket
    queues = SqsQueues(sqs(), load(QueueSettings).queue_urls)
    bus = EventBridgeBus(events(), load(BusSettings).event_bus)
    janitor = Janitor(
        database=_database(),
        store=S3BlobStore(s3(), bucket),
        multipart=S3Multipart(s3(), bucket),
        queues=queues,
        dispatch=Dispatch(_database(), queues, bus),
        settings=load(JanitorSettings),
    )
    return run(janitor)
