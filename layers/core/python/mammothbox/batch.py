"""The one place that maps what a worker does to SQS's partial batch responses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSEvent, SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from mammothbox.errors import Permanent, Retryable, Unavailable
from mammothbox.messages import REQUEST_ID_ATTRIBUTE, Outcome, Outgoing
from mammothbox.observability import logger
from mammothbox.queues import SqsQueues
from mammothbox.stages import Failed

_LONGEST_BACKOFF_S = 120
# All waits of a message together are shorter than the janitor's before it wakes a stage again.
_LONGEST_WAIT_S = 600


@dataclass(frozen=True)
class Delivery:
    """A message as it was handed over, and how often it has been by now."""

    body: str
    receives: int


@dataclass(frozen=True)
class Worker:
    """Whose messages these are, where they go back to, and how results leave."""

    name: str
    queues: SqsQueues
    send: Callable[[Outgoing], None]


def one_by_one(
    event: dict[str, Any],
    context: LambdaContext,
    worker: Worker,
    work: Callable[[Delivery], Outgoing],
) -> dict[str, Any]:
    """Let `work` deal with each message and send, once, what all of them leave to send.

    A message whose work raises is reported as failed and comes back sooner than its queue's
    visibility timeout would have it; after the last receive SQS puts it to the dead letters.
    """

    def outcome(record: SQSRecord) -> Outcome:
        try:
            return work(_delivery(record))
        except Exception as error:
            return error

    return _report(event, context, worker, outcome)


def all_at_once(
    event: dict[str, Any],
    context: LambdaContext,
    worker: Worker,
    work: Callable[[Sequence[Delivery]], Sequence[Outcome]],
) -> dict[str, Any]:
    """Let `work` deal with all messages together, and report each as `one_by_one` does."""
    records = list(SQSEvent(event).records)
    outcomes = work([_delivery(record) for record in records])
    by_message = {
        record.message_id: outcome for record, outcome in zip(records, outcomes, strict=True)
    }
    return _report(event, context, worker, lambda record: by_message[record.message_id])


def _report(
    event: dict[str, Any],
    context: LambdaContext,
    worker: Worker,
    outcome_of: Callable[[SQSRecord], Outcome],
) -> dict[str, Any]:
    left: list[Outgoing] = []

    def handle(record: SQSRecord) -> None:
        with _logged_as(record):
            outcome = outcome_of(record)
            if isinstance(outcome, Outgoing):
                left.append(outcome)
                return
            if isinstance(outcome, Failed):
                left.append(outcome.outgoing)
            _log(outcome)
            _bring_back(worker, record, _pause_s(outcome, record))
            raise outcome

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(
        event=event, record_handler=handle, processor=processor, context=context
    )
    worker.send(sum(left, Outgoing()))
    return dict(answer)


def _delivery(record: SQSRecord) -> Delivery:
    return Delivery(record.body, int(record.attributes.approximate_receive_count))


def _logged_as(record: SQSRecord) -> Any:
    # Its `get` would return the raw dictionary; this returns `None` for what is not there.
    attribute = record.message_attributes[REQUEST_ID_ATTRIBUTE]
    keys = {"message_id": record.message_id}
    if attribute is not None and attribute.string_value:
        keys["request_id"] = attribute.string_value
    return logger.append_context_keys(**keys)


def _log(error: Exception) -> None:
    if isinstance(error, Permanent):
        logger.error("message refused", extra={"code": error.code, "detail": error.detail})
    else:
        logger.error("message failed", exc_info=error)


def _pause_s(error: Exception, record: SQSRecord) -> int:
    """What time may mend waits longer each time; the rest goes straight to the dead letters."""
    if isinstance(error, Permanent):
        return 0
    receives = int(record.attributes.approximate_receive_count)
    backoff = min(1 << receives, _LONGEST_BACKOFF_S)
    asked = error.retry_after if isinstance(error, Retryable) else None
    # All that wait for the same moment would be too many again: the next time they wait longer.
    return max(backoff, min(ceil(asked or 0) << (receives - 1), _LONGEST_WAIT_S))


def _bring_back(worker: Worker, record: SQSRecord, pause_s: int) -> None:
    try:
        worker.queues.hide(worker.name, record.receipt_handle, pause_s)
    except Unavailable:
        logger.warning("the message comes back only after its visibility timeout")
