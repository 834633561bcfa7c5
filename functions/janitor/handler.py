"""The scheduled sweep."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox import wiring
from mammothbox.janitor import Janitor, run
from mammothbox.observability import logger, traced
from mammothbox.settings import JanitorSettings, load
from mammothbox.storage.client import s3
from mammothbox.storage.multipart import S3Multipart


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Sweep once and say what was found. Raises when a task had to be put off."""
    store = wiring.originals()
    janitor = Janitor(
        database=wiring.database(),
        store=store,
        multipart=S3Multipart(s3(), store.bucket),
        library=wiring.library(),
        queues=wiring.queues(),
        dispatch=wiring.dispatch(),
        settings=load(JanitorSettings),
    )
    return run(janitor)
