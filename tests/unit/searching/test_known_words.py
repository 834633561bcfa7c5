"""Which words are taken for words."""

from __future__ import annotations

from pathlib import Path

import pytest
from mammothbox.searching.known_words import is_known

MODELS = Path(__file__).parents[3] / "models"


@pytest.mark.parametrize("word", ["food", "glass", "goose", "mouse", "late", "pandas", "beaches"])
def test_words_of_the_language_are_known(word: str) -> None:
    assert is_known(MODELS, word)


@pytest.mark.parametrize("word", ["sunste", "kittn", "##ing", ""])
def test_others_are_not(word: str) -> None:
    assert not is_known(MODELS, word)


def test_without_a_model_no_word_is(tmp_path: Path) -> None:
    assert not is_known(tmp_path, "food")
