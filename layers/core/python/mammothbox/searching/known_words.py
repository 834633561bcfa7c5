"""Which words are words: the builtin model's own, which it learned to read from much text."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

_TOKENIZER = Path("builtin", "tokenizer.json")
# What stands before a token that goes on with a word.
_GOES_ON = "##"


def is_known(models_folder: Path, word: str) -> bool:
    """Whether the word, in small letters, is one; also the plural of one. None is without a model.

    The first word takes as long as it takes to read the list.
    """
    words = _words(models_folder)
    return any(form in words for form in (word, word.removesuffix("s"), word.removesuffix("es")))


@cache
def _words(models_folder: Path) -> frozenset[str]:
    try:
        told = json.loads((models_folder / _TOKENIZER).read_bytes())
    except FileNotFoundError:
        return frozenset()
    return frozenset(word for word in told["model"]["vocab"] if not word.startswith(_GOES_ON))
