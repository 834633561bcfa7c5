"""Text from files and models, made harmless: it may hold anything its writer liked."""

from __future__ import annotations

import re
import unicodedata

# Control characters, lone surrogates, byte order marks, and the signs that turn the reading
# direction round, with which a text can look like another one.
_HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\u202a-\u202e\u2066-\u2069]")


def one_line(text: str, longest: int) -> str:
    """The text without control characters, its white space single, cut to `longest`."""
    return _cut(" ".join(_harmless(text, longest).split()), longest)


def lines(text: str, longest: int) -> str:
    """The same, but line breaks stay."""
    each = (" ".join(line.split()) for line in _harmless(text, longest).splitlines())
    return _cut("\n".join(line for line in each if line), longest)


def _harmless(text: str, longest: int) -> str:
    # No text shrinks so much that what lies beyond could still be wanted.
    near = re.sub(r"\r\n?|[\u2028\u2029]", "\n", text[: longest * 8 + 1000])
    return unicodedata.normalize("NFC", _HARMFUL.sub("", near))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
