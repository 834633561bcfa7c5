"""Wake-ups from the embed queue: media to be understood and embedded."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox import model_wiring, wiring
from mammothbox.batch import all_at_once
from mammothbox.embedding.embed import Embed, receive
from mammothbox.observability import logger, traced
from mammothbox.route import EMBED


@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Embed what the messages name in one run of the model; those that fail are named."""
    embed = Embed(
        database=wiring.database(),
        original=wiring.original,
        library=wiring.library(),
        decoders=model_wiring.decoders(),
        options=model_wiring.decoder_options(),
        encoder=model_wiring.encoder,
        vocabulary=model_wiring.vocabulary(),
        captions=model_wiring.caption_orders(),
        limits=wiring.limits(),
        time_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    return all_at_once(
        event,
        context,
        wiring.worker(EMBED),
        lambda deliveries: receive(embed, [delivery.body for delivery in deliveries]),
    )
