"""The one place that maps what a worker does to SQS's partial batch responses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from mammothbox.dispatch import Dispatch
from mammothbox.errors import Permanent, Unavailable
from mammothbox.messages import REQUEST_ID_ATTRIBUTE, Outgoing
from mammothbox.observability import logger
from mammothbox.queues import SqsQueues
from mammothbox.stages import Failed

_LONGEST_BACKOFF_S = 120


def handle_batch(
    event: dict[str, Any],
    context: LambdaContext,
    *,
    worker: str,
    work: Callable[[str], Outgoing],
    dispatch: Dispatch,
    queues: SqsQueues,
) -> dict[str, Any]:
    """Let `work` deal with each message's body and send, once, what all of them leave to send.

    A message whose work raises is reported as failed and comes back sooner than its queue's
    visibility timeout would have it; after the last receive SQS puts it to the dead letters.
    """
    left: list[Outgoing] = []

    def handle(record: SQSRecord) -> None:
        with _logged_as(record):
            try:
                left.append(work(record.body))
            except Exception as error:
                if isinstance(error, Failed):
                    left.append(error.outgoing)
                _log(error)
                _bring_back(queues, worker, record, _pause_s(error, record))
                raise

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(
        event=event, record_handler=handle, processor=processor, context=context
    )
    dispatch.send(sum(left, Outgoing()))
    return dict(answer)


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
        logger.exception("message failed")


def _pause_s(error: Exception, record: SQSRecord) -> int:
    """What time may mend waits longer each time; the rest goes straight to the dead letters."""
    if isinstance(error, Permanent):
        return 0
    receives = int(record.attributes.approximate_receive_count)
    return min(1 << receives, _LONGEST_BACKOFF_S)


def _bring_back(queues: SqsQueues, worker: str, record: SQSRecord, pause_s: int) -> None:
    try:
        queues.hide(worker, record.receipt_handle, pause_s)
    except Unavailable:
        logger.warning("the message comes back only after its visibility timeout")
