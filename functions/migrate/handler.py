"""Run on every deployment, before any other function gets new code."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox.catalog.migrate import migrate
from mammothbox.observability import logger, traced
from mammothbox.settings import DatabaseSettings, load


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Apply pending migrations and name them. Raises `MigrationError`, which stops the deploy."""
    applied = migrate(load(DatabaseSettings).database_url.get_secret_value())
    logger.info("migrated", extra={"applied": applied})
    return {"applied": applied}
