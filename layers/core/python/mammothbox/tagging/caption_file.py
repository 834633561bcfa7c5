"""`derived/<asset id>/caption.json`: a caption, or the reason why there is none.

The caption function writes it and the tag function, which alone has the catalogue, reads it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from mammothbox.errors import Permanent
from mammothbox.tagging.captioner import (
    LONGEST_MODEL,
    MOST_TOKENS,
    Answer,
    BadAnswer,
    Caption,
    RefusedBySafety,
)

NAME = "caption.json"
MOST_BYTES = 64_000


class CaptionFile(BaseModel):
    """Either `caption` or `code` is there. `tokens` were used in any case and are settled."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    version: Literal[1] = 1
    at: AwareDatetime
    model: str = Field(min_length=1, max_length=LONGEST_MODEL)
    tokens: int = Field(ge=0, le=MOST_TOKENS)
    caption: Caption | None = None
    code: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,59}$")

    @model_validator(mode="after")
    def _one_or_the_other(self) -> CaptionFile:
        if (self.caption is None) == (self.code is None):
            raise ValueError("either a caption or a code")
        return self


def captioned(answer: Answer, at: datetime) -> CaptionFile:
    return CaptionFile(at=at, model=answer.model, tokens=answer.tokens, caption=answer.caption)


def not_captioned(fault: RefusedBySafety | BadAnswer, model: str, at: datetime) -> CaptionFile:
    return CaptionFile(at=at, model=model, tokens=fault.tokens, code=fault.code)


def given_up(code: str, model: str, at: datetime) -> CaptionFile:
    """After the last try: no answer came and no tokens were used."""
    return CaptionFile(at=at, model=model, tokens=0, code=code)


def dump(file: CaptionFile) -> bytes:
    return file.model_dump_json(exclude_none=True).encode()


def parse(body: bytes) -> CaptionFile:
    """The file's content. Raises `Permanent` for what `dump` cannot have written."""
    if len(body) > MOST_BYTES:
        raise Permanent("caption_file_broken", f"caption.json has {len(body)} bytes.")
    try:
        return CaptionFile.model_validate_json(body)
    except ValidationError as error:
        raise Permanent("caption_file_broken", f"caption.json is not as written: {error}") from None
