"""What becomes of a caption: its file, its tags, and what it may cost."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.errors import Permanent
from mammothbox.tagging import caption_file, from_caption
from mammothbox.tagging.budget import Limits, Used, refusal
from mammothbox.tagging.captioner import Answer, BadAnswer, Caption, RefusedBySafety
from mammothbox.tagging.gemini_prompt import MOST_OUTPUT_TOKENS, estimate_tokens
from mammothbox.tagging.vocabulary import Vocabulary

from tests.unit.tagging.conftest import UNHURRIED

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
CAPTION = Caption(caption="Ein Hund 🐕 läuft.", tags=("Hund", "Strand"), visible_text="A\nB")
ANSWER = Answer(caption=CAPTION, model="gemini-1", tokens=1200)


def test_a_caption_survives_its_file() -> None:
    file = caption_file.captioned(ANSWER, AT)

    read = caption_file.parse(caption_file.dump(file))

    assert read == file
    assert (read.caption, read.model, read.tokens, read.at) == (CAPTION, "gemini-1", 1200, AT)


@pytest.mark.parametrize(
    ("fault", "code", "tokens"),
    [
        (RefusedBySafety("safety", 500), "caption_refused", 500),
        (BadAnswer("caption_unreadable", "…", 40), "caption_unreadable", 40),
    ],
)
def test_the_reason_for_no_caption_survives_its_file(
    fault: RefusedBySafety | BadAnswer, code: str, tokens: int
) -> None:
    read = caption_file.parse(caption_file.dump(caption_file.not_captioned(fault, "gemini-1", AT)))

    assert (read.caption, read.code, read.tokens) == (None, code, tokens)


def test_giving_up_costs_nothing() -> None:
    read = caption_file.parse(
        caption_file.dump(caption_file.given_up("captioner_failing", "gemini-1", AT))
    )

    assert (read.caption, read.code, read.tokens) == (None, "captioner_failing", 0)


GOOD = json.loads(caption_file.dump(caption_file.captioned(ANSWER, AT)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b'"' + b"x" * 70_000 + b'"',
        b"[" * 60_000,
        json.dumps({**GOOD, "caption": {"caption": "dog", "visible_text": "x" * 70_000}}).encode(),
        json.dumps({**GOOD, "code": "both"}).encode(),
        json.dumps({**GOOD, "caption": None}).encode(),
        json.dumps({**GOOD, "version": 2}).encode(),
        json.dumps({**GOOD, "tokens": -1}).encode(),
        json.dumps({**GOOD, "tokens": 10**12}).encode(),
        json.dumps({**GOOD, "at": "2026-03-01T12:30:00"}).encode(),
        json.dumps({**GOOD, "model": "m" * 1000}).encode(),
        json.dumps({**GOOD, "owner": "eve"}).encode(),
        json.dumps({**GOOD, "caption": None, "code": "Robert'); DROP TABLE"}).encode(),
    ],
)
def test_a_file_that_was_not_written_by_us_is_refused(content: bytes) -> None:
    with pytest.raises(Permanent) as caught:
        caption_file.parse(content)

    assert caught.value.code == "caption_file_broken"
    assert len(caught.value.detail) < 1000


def test_a_file_is_read_as_carefully_as_an_answer() -> None:
    content = {**GOOD, "caption": {"caption": "A\x00 dog" * 500, "tags": ["x" * 500] * 50}}

    caption = caption_file.parse(json.dumps(content).encode()).caption

    assert caption is not None
    assert caption.caption.startswith("A dogA dog")
    assert (len(caption.caption), len(caption.tags), len(caption.tags[0])) == (600, 1, 40)


@UNHURRIED
@given(
    caption=st.text(min_size=1).filter(lambda text: text.strip().isprintable() and text.strip()),
    tags=st.lists(st.text()),
    visible_text=st.text(),
)
def test_every_caption_fits_its_file(caption: str, tags: list[str], visible_text: str) -> None:
    said = Caption(caption=caption, tags=tuple(tags), visible_text=visible_text)
    answer = Answer(caption=said, model="m", tokens=1)

    body = caption_file.dump(caption_file.captioned(answer, AT))

    assert caption_file.parse(body).caption == said


def test_the_longest_caption_fits_its_file() -> None:
    said = Caption(
        caption="🐕" * 9999,
        tags=tuple(f"{n}" + "🐕" * 99 for n in range(99)),
        visible_text="\\🐕" * 9999,
    )

    body = caption_file.dump(caption_file.captioned(Answer(caption=said, model="m", tokens=1), AT))

    assert caption_file.parse(body).caption == said


def test_a_captions_tags_are_the_vocabularys_where_it_knows_them(german: Vocabulary) -> None:
    said = Caption(caption="…", tags=("HUND", "Leine"))

    known, unknown = from_caption.tags(said, german)

    assert (known.label, known.source) == ("Hund", "caption")
    assert known.hypernyms == ("Haustier", "Säugetier", "Tier")
    assert (unknown.label, unknown.hypernyms) == ("Leine", ())


@pytest.mark.parametrize(
    ("used", "limits", "expected"),
    [
        (Used(0, 0, 0, 0), Limits(), None),
        (Used(0, 0, 0, 0), Limits(daily=100, monthly=100), None),
        (Used(0, 0, 0, 0), Limits(daily=99), "daily_budget_spent"),
        (Used(0, 0, 0, 0), Limits(daily=0), "daily_budget_spent"),
        (Used(400, 500, 900, 0), Limits(daily=1000, monthly=1000), None),
        (Used(401, 500, 901, 0), Limits(daily=1000, monthly=9000), "daily_budget_spent"),
        (Used(0, 901, 0, 901), Limits(daily=1000), "daily_budget_spent"),
        (Used(0, 0, 800, 101), Limits(daily=1000, monthly=1000), "monthly_budget_spent"),
        (Used(10**12, 0, 10**12, 0), Limits(), None),
    ],
)
def test_whether_a_hundred_tokens_more_may_be_reserved(
    used: Used, limits: Limits, expected: str | None
) -> None:
    assert refusal(100, used, limits) == expected


@UNHURRIED
@given(
    prices=st.lists(st.integers(1, 5000), max_size=60),
    daily=st.integers(0, 50_000),
    monthly=st.integers(0, 50_000),
)
def test_a_budget_is_never_exceeded(prices: list[int], daily: int, monthly: int) -> None:
    reserved = 0
    for price in prices:
        used = Used(0, reserved, 0, reserved)
        if refusal(price, used, Limits(daily, monthly)) is None:
            reserved += price

    assert reserved <= min(daily, monthly)


@pytest.mark.parametrize(
    ("width", "height", "picture"),
    [(1024, 768, 1120), (100, 100, 1120), (960, 540, 258 * 6), (1024, 60, 1120)],
)
def test_a_reservation_covers_picture_and_answer(width: int, height: int, picture: int) -> None:
    assert estimate_tokens(width, height) == 600 + picture + MOST_OUTPUT_TOKENS


@UNHURRIED
@given(width=st.integers(1, 1024), height=st.integers(1, 1024))
def test_no_preview_costs_more_than_a_few_thousand(width: int, height: int) -> None:
    assert 3000 < estimate_tokens(width, height) < 8000
