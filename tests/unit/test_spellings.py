"""Whoever is refused for how a text is spelt is told in words."""

from __future__ import annotations

from collections.abc import Iterator

from mammothbox.web.fields import ClockTime
from mammothbox.web.spellings import IN_WORDS
from pydantic import TypeAdapter

from infra import openapi


def patterns(shape: object) -> Iterator[str]:
    """All that a contract holds texts to."""
    if isinstance(shape, dict):
        if isinstance(shape.get("pattern"), str):
            yield shape["pattern"]
        shape = list(shape.values())
    if isinstance(shape, list):
        for each in shape:
            yield from patterns(each)


def test_every_expression_of_the_contract_has_words() -> None:
    says_so_itself = TypeAdapter(ClockTime).json_schema()["pattern"]

    assert {*patterns(openapi.document())} - {says_so_itself} == IN_WORDS.keys()
