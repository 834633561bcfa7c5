"""Messages of the cluster queue: vectors to find a place for, and chores of whole libraries."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox import wiring
from mammothbox.batch import one_by_one
from mammothbox.clustering.errands import Clustering
from mammothbox.clustering.receive import receive
from mammothbox.observability import logger, traced
from mammothbox.route import CLUSTER


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do what the messages ask for; those that fail are named in the answer."""
    clustering = Clustering(
        database=wiring.database(),
        placing=wiring.placing(),
        limits=wiring.limits(),
        time_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    return one_by_one(
        event, context, wiring.worker(CLUSTER), lambda delivery: receive(clustering, delivery.body)
    )
