"""What the Gemini API's errors mean for a picture.

The API's own messages go no further than `told`: they may quote the key.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from mammothbox.plain_text import one_line
from mammothbox.tagging.captioner import BadAnswer, CaptionerDown, RateLimited

if TYPE_CHECKING:
    from google.genai.errors import APIError

LONGEST_WAIT_S = 24 * 3600.0
_KEY = re.compile(r"AIza[\w-]+|(?<=api_key:)\S+")
_SECONDS = re.compile(r"(\d{1,9}(?:\.\d+)?)s?")
_TOO_MANY = 429
_UNKNOWN = 404
_TIMED_OUT = 408
_OURS = range(400, 500)


def fault_of(
    error: APIError, now: datetime | None = None
) -> RateLimited | CaptionerDown | BadAnswer:
    """The error to raise for one that the client raised."""
    code, status = error.code, one_line(str(error.status or ""), 40)
    if code == _TOO_MANY:
        return RateLimited(retry_after(error, now or datetime.now(UTC)))
    if _is_about_the_key(error):
        return CaptionerDown(
            "captioner_key_refused",
            f"The captioner refuses the key it is given ({code} {status}): an operator's matter.",
        )
    if code == _UNKNOWN:
        return CaptionerDown(
            "captioner_model_unknown", "The captioner has no such model: an operator's matter."
        )
    if code in _OURS and code != _TIMED_OUT:
        return BadAnswer(
            "caption_picture_not_taken",
            f"The captioner cannot work with this picture ({code} {status}).",
            tokens=0,
        )
    return CaptionerDown(
        "captioner_failing",
        f"The captioner is failing ({code} {status}).",
        retry_after(error, now or datetime.now(UTC)),
    )


def told(error: APIError, key: str) -> str:
    """What the API says, for an operator's log, with every key struck out."""
    message = str(error.message or "").replace(key, "[key]")
    return one_line(_KEY.sub("[key]", message), 300)


def retry_after(error: APIError, now: datetime) -> float | None:
    """Seconds the service asks for, in its header or its body; at most a day."""
    response: Any = getattr(error, "response", None)
    header = getattr(response, "headers", None) or {}
    asked = [_seconds(header.get("retry-after"), now)]
    asked += [_seconds(detail.get("retryDelay"), now) for detail in _details(error)]
    known = [seconds for seconds in asked if seconds is not None]
    return min(max(known), LONGEST_WAIT_S) if known else None


def _is_about_the_key(error: APIError) -> bool:
    """A wrong key is answered with 400 like a bad picture, and told apart by its reason."""
    if error.code in (401, 403) or error.status == "FAILED_PRECONDITION":
        return True
    reasons = [detail.get("reason") for detail in _details(error)]
    return error.code in _OURS and "API_KEY_INVALID" in reasons


def _details(error: APIError) -> list[dict[str, Any]]:
    """The error's `google.rpc` details, whatever shape the body is in."""
    body = error.details
    inside = body.get("error") if isinstance(body, dict) else None
    details = inside.get("details") if isinstance(inside, dict) else None
    return [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []


def _seconds(text: object, now: datetime) -> float | None:
    """`7`, `7.5s` or an HTTP date."""
    if not isinstance(text, str):
        return None
    if plain := _SECONDS.fullmatch(text.strip()):
        return float(plain[1])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return max(0.0, float(math.ceil(seconds)))
