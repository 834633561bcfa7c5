"""What only the owner of the catalogue does: migrate it, and make the first API key.

It runs on every deployment, before any other function gets new code.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox.catalog.migrate import migrate
from mammothbox.catalog.rds import let_in_by_token
from mammothbox.database_access import owner_address
from mammothbox.model_spaces import offer_models
from mammothbox.observability import logger, traced
from mammothbox.settings import ModelSettings, OwnerDatabaseSettings, load

from functions.migrate import first_key


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Apply pending migrations, offer this version's models, and name both.

    Raises `MigrationError` and `CalibrationError`, which stop the deploy. Asked to `make_key`, it
    does that and nothing else.
    """
    url = owner_address(load(OwnerDatabaseSettings))
    if "make_key" in event:
        return first_key.make(url, event["make_key"])
    applied = migrate(url, may_be_newer=True)
    space = offer_models(url, load(ModelSettings).models_folder)
    let_in_by_token(url)
    logger.info("migrated", extra={"applied": applied, "space": space.name})
    return {"applied": applied, "space": space.name}
