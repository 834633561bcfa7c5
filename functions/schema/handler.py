"""Messages of the schema queue: JSON to be read, and chores of whole collections."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox import wiring
from mammothbox.batch import one_by_one
from mammothbox.documents.receive import receive
from mammothbox.documents.source import Reading
from mammothbox.observability import logger, traced
from mammothbox.route import SCHEMA


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do what the messages ask for; those that fail are named in the answer."""
    reading = Reading(
        database=wiring.database(),
        original=wiring.original,
        library=wiring.library(),
        limits=wiring.limits(),
        settings=wiring.document_settings(),
        time_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    return one_by_one(
        event, context, wiring.worker(SCHEMA), lambda delivery: receive(reading, delivery.body)
    )
