"""Captions by Google's Gemini, through its own client library, which is imported at first use."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from mammothbox.observability import logger
from mammothbox.plain_text import one_line
from mammothbox.tagging.captioner import (
    LONGEST_MODEL,
    MOST_TOKENS,
    Answer,
    BadAnswer,
    Caption,
    CaptionerDown,
    CaptionerResting,
    RateLimited,
    RefusedBySafety,
)
from mammothbox.tagging.circuit import Circuit
from mammothbox.tagging.gemini_faults import fault_of, told
from mammothbox.tagging.gemini_prompt import (
    MOST_OUTPUT_TOKENS,
    QUESTION,
    SCHEMA,
    estimate_tokens,
    instructions,
)

if TYPE_CHECKING:
    from google import genai
    from google.genai.types import GenerateContentResponse

__all__ = ["DEFAULT_MODEL", "GeminiCaptioner", "GeminiOptions", "estimate_tokens"]

DEFAULT_MODEL = "gemini-3.5-flash-lite"
_LONGEST_ANSWER = 64_000
_BACKOFF_S = 1.0
_READINGS = 2
_JITTER = random.SystemRandom()
# Faults that may be gone in a moment; the others wait for an operator.
_PASSING = {"captioner_unreachable", "captioner_timed_out", "captioner_failing"}
_CUT_OFF = "MAX_TOKENS"
_REFUSALS = {
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "ESCALATION",
    "MODEL_ARMOR",
}


class GeminiOptions(BaseModel):
    """`patience_s` is how long one picture may take with all its tries, the last one's
    `timeout_s` not counted. After `failures` pictures in a row Gemini rests for `rest_s`.
    """

    model_config = ConfigDict(frozen=True)
    api_key: SecretStr = Field(min_length=1)
    model: str = DEFAULT_MODEL
    base_url: str | None = None
    timeout_s: float = Field(default=20, gt=0)
    attempts: int = Field(default=3, ge=1)
    patience_s: float = Field(default=30, ge=0)
    failures: int = Field(default=3, ge=1)
    rest_s: float = Field(default=60, gt=0)


class _Unreadable(Exception):
    """An answer that is no caption."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.tokens = tokens


_Fault: TypeAlias = RateLimited | CaptionerDown | BadAnswer | _Unreadable


class GeminiCaptioner:
    """A `Captioner`. Keep one per execution environment: it remembers when Gemini is down."""

    def __init__(
        self,
        options: GeminiOptions,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._options = options
        self._clock = clock
        self._sleep = sleep
        self._circuit = Circuit(options.failures, options.rest_s, clock)

    @property
    def model(self) -> str:
        return self._options.model

    def caption(self, image: bytes, language: str) -> Answer:
        """See `Captioner`. Tries again by itself while its patience lasts."""
        told_how = instructions(language)
        if wait := self._circuit.wait_s():
            raise CaptionerResting(wait)
        give_up_at = self._clock() + self._options.patience_s
        try:
            answer = self._read(image, told_how, give_up_at)
        except (RateLimited, CaptionerDown) as fault:
            self._circuit.failed(fault.retry_after)
            raise
        except (BadAnswer, RefusedBySafety):
            self._circuit.succeeded()
            raise
        self._circuit.succeeded()
        return answer

    def close(self) -> None:
        """Close the connections. They are opened again when needed."""
        if client := self.__dict__.pop("_client", None):
            client.close()

    def _read(self, image: bytes, told_how: str, give_up_at: float) -> Answer:
        """Ask, and ask once more when the answer cannot be read."""
        tokens = 0
        for _ in range(_READINGS):
            try:
                answer = _answer(self._ask(image, told_how, give_up_at), self.model)
            except _Unreadable as unreadable:
                tokens += unreadable.tokens
            except (RefusedBySafety, BadAnswer) as fault:
                fault.tokens += tokens
                raise
            except (RateLimited, CaptionerDown):
                if tokens:
                    break
                raise
            else:
                return answer.model_copy(update={"tokens": answer.tokens + tokens})
        raise BadAnswer("caption_unreadable", "The captioner's answer cannot be read.", tokens)

    def _ask(self, image: bytes, told_how: str, give_up_at: float) -> GenerateContentResponse:
        """Ask until there is an answer, the tries are used up, or patience is at its end."""
        attempt = 1
        while isinstance(answer := self._ask_once(image, told_how), _Fault):
            wait = _wait_s(answer, attempt)
            last = attempt == self._options.attempts
            if wait is None or last or self._clock() + wait > give_up_at:
                raise answer
            self._sleep(wait)
            attempt += 1
        return answer

    def _ask_once(self, image: bytes, told_how: str) -> GenerateContentResponse | _Fault:
        """Faults are returned, so that raising them drags no error of the client along.

        Those hold the request, and with it the key.
        """
        import httpx2  # noqa: PLC0415 - slow, and only captions need it
        from google.genai import errors, types  # noqa: PLC0415 - slow, and only captions need it

        client = self._client
        picture = types.Part.from_bytes(data=image, mime_type="image/jpeg")
        question = types.Part.from_text(text=QUESTION)
        try:
            return client.models.generate_content(
                model=self.model,
                contents=types.Content(role="user", parts=[picture, question]),
                config=types.GenerateContentConfig(
                    system_instruction=told_how,
                    response_mime_type="application/json",
                    response_schema=types.Schema.model_validate(SCHEMA),
                    max_output_tokens=MOST_OUTPUT_TOKENS,
                    media_resolution=types.MediaResolution.MEDIA_RESOLUTION_HIGH,
                ),
            )
        except errors.APIError as error:
            key = self._options.api_key.get_secret_value()
            logger.warning("captioner refused", status=error.code, told=told(error, key))
            return fault_of(error)
        except httpx2.TimeoutException:
            return CaptionerDown("captioner_timed_out", "The captioner did not answer in time.")
        except httpx2.HTTPError:
            return CaptionerDown("captioner_unreachable", "The captioner cannot be reached.")
        except UnicodeEncodeError:
            # Of what is sent, it alone is not ours.
            return CaptionerDown(
                "captioner_key_refused", "The key has letters that none has: an operator's matter."
            )
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            # The client could not make sense of the answer, and does not always say so itself.
            return _Unreadable(tokens=0)

    @cached_property
    def _client(self) -> genai.Client:
        from google import genai  # noqa: PLC0415 - slow, and only captions need it

        options = genai.types.HttpOptions(
            base_url=self._options.base_url, timeout=ceil(self._options.timeout_s * 1000)
        )
        key = self._options.api_key.get_secret_value()
        return genai.Client(api_key=key, vertexai=False, http_options=options)


def _wait_s(fault: Exception, attempt: int) -> float | None:
    """How long to wait before the next try; `None` when another one is of no use."""
    if isinstance(fault, RateLimited) or (
        isinstance(fault, CaptionerDown) and fault.code in _PASSING
    ):
        backoff = _BACKOFF_S * 2 ** (attempt - 1)
        return (fault.retry_after or backoff) + _JITTER.uniform(0, backoff)
    return None


def _answer(response: GenerateContentResponse, model: str) -> Answer:
    """The caption in the answer, whose text is as untrusted as the picture."""
    usage = response.usage_metadata
    tokens = min(max(0, (usage and usage.total_token_count) or 0), MOST_TOKENS)
    if response.prompt_feedback and (blocked := response.prompt_feedback.block_reason):
        raise RefusedBySafety(blocked.name.lower(), tokens)
    candidate = response.candidates[0] if response.candidates else None
    finish = candidate.finish_reason.name if candidate and candidate.finish_reason else ""
    if finish in _REFUSALS:
        raise RefusedBySafety(finish.lower(), tokens)
    if finish == _CUT_OFF:
        raise BadAnswer("caption_cut_off", "The captioner's answer was too long.", tokens)
    parts = (candidate.content and candidate.content.parts) or [] if candidate else []
    text = "".join(part.text or "" for part in parts if not part.thought)
    try:
        caption = Caption.model_validate_json(text if len(text) <= _LONGEST_ANSWER else "")
    except ValidationError:
        raise _Unreadable(tokens) from None
    version = one_line(response.model_version or "", LONGEST_MODEL) or model
    return Answer(caption=caption, model=version, tokens=tokens)
