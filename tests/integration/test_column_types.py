"""What a type is said to hold letter for letter, PostgreSQL's type holds letter for letter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mammothbox.documents.column_types import column_type
from mammothbox.documents.observed import FORMATS, canonical, formats, survives_double
from mammothbox.documents.profile import profile_of
from mammothbox.documents.values import Digits, JsonValue
from psycopg import sql

from infra.local.postgres import DatabaseUrls
from tests.json_values import INTEGERS, NUMBERS, ODD_NUMBERS, ODD_TEXTS

MOMENTS = st.from_regex(
    r"20[0-2][0-9]-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,7})?"
    r"(Z|[+-][01][0-9]:?[0-5][0-9])?)?",
    fullmatch=True,
)
Ask = Any


@pytest.fixture(scope="module")
def ask(worker_database: DatabaseUrls) -> Iterator[Ask]:
    """Asks the server one thing."""
    with psycopg.connect(worker_database.worker, autocommit=True) as connection:

        def ask(question: str, *values: object) -> Any:
            row = connection.execute(question, values).fetchone()
            assert row is not None
            return row[0]

        yield ask


@pytest.mark.parametrize("digits", ODD_NUMBERS)
def test_a_number_is_written_as_jsonb_writes_it(ask: Ask, digits: str) -> None:
    assert canonical(digits) == ask("SELECT %s::jsonb::text", digits)


@given(NUMBERS)
def test_any_number_is_written_as_jsonb_writes_it(ask: Ask, digits: Digits) -> None:
    assert canonical(digits) == ask("SELECT %s::jsonb::text", str(digits))


@given(st.one_of(NUMBERS.map(canonical), INTEGERS.map(str)))
@example("999999999999999")
@example("1000000000000000")
@example("0.0001")
@example("0.00001")
@example("123456789012345.6")
@example("1234567890123456.7")
def test_what_survives_a_double_is_written_by_one_as_before(ask: Ask, text: str) -> None:
    if survives_double(text):
        assert ask("SELECT to_jsonb(%s::float8)::text", text) == text


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_a_text_with_a_format_is_a_value_of_its_type(ask: Ask, text: str) -> None:
    assert_values(ask, text)


@given(MOMENTS)
def test_any_moment_is_a_value_of_its_type(ask: Ask, text: str) -> None:
    assert_values(ask, text)


def assert_values(ask: Ask, text: str) -> None:
    kind = column_type(profile_of([{"a": text}]).fields[("a",)])
    assert ask("SELECT pg_input_is_valid(%s, %s)", text, kind) or kind == "jsonb"
    if "date" in formats([text], FORMATS):
        assert ask("SELECT to_jsonb(%s::date) #>> '{}'", text) == text


@given(st.lists(st.one_of(INTEGERS, NUMBERS), min_size=1, max_size=6))
def test_a_column_of_numbers_gives_each_of_them_back(ask: Ask, numbers: list[JsonValue]) -> None:
    kind = column_type(profile_of([{"a": number} for number in numbers]).fields[("a",)])

    back = sql.SQL("SELECT to_jsonb(%s::text::{})::text").format(sql.SQL(kind))
    for number in numbers:
        written = ask("SELECT %s::jsonb::text", str(number))
        assert ask(back, written) == written
