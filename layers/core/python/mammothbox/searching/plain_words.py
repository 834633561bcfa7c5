"""Words as the catalogue compares them: `public.plain_words`, for what Python has to take apart.

Only words that filters name go through this; a test holds the two together.
"""

from __future__ import annotations

import re
import unicodedata

# What no decomposition takes apart, as Postgres' `unaccent` spells it.
_SPELT_OUT = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d"}
    | {"Đ": "D", "ł": "l", "Ł": "L", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ı": "i"}
)
_BETWEEN = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_NO_WORD = re.compile(r"[\W_]+")
# Written without spaces between words: each is a word, and nothing is taken off it.
_WORD_SIGN = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])")


def plain_words(text: str) -> list[str]:
    """Without accents and signs, in small letters, apart where letters meet digits."""
    parts = _WORD_SIGN.split(text.translate(_SPELT_OUT))
    # The signs that it is split at come between the rest.
    bare = " ".join(part if at % 2 else _bare(part) for at, part in enumerate(parts))
    return _NO_WORD.sub(" ", _BETWEEN.sub(" ", bare)).lower().split()


def _bare(text: str) -> str:
    taken_apart = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in taken_apart if not unicodedata.combining(sign))
