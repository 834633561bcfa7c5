"""Wake-ups from the tag queue: vectors to be tagged, and captions to be taken in."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox import model_wiring, wiring
from mammothbox.batch import one_by_one
from mammothbox.observability import logger, traced
from mammothbox.route import TAG
from mammothbox.tagging.tag_asset import Tagging, receive


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Tag what the messages name; those that fail are named in the answer."""
    tagging = Tagging(
        database=wiring.database(),
        library=wiring.library(),
        encoder=model_wiring.encoder,
        vocabulary=model_wiring.vocabulary(),
        limits=wiring.limits(),
        labels=model_wiring.labels(),
        time_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    return one_by_one(
        event, context, wiring.worker(TAG), lambda delivery: receive(tagging, delivery.body)
    )
