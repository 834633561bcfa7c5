"""Whatever is read, Postgres takes it as it is; whatever stands in a file, it is read the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mammothbox.documents.outcomes import Unfit
from mammothbox.documents.parsing import parse
from mammothbox.documents.parts import ndjson_parts
from mammothbox.documents.reading import Document, read_documents, read_lines, read_part
from mammothbox.documents.refusals import MOST_LEVELS
from mammothbox.documents.values import Digits, JsonValue

from infra.local.postgres import DatabaseUrls

with_server = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

# Numbers as they may be written, within and around what `numeric` holds.
_digits = st.text("0123456789", min_size=1, max_size=30)
_exponents = st.integers(-16_500, 16_500) | st.integers(-132_000, 132_000) | st.integers()
numbers = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-"]),
    st.just("0") | _digits.map(lambda digits: digits.lstrip("0") or "0"),
    st.just("") | _digits.map(".{}".format),
    st.just("")
    | st.builds("{}{}".format, st.sampled_from(["e", "E", "e+"]), st.integers(0, 400))
    | _exponents.map("E{}".format),
)
# Texts with every escape, also those that stand for nothing.
_escapes = st.sampled_from(
    ["\\n", "\\\\", "\\/", '\\"', "\\u0000", "\\ud83d", "\\uDE00", "\\u00e9"]
)
texts = st.lists(
    _escapes
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5).map(
        lambda text: json.dumps(text, ensure_ascii=False)[1:-1]
    ),
    max_size=6,
).map(lambda pieces: f'"{"".join(pieces)}"')
words = st.sampled_from(["null", "true", "false", "NaN", "Infinity", "-Infinity"])
blanks = st.text(" \t\r\n", max_size=2)


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    padded = st.builds("{}{}{}".format, blanks, inner, blanks)
    members = st.builds("{}:{}".format, texts, padded)
    return st.lists(padded, max_size=4).map(lambda some: f"[{','.join(some)}]") | st.lists(
        members, max_size=4
    ).map(lambda some: f"{{{','.join(some)}}}")


json_texts = st.recursive(numbers | texts | words, _nested, max_leaves=12)
kept_texts = json_texts.filter(lambda text: _is_kept(text))  # noqa: PLW0108 - it stands below

LIMITS = {
    "levels": "[" * MOST_LEVELS + "]" * MOST_LEVELS,
    "levels of objects": '{"a":' * MOST_LEVELS + "1" + "}" * MOST_LEVELS,
    "digits before the point": "9" * 131_072,
    "digits after the point": "0." + "9" * 16_383,
    "digits on both sides": "9" * 131_072 + "." + "9" * 16_383,
    "an exponent": "9.99e131071",
    "a negative exponent": "1e-16383",
    "nothing with a large exponent": "0e1073741823",
    "a long key": json.dumps({"k" * 1_000_000: 1}),
    "many keys": json.dumps({f"key {number}": number for number in range(200_000)}),
    "odd characters": '"\x7f\ufffe\uffff\U0010ffff\\u0001\\u2028"',
    "a minus": "[-0,-0.0,-0e5]",
}
BEYOND = {
    "digits before the point": "1" + "0" * 131_072,
    "digits after the point": "0." + "0" * 16_384,
    "an exponent": "1e131072",
    "a negative exponent": "1e-16384",
    "nothing with a larger exponent": "0e1073741824",
    "nothing with a negative exponent": "0e-16384",
    "null": '"\\u0000"',
    "half a character": '"\\ud83d"',
    "NaN": "NaN",
    "a control character": '"\t"',
}


def _is_kept(text: str) -> bool:
    try:
        parse(text)
    except Unfit:
        return False
    return True


@contextmanager
def _jsonb(urls: DatabaseUrls) -> Iterator[Any]:
    """Asks the server for its own words for a text. Raises `psycopg.DataError`."""
    with psycopg.connect(urls.superuser, autocommit=True) as connection:

        def jsonb(text: str) -> str:
            row = connection.execute("SELECT %s::jsonb::text", [text]).fetchone()
            assert row is not None
            return str(row[0])

        yield jsonb


@pytest.fixture
def jsonb(database_urls: DatabaseUrls) -> Iterator[Any]:
    with _jsonb(database_urls) as ask:
        yield ask


def _exact(value: JsonValue) -> object:
    """The value with its numbers by what they are worth, and how many digits that takes."""
    if isinstance(value, dict):
        return {key: _exact(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_exact(element) for element in value]
    if isinstance(value, Digits) or (isinstance(value, int) and not isinstance(value, bool)):
        return _number(str(value))
    return value


def _number(text: str) -> tuple[Decimal, int]:
    with localcontext(Context(prec=150_000, Emax=MAX_EMAX, Emin=MIN_EMIN)):
        number = Decimal(text)
        scale = -int(number.as_tuple().exponent)
        # The server knows no negative zero.
        return number + 0 if number else Decimal(0), max(scale, 0)


def _read_back(text: str) -> JsonValue:
    """What the server wrote is read without the checks, which it need not pass."""
    value: JsonValue = json.loads(text, parse_float=Digits, parse_int=Digits)
    return value


@with_server
@given(text=json_texts)
@example(text='{"a":1.10,"b":[1e2,-0.0,1E-7],"c":123456789012345678901234567890}')
def test_what_is_read_is_taken_by_the_server_digit_for_digit(text: str, jsonb: Any) -> None:
    # Given a text that stands in a file
    data = f"[{text}]".encode()

    for one in read_documents([data]):
        if isinstance(one, Document):
            # When the server is given what was read, then it is still the same
            assert _exact(_read_back(jsonb(one.text.decode()))) == _exact(one.value)


@with_server
@given(text=json_texts)
def test_what_is_refused_is_what_the_server_refuses_or_would_change(text: str, jsonb: Any) -> None:
    try:
        parse(text)
    except Unfit as unfit:
        if unfit.code == "duplicate_key":
            return
        with pytest.raises(psycopg.DataError):
            jsonb(text)


@pytest.mark.parametrize("text", LIMITS.values(), ids=LIMITS)
def test_the_server_takes_what_just_fits(text: str, jsonb: Any) -> None:
    assert _exact(_read_back(jsonb(text))) == _exact(parse(text))


@pytest.mark.parametrize("text", BEYOND.values(), ids=BEYOND)
def test_the_server_refuses_what_just_does_not(text: str, jsonb: Any) -> None:
    assert not _is_kept(text)
    with pytest.raises(psycopg.DataError):
        jsonb(text)


@given(st.lists(st.tuples(kept_texts, blanks), max_size=6), st.integers(1, 40), blanks)
def test_an_array_gives_its_elements_however_it_arrives(
    elements: list[tuple[str, str]], size: int, end: str
) -> None:
    texts = [text for text, _ in elements]
    data = ("[" + ",".join(blank + text + blank for text, blank in elements) + "]" + end).encode()

    found = list(read_documents(_cut(data, size)))

    assert [one.text.decode() for one in found if isinstance(one, Document)] == texts
    assert [
        data[one.position :][: len(one.text)] for one in found if isinstance(one, Document)
    ] == [text.encode() for text in texts]
    again = [
        one
        for part in ndjson_parts(found, size)
        for one in read_part([part.body], origin=part.position)
    ]
    assert [(one.position, one.value) for one in again if isinstance(one, Document)] == [
        (one.position, one.value) for one in found if isinstance(one, Document)
    ]


@given(st.lists(kept_texts, max_size=6), st.integers(1, 40), st.integers(1, 100))
def test_lines_are_read_once_by_ranges_of_any_size(
    texts: list[str], size: int, part_bytes: int
) -> None:
    lines = [text.replace("\n", " ").replace("\r", " ").encode() for text in texts]
    data = b"\n".join(lines)
    begins = range(0, len(data), part_bytes)

    found = [
        one
        for begin in begins
        for one in read_lines(
            _cut(data[max(begin - 1, 0) :], size), origin=begin, end=begin + part_bytes
        )
    ]

    assert [one.text for one in found if isinstance(one, Document)] == lines


@given(st.binary(max_size=60) | json_texts.map(str.encode), st.integers(1, 20))
def test_any_bytes_are_read_alike_however_they_arrive(data: bytes, size: int) -> None:
    found = list(read_documents([data]))

    assert list(read_documents(_cut(data, size))) == found
    for one in found:
        assert isinstance(one, Document) or one.detail.encode()
        assert data[one.position :].startswith(one.text if isinstance(one, Document) else b"")


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))
