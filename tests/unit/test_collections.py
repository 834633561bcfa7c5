"""What a collection may be called: one rule, whichever way a file comes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mammothbox.searching import query_text
from mammothbox.storage.keys import COLLECTION_LIMIT, DropKey, parse_key
from mammothbox.web.fields import Collection
from pydantic import TypeAdapter, ValidationError

GOOD = ["attic", "Sommer 2026", "été", "a.b", "日本", "🦣", "c" * COLLECTION_LIMIT]
# Written otherwise, as folders of macOS are, they are the same names.
SAME = {
    "e\u0301te\u0301": "été",
    "  Sommer \u00a0 2026 ": "Sommer 2026",
    "\ufeffattic\u202e": "attic",
}
BAD = [
    " ",
    "\u3000",
    "a\tb",
    "a\nb",
    "\r",
    "\x7f",
    "\x85",
    "a\u2028b",
    "\u2029",
    "c" * (COLLECTION_LIMIT + 1),
]


def of_a_drop(folder: str) -> str | None:
    """The collection of a file dropped into that folder; the file has its place in any case."""
    place = parse_key(f"drop/ada/{folder}/a.json")
    assert isinstance(place, DropKey)
    return place.collection


def of_the_api(name: str) -> str | None:
    try:
        return TypeAdapter(Collection).validate_python(name)
    except ValidationError:
        return None


@pytest.mark.parametrize("name", GOOD)
def test_a_folder_that_can_name_a_collection_does(name: str) -> None:
    assert of_a_drop(name) == of_the_api(name) == name


@pytest.mark.parametrize("name", SAME)
def test_a_name_is_the_same_however_its_accents_and_spaces_are_written(name: str) -> None:
    assert of_a_drop(name) == of_the_api(name) == SAME[name]
    assert query_text.parse(f'collection:"{name}"').filters.collection == SAME[name]


@pytest.mark.parametrize("name", BAD)
def test_a_folder_that_cannot_name_a_collection_names_none(name: str) -> None:
    assert of_a_drop(name) is None
    assert of_the_api(name) is None


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=()), min_size=1))
@example("half \ud800")
@example("n" * COLLECTION_LIMIT)
@example("n" * (COLLECTION_LIMIT + 1))
def test_what_a_drop_is_filed_under_can_be_asked_for(folder: str) -> None:
    called = of_a_drop(folder)
    assert called is None or called == of_a_drop(called) == of_the_api(called)
    assert len(folder) > COLLECTION_LIMIT or called == of_the_api(folder)
