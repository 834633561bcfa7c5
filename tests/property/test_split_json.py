"""Whatever JSON is sent, its objects come out as they went in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.errors import Refused
from mammothbox.uploads.ingest import split_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=4)
SPACES = st.text(" \t\r\n", max_size=3)
INDENTS = st.sampled_from([None, 0, 2, "\t"])


@given(st.lists(OBJECTS, min_size=1, max_size=6), st.booleans(), INDENTS, SPACES)
def test_elements_mean_what_the_whole_means(
    objects: list[dict[str, object]], plain: bool, indent: int | str | None, space: str
) -> None:
    text = space + json.dumps(objects, ensure_ascii=plain, indent=indent) + space

    assert [json.loads(element) for element in split_json(text)] == json.loads(text)


@given(OBJECTS, st.booleans(), INDENTS, SPACES)
def test_one_object_is_its_own_text(
    value: dict[str, object], plain: bool, indent: int | str | None, space: str
) -> None:
    text = json.dumps(value, ensure_ascii=plain, indent=indent)

    assert split_json(space + text + space) == [text]


@given(st.lists(st.tuples(OBJECTS, INDENTS, SPACES, SPACES), min_size=1, max_size=5), SPACES)
def test_elements_are_the_very_text(
    parts: list[tuple[dict[str, object], int | str | None, str, str]], end: str
) -> None:
    texts = [json.dumps(value, indent=indent) for value, indent, _, _ in parts]
    padded = [
        before + text + after for text, (_, _, before, after) in zip(texts, parts, strict=True)
    ]

    assert split_json("[" + ",".join(padded) + "]" + end) == texts


@given(st.text())
def test_any_text_is_split_or_refused(text: str) -> None:
    try:
        elements = split_json(text)
    except Refused as error:
        assert error.status == 422
    else:
        assert all(isinstance(json.loads(element), dict) for element in elements)


@given(OBJECTS.map(json.dumps), st.data())
def test_a_text_cut_short_is_refused(text: str, data: st.DataObject) -> None:
    cut = text[: data.draw(st.integers(0, len(text) - 1))]

    with pytest.raises(Refused):
        split_json(cut)
