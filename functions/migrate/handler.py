"""Run on every deployment, before any other function gets new code."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox.catalog.migrate import migrate
from mammothbox.catalog.rds import let_in_by_token
from mammothbox.database_access import owner_address
from mammothbox.model_spaces import offer_models
from mammothbox.observability import logger, traced
from mammothbox.settings import ModelSettings, OwnerDatabaseSettings, load


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Apply pending migrations, offer this version's models, and name both.

    Raises `MigrationError` and `CalibrationError`, which stop the deploy.
    """
    url = owner_address(load(OwnerDatabaseSettings))
    applied = migrate(url)
    let_in_by_token(url)
    space = offer_models(url, load(ModelSettings).models_folder)
    logger.info("migrated", extra={"applied": applied, "space": space.name})
    return {"applied": applied, "space": space.name}
