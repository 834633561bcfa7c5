"""Wake-ups from the caption queue. This function has no way to the catalogue, and needs none."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox import secrets, wiring
from mammothbox.batch import Worker, one_by_one
from mammothbox.messages import Outgoing
from mammothbox.observability import logger, traced
from mammothbox.route import CAPTION, TAG
from mammothbox.settings import GeminiSettings, WorkerSettings, load
from mammothbox.tagging.caption_picture import Captioning, receive
from mammothbox.tagging.captioner import Captioner, NoCaptioner
from mammothbox.tagging.gemini import GeminiCaptioner, GeminiOptions
from pydantic import SecretStr


@lru_cache(maxsize=1)
def _captioner(key: SecretStr) -> Captioner:
    """One as long as the key is the same, for it remembers when Gemini is down."""
    if not key.get_secret_value().strip():
        return NoCaptioner()
    settings = load(GeminiSettings)
    options = GeminiOptions(
        api_key=key,
        model=settings.gemini_model,
        base_url=settings.gemini_url,
    )
    return GeminiCaptioner(options)


def _send_nothing(_: Outgoing) -> None:
    """Without a catalogue there is no outbox."""


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Caption the pictures the messages name; those that fail are named in the answer."""
    queues, settings = wiring.queues(), load(GeminiSettings)
    captioning = Captioning(
        library=wiring.library(),
        captioner=_captioner(secrets.reveal(settings.gemini_api_key)),
        language=settings.caption_language,
        max_receives=load(WorkerSettings).max_receives,
        wake_tag=lambda wake_up: queues.hand_on(TAG, wake_up),
    )
    return one_by_one(
        event,
        context,
        Worker(CAPTION, queues, _send_nothing),
        lambda delivery: receive(captioning, delivery),
    )
