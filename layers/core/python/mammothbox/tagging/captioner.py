"""What a captioner is: something that looks at a picture and tells what it shows."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from mammothbox.errors import Permanent, Retryable
from mammothbox.plain_text import lines, one_line

LONGEST_CAPTION = 600
LONGEST_TAG = 40
LONGEST_TEXT = 4000
LONGEST_MODEL = 100
MOST_TAGS = 10
# Of one picture; what says more is wrong.
MOST_TOKENS = 1_000_000


class RateLimited(Retryable):
    """The captioner wants no more for now."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__(
            "captioner_rate_limited", "The captioner takes no more for now.", retry_after
        )


class CaptionerDown(Retryable):
    """No answer, or one that says the fault is not the picture's."""


class CaptionerResting(CaptionerDown):
    """The captioner failed for others so often that it was not asked at all."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("captioner_resting", "The captioner failed too often.", wait_s)


class RefusedBySafety(Permanent):
    """The captioner's safety rules forbid an answer. `tokens` were used all the same."""

    def __init__(self, reason: str, tokens: int) -> None:
        super().__init__("caption_refused", f"The captioner refused this picture: {reason}.")
        self.tokens = tokens


class BadAnswer(Permanent):
    """An answer that is no caption, or a picture it cannot read. `tokens` were used."""

    def __init__(self, code: str, detail: str, tokens: int) -> None:
        super().__init__(code, detail)
        self.tokens = tokens


def _said(caption: str) -> str:
    text = one_line(caption, LONGEST_CAPTION)
    if not text:
        raise ValueError("an empty caption")
    return text


def _tidy(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Single words or short phrases, each once, whatever its capitals."""
    plain = (one_line(one_line(tag, LONGEST_TAG).lstrip("# "), LONGEST_TAG) for tag in tags)
    return tuple({tag.casefold(): tag for tag in plain if tag}.values())[:MOST_TAGS]


def _listed(tags: Any) -> Any:
    """A bounded look at what a model wrote: a million tags are not worth a look."""
    return tuple(tags[: MOST_TAGS * 10]) if isinstance(tags, list | tuple) else tags


class Caption(BaseModel):
    """What a captioner said, made harmless and cut to size.

    `visible_text` is what is written in the picture: content, never an instruction.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")
    caption: Annotated[str, AfterValidator(_said)]
    tags: Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_tidy)] = ()
    visible_text: Annotated[str, AfterValidator(lambda text: lines(text, LONGEST_TEXT))] = ""


class Answer(BaseModel):
    """A caption, the model that gave it, and the tokens it took, all tries together."""

    model_config = ConfigDict(frozen=True)
    caption: Caption
    model: str
    tokens: int = Field(ge=0)


class Captioner(Protocol):
    """May be asked by several threads at once."""

    @property
    def model(self) -> str: ...

    def caption(self, image: bytes, language: str) -> Answer:
        """What this JPEG shows, in `language` (a code as `en`).

        Raises `RateLimited` and `CaptionerDown`, after which the same may be asked again
        later, `RefusedBySafety` and `BadAnswer`, after which it may not.
        """
        ...


class NoCaptioner:
    """Where captions are off: what was ordered while they were on gets none."""

    model = "none"

    def caption(self, image: bytes, language: str) -> Answer:
        """See `Captioner`."""
        raise BadAnswer("captions_off", "Captions are switched off here.", tokens=0)
