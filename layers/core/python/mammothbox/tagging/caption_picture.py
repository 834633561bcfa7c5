"""Caption: show a picture to the captioner and put its answer beside it.

Runs without the catalogue. Whatever comes of it, an answer or the reason why there is none
lies in the library at the end, and the tag function is woken to take it in. A captioner that
has no time for a picture gives no answer and no reason: the stage waits, and is woken again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from mammothbox.batch import Delivery
from mammothbox.errors import Permanent, Retryable
from mammothbox.messages import Outgoing, WakeUp, parse_wake_up
from mammothbox.observability import logger
from mammothbox.route import CAPTION
from mammothbox.storage.library import Library
from mammothbox.tagging import caption_file
from mammothbox.tagging.caption_file import CaptionFile
from mammothbox.tagging.caption_orders import PICTURE
from mammothbox.tagging.captioner import (
    BadAnswer,
    Captioner,
    CaptionerResting,
    RateLimited,
    RefusedBySafety,
)


@dataclass(frozen=True)
class Captioning:
    """What caption works with. `wake_tag` tells the tag function that there is an answer."""

    library: Library
    captioner: Captioner
    language: str
    max_receives: int
    wake_tag: Callable[[WakeUp], None]


@dataclass(frozen=True)
class _File:
    """The answer as it is put away."""

    body: bytes
    name: str = caption_file.NAME
    content_type: str = "application/json"


def receive(captioning: Captioning, delivery: Delivery) -> Outgoing:
    """Caption the picture of the asset that the message names, unless that is done already.

    Raises `Retryable` while another try may help; the last one puts down that none did. Where no
    try was one, because the captioner takes no more for now, the janitor wakes the stage again.
    """
    told = parse_wake_up(delivery.body)
    if told is None or told.stage != CAPTION:
        raise Permanent("not_for_caption", "The message wakes no caption stage.")
    if not _is_captioned(captioning, told):
        last_try = delivery.receives >= captioning.max_receives
        try:
            found = _ask(captioning, told, last_try=last_try)
        except (RateLimited, CaptionerResting) as fault:
            if not last_try:
                raise
            logger.info("the picture waits", extra={"error": fault.code})
            return Outgoing()
        captioning.library.put(told.asset_id, _File(caption_file.dump(found)))
    captioning.wake_tag(told)
    return Outgoing()


def _is_captioned(captioning: Captioning, told: WakeUp) -> bool:
    """A reason why there was no caption is no caption: it may be asked for again."""
    body = captioning.library.read(told.asset_id, caption_file.NAME)
    if body is None:
        return False
    with suppress(Permanent):
        return caption_file.parse(body).caption is not None
    return False


def _ask(captioning: Captioning, told: WakeUp, *, last_try: bool) -> CaptionFile:
    model = captioning.captioner.model
    picture = captioning.library.read(told.asset_id, PICTURE)
    if picture is None:
        return caption_file.given_up("no_picture", model, datetime.now(UTC))
    try:
        answer = captioning.captioner.caption(picture, captioning.language)
    except (RefusedBySafety, BadAnswer) as fault:
        return caption_file.not_captioned(fault, model, datetime.now(UTC))
    except (RateLimited, CaptionerResting):
        raise
    except Retryable as fault:
        if not last_try:
            raise
        logger.warning("no caption", extra={"error": fault.code})
        return caption_file.given_up(fault.code, model, datetime.now(UTC))
    return caption_file.captioned(answer, datetime.now(UTC))
