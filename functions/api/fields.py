"""Types of request fields: whatever passes them can be stored, signed and shown."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header
from mammothbox.storage.keys import COLLECTION_LIMIT
from pydantic import AfterValidator, Field

_FILENAME_BYTES = 1024
_FIRST_PRINTABLE = " "
_DELETE = "\x7f"


def _no_controls(text: str) -> str:
    if any(character < _FIRST_PRINTABLE or character == _DELETE for character in text):
        raise ValueError("must not contain NUL or other control characters")
    return text


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain NUL")
    return text


def _fits_a_key(name: str) -> str:
    if len(name.encode("utf-8")) > _FILENAME_BYTES:
        raise ValueError(f"must have at most {_FILENAME_BYTES} bytes")
    return name


# A name is shown and never used as a path, so '../' and right-to-left marks are just text.
Filename = Annotated[
    str, Field(min_length=1), AfterValidator(_no_controls), AfterValidator(_fits_a_key)
]
ContentType = Annotated[
    str, Field(max_length=255, pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(;[ -~]*)?$")
]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Collection = Annotated[
    str, Field(min_length=1, max_length=COLLECTION_LIMIT), AfterValidator(_no_controls)
]
Comments = Annotated[str, Field(max_length=10_000), AfterValidator(_no_nul)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="The same key and body give the same ids; another body is refused.",
    ),
]
