"""API Gateway's events, through Mangum."""

from __future__ import annotations

from mammothbox.loading import loading

with loading():
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mammothbox.observability import logger, traced
    from mammothbox.web.problems import MEDIA_TYPE
    from mangum import Mangum
    from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

    from functions.api.app import app

# What is not known to be text goes in base64, and not every gateway takes that back.
_mangum = Mangum(app, lifespan="off", text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, MEDIA_TYPE])


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return _mangum(event, context)  # type: ignore[arg-type]
