"""What a query text means, and which texts are refused, saying why and where."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.errors import Refused
from mammothbox.searching.asked import Asked, Query, Term
from mammothbox.searching.filters import NOTHING, Box, Circle, Filters, Range
from mammothbox.searching.narrowing import Contradiction, both
from mammothbox.searching.query_filters import KEYS
from mammothbox.searching.query_text import LONGEST, MOST_TERMS, parse
from mammothbox.searching.understand import understand

JUNE, JULY = datetime(2024, 6, 1), datetime(2024, 7, 1)
# Each alone; together they are one query.
MEANINGS = {
    "tag:Beach": Filters(all_tags=frozenset({"beach"})),
    'tag:cat,"red car"': Filters(any_tags=frozenset({frozenset({"cat", "red car"})})),
    "-tag:dog": Filters(no_tags=frozenset({"dog"})),
    "kind:image,video": Filters(kinds=frozenset({"image", "video"})),
    "-kind:audio": Filters(not_kinds=frozenset({"audio"})),
    "collection:orders": Filters(collection="orders"),
    'camera:"EOS R5"': Filters(camera=frozenset({"eos", "r", "5"})),
    "LENS:50mm": Filters(lens=frozenset({"50", "mm"})),
    "size:>10mb": Filters(size_bytes=Range(10_000_001, None)),
    "duration:<30s": Filters(duration_ms=Range(None, 29_999)),
    "rating:>=4": Filters(rating=Range(4, None)),
    "orientation:portrait": Filters(orientation="portrait"),
    "has:caption": Filters(has_caption=True),
    "-has:place": Filters(has_place=False),
    "is:duplicate": Filters(duplicates="only"),
    "near:52.52,13.40,10km": Filters(circles=frozenset({Circle(52.52, 13.4, 10_000)})),
    "in:13.0,52.3,-13.8,52.7": Filters(boxes=frozenset({Box(13.0, 52.3, -13.8, 52.7)})),
    "after:2024-06": Filters(at_from=JUNE),
    "before:2024-07-01T00:00": Filters(at_to=JULY),
    "-dog": Filters(without=frozenset({"dog"})),
    '-"red car"': Filters(without=frozenset({"red car"})),
}


def detail(text: str) -> str:
    with pytest.raises(Refused) as refused:
        parse(text)
    assert (refused.value.status, refused.value.code) == (422, "invalid_query")
    return refused.value.detail


@pytest.mark.parametrize("text", MEANINGS)
def test_a_filter_means_what_it_says(text: str) -> None:
    assert parse(text) == Query(filters=MEANINGS[text])


@given(
    st.lists(st.sampled_from(sorted(MEANINGS)), unique=True, max_size=8),
    st.lists(st.sampled_from(["sunset", "wi-fi", "10:30", "http://a.b/c", "note:"]), max_size=4),
)
def test_filters_and_words_stand_together_in_any_order(
    filters: list[str], words: list[str]
) -> None:
    meant = NOTHING
    for text in filters:
        meant = both(meant, MEANINGS[text])

    query = parse(" ".join([*words[:2], *filters, *words[2:]]))

    assert query == Query(tuple(map(Term, words)), meant)


def test_words_phrases_and_what_only_looks_like_a_filter() -> None:
    assert parse('Red “blue car” 10:30 "tag:x" c:\\a -- - & x"y"').terms == (
        Term("Red"),
        Term("blue car", quoted=True),
        Term("10:30"),
        Term("tag:x", quoted=True),
        Term("c:\\a"),
        Term("x"),
        Term("y", quoted=True),
    )
    assert parse('cluster:"Summer 2024" -cluster:a,b type:media') == Query(
        clusters=frozenset({frozenset({"Summer 2024"})}),
        not_clusters=frozenset({"a", "b"}),
        about="media",
    )
    assert parse("on:2023-12").filters == Filters(
        at_from=datetime(2023, 12, 1), at_to=datetime(2024, 1, 1)
    )
    assert parse("on:9999").filters == Filters(at_from=datetime(9999, 1, 1))
    assert parse("size:1kb..2kib size:<=1500").filters.size_bytes == Range(1000, 1500)
    assert parse("tag:a,b tag:C,d").filters.any_tags == {frozenset("ab"), frozenset("cd")}
    assert parse("cluster:a cluster:b,c").clusters == {frozenset("a"), frozenset("bc")}
    assert parse("").terms == parse(" \0\u202e ").terms == ()
    assert parse("😀 beach -😀 %").terms == (Term("😀"), Term("beach"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('beach "red', 'This quote has no end; close it with another " (at character 7)'),
        ('"in C:\\"', 'another "; a \\" is part of what is quoted, and a \\ before the end is'),
        ("%", "nothing to look for but signs"),
        ('""', "nothing to look for but signs"),
        ("- * -😀", "nothing to look for but signs"),
        ("tag:", "tag: needs a value; it takes labels, such as beach"),
        ("a tag:b,", "(at character 3)"),
        ("tags:a", "There is no filter tags:; did you mean tag:. There are after, before"),
        ("kind:banana", "kind: takes any of image, video, audio, json, other (at character 1)"),
        ("kind:photo,video", "audio, json, other; did you mean image (at character 1)"),
        ("kind:image kind:video", "an object cannot be both (at character 12)"),
        ("after:2023-13", "after: takes a year, month, day or time, such as 2024"),
        ("before:0000", "before: takes a year"),
        ("after:2024-01-01T00:00Z", "2024-06-30T18:00; without a zone"),
        ("after:2024-01-01T00:00:00+02:00", "2024-06-30T18:00; without a zone"),
        ("size:big", "size: takes a size, such as 500kb"),
        ("size:5mb..1mb", "size: takes a size"),
        ("size:1mb,2mb", "size: takes no list, but a size"),
        ("rating:6", "rating: takes stars from 0 to 5"),
        ("near:91,0,1km", "near: takes latitude, longitude and distance"),
        ("near:52,200,1km", "longitude is a number from -180 to 180, not 200"),
        ("near:52,13,10", "the distance is a number with m, km or mi behind it, not 10"),
        ("near:52,13,30000km", "the distance is at most 20100 km"),
        ("in:0,2,1,1", "in: takes west,south,east,north"),
        ("in:0,2,1,95", "north is a number from -90 to 90, not 95"),
        ("tag:beach OR tag:sea", "There is no OR: a comma means any, as in tag:beach,sea"),
        ("year:2024", "There is no filter year:; did you mean on:."),
        ("name:x", "There is no filter name:. There are after"),
        ("-size:1mb", "size: takes no minus before it. It takes a size"),
        ("-type:media", "type: takes no minus"),
        ("camera:--", "camera: takes words of the camera's make"),
        ("x" * (LONGEST + 1), f"at most {LONGEST} characters"),
        ("a " * (MOST_TERMS + 1), f"at most {MOST_TERMS} words"),
    ],
)
def test_what_cannot_be_understood_is_refused(text: str, said: str) -> None:
    assert said in detail(text)


_ALPHABET = st.sampled_from(
    [*'ab1 :,"-><=.\0\\é\ud800“', *(f"{key}:" for key in KEYS), "2024", ".."]
)


@given(st.lists(_ALPHABET, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        query = parse(text)
    except Refused as refused:
        assert (refused.status, refused.code) == (422, "invalid_query")
    else:
        assert parse(text) == query
        query.text.encode()
        assert "\0" not in query.text


def test_a_quote_may_stand_within_quotes() -> None:
    assert parse(r'cluster:"the \"best\" of \\ 2024","\“x\”" "C:\dir\\"') == Query(
        (Term("C:\\dir\\", quoted=True),),
        clusters=frozenset({frozenset({'the "best" of \\ 2024', "“x”"})}),
    )


@given(st.text('ab "\\“”«', min_size=1).filter(lambda name: name.strip()))
def test_any_name_can_be_written(name: str) -> None:
    written = re.sub(r'(["\\“”„‟«»＂])', r"\\\1", name)

    meant = frozenset({frozenset({" ".join(name.split())})})
    assert parse(f'cluster:"{written}"').clusters == meant


def test_parameters_narrow_what_the_text_does() -> None:
    asked = Asked("tag:a size:>1kb", Filters(all_tags=frozenset({"b"}), size_bytes=Range(5, 2000)))

    assert understand(asked).filters == Filters(
        all_tags=frozenset({"a", "b"}), size_bytes=Range(1001, 2000)
    )
    for other in (
        Asked("kind:image", Filters(kinds=frozenset({"video"}))),
        Asked("size:<5", Filters(size_bytes=Range(5, None))),
        Asked("type:media", about="document"),
        Asked("collection:a", Filters(collection="b")),
    ):
        with pytest.raises(Refused, match="contradict"):
            understand(other)


def test_both_of_the_same_is_the_same() -> None:
    everything = NOTHING
    for meaning in MEANINGS.values():
        everything = both(everything, meaning)

    assert both(everything, everything) == both(NOTHING, everything) == everything
    with pytest.raises(Contradiction, match="orientation"):
        both(everything, replace(NOTHING, orientation="square"))
