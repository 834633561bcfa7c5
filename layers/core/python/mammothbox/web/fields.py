"""Types of request fields: whatever passes them can be stored, signed and shown."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from fastapi import Header
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    NaiveDatetime,
    WithJsonSchema,
)

from mammothbox.keys import MOST_DAYS
from mammothbox.storage.keys import COLLECTION_LIMIT, collection_name
from mammothbox.web import spellings

_FILENAME_BYTES = 1024
_CLOCK = r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?"
_RFC_3339 = re.compile(_CLOCK + r"(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_WITHOUT_OFFSET = re.compile(_CLOCK, re.ASCII)
_FIRST_PRINTABLE = " "
_DELETE = "\x7f"


def _no_controls(text: str) -> str:
    if any(character < _FIRST_PRINTABLE or character == _DELETE for character in text):
        raise ValueError("must not contain NUL or other control characters")
    return text


def _one_plain_line(text: str) -> str:
    """The same word is the same tag however its accents are put together."""
    plain = unicodedata.normalize("NFC", " ".join(_no_controls(text).split()))
    if not plain:
        raise ValueError("must not be blank")
    return plain


def _names_a_collection(text: str) -> str:
    name = collection_name(text)
    if name is None:
        raise ValueError(f"must be one line of 1 to {COLLECTION_LIMIT} characters, no controls")
    return name


def _in_rfc_3339(text: object) -> object:
    # Pydantic would also take a number, for seconds or milliseconds since 1970.
    if not isinstance(text, str) or _RFC_3339.fullmatch(text) is None:
        raise ValueError(
            "must be RFC 3339, such as 2026-03-01T12:00:00Z; in an address write '+' as %2B"
        )
    return text


def _at_most(longest: int) -> AfterValidator:
    """Putting accents together may make a text longer than it came."""

    def check(text: str) -> str:
        if len(text) > longest:
            raise ValueError(f"must have at most {longest} characters, in Unicode's form NFC")
        return text

    return AfterValidator(check)


def _without_offset(text: object) -> object:
    if not isinstance(text, str) or _WITHOUT_OFFSET.fullmatch(text) is None:
        raise ValueError("must be RFC 3339 without the offset, such as 2026-03-01T12:00:00")
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
ContentType = Annotated[str, Field(max_length=255, pattern=spellings.MEDIA_TYPE)]
Sha256 = Annotated[str, Field(pattern=spellings.SHA256)]
Collection = Annotated[
    str, Field(min_length=1, max_length=COLLECTION_LIMIT), AfterValidator(_names_a_collection)
]
Instant = Annotated[AwareDatetime, BeforeValidator(_in_rfc_3339)]
ClockTime = Annotated[
    NaiveDatetime,
    BeforeValidator(_without_offset),
    WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK}$"}),
]
TagLabel = Annotated[
    str, Field(min_length=1, max_length=60), AfterValidator(_one_plain_line), _at_most(60)
]
ClusterName = Annotated[
    str, Field(min_length=1, max_length=120), AfterValidator(_one_plain_line), _at_most(120)
]
KeyName = Annotated[
    str, Field(min_length=1, max_length=120), AfterValidator(_one_plain_line), _at_most(120)
]
KeyDays = Annotated[float, Field(gt=0, le=MOST_DAYS)]
Comments = Annotated[str, Field(max_length=10_000), AfterValidator(_no_nul)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=spellings.IDEMPOTENCY_KEY,
        description="The same key and body give the same ids; another body is refused.",
    ),
]
