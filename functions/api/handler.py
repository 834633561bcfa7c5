"""API Gateway's events, through Mangum."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox.observability import logger, traced
from mangum import Mangum

from functions.api.app import app

_mangum = Mangum(app, lifespan="off")


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return _mangum(event, context)  # type: ignore[arg-type]
