"""S3 events and wake-ups from the intake queue."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox.batch import handle_batch
from mammothbox.bus import EventBridgeBus, events
from mammothbox.catalog.connection import Database
from mammothbox.dispatch import Dispatch
from mammothbox.intake.take_in import Intake, receive
from mammothbox.observability import logger, traced
from mammothbox.queues import SqsQueues, sqs
from mammothbox.settings import (
    BusSettings,
    DatabaseSettings,
    IntakeSettings,
    QueueSettings,
    StorageSettings,
    WorkerSettings,
    load,
)
from mammothbox.stages import INTAKE, Limits
from mammothbox.storage.blobs import S3BlobStore
from mammothbox.storage.client import STREAM_PATIENCE_S, s3


@cache
def _database() -> Database:
    return Database(load(DatabaseSettings).database_url.get_secret_value())


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take in what the messages tell of; those that fail are named in the answer."""
    worker = load(WorkerSettings)
    queues = SqsQueues(sqs(), load(QueueSettings).queue_urls)
    intake = Intake(
        database=_database(),
        store=S3BlobStore(s3(STREAM_PATIENCE_S), load(StorageSettings).raw_bucket),
        limits=Limits(worker.lease_s, worker.max_receives),
        hash_limit=load(IntakeSettings).hash_limit_bytes,
        time_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    return handle_batch(
        event,
        context,
        worker=INTAKE,
        work=lambda body: receive(intake, body),
        dispatch=Dispatch(
            _database(), queues, EventBridgeBus(events(), load(BusSettings).event_bus)
        ),
        queues=queues,
    )
