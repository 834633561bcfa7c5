"""S3 events and wake-ups from the intake queue."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox import wiring
from mammothbox.batch import one_by_one
from mammothbox.intake.take_in import Intake, receive
from mammothbox.observability import logger, traced
from mammothbox.route import INTAKE
from mammothbox.settings import IntakeSettings, load


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take in what the messages tell of; those that fail are named in the answer."""
    intake = Intake(
        database=wiring.database(),
        store=wiring.originals(),
        limits=wiring.limits(),
        hash_limit=load(IntakeSettings).hash_limit_bytes,
        time_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    return one_by_one(
        event, context, wiring.worker(INTAKE), lambda delivery: receive(intake, delivery.body)
    )
