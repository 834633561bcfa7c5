"""What the parameters of a query mean, and which of them are refused, saying why."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.documents import query_cursor
from mammothbox.documents.field_names import parse_field, parse_list, spelled
from mammothbox.documents.profile import profile_of
from mammothbox.documents.query import KINDS, Known, Operands, Order, Query, parse_query
from mammothbox.documents.query_cursor import Key, Position
from mammothbox.errors import Refused

KNOWN = Known(
    {
        ("name",): frozenset({"string"}),
        ("age",): frozenset({"number", "null"}),
        ("address",): frozenset({"object"}),
        ("address", "city"): frozenset({"string", "number", "boolean", "null"}),
        ("address", "geo"): frozenset({"object"}),
        ("address", "geo", "deep"): frozenset({"object", "number"}),
        ("tags",): frozenset({"array"}),
        ("a.b",): frozenset({"string"}),
        ("",): frozenset({"string"}),
        ("a][",): frozenset({"string"}),
    }
)


def ask(*filters: tuple[str, str], sort: str | None = None, fields: str | None = None) -> Query:
    return parse_query(filters, sort, fields, KNOWN)


def refusal(*filters: tuple[str, str], sort: str | None = None, fields: str | None = None) -> str:
    """The code, and what is said."""
    with pytest.raises(Refused) as refused:
        ask(*filters, sort=sort, fields=fields)
    assert refused.value.status == 422
    return f"{refused.value.code}: {refused.value.detail}"


# --- fields


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("name", ("name",)),
        ("address.city", ("address", "city")),
        ("/address/city", ("address", "city")),
        ("/a.b", ("a.b",)),
        ("/", ("",)),
        ("/a~1b~0c", ("a/b~c",)),
        ("a..b", ("a", "", "b")),
        ("a][", ("a][",)),
    ],
)
def test_a_field_is_a_key_a_dotted_path_or_a_pointer(name: str, path: tuple[str, ...]) -> None:
    assert parse_field(name) == path


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1)
)
def test_every_path_can_be_spelled(path: list[str]) -> None:
    assert parse_field(spelled(tuple(path))) == tuple(path)


@pytest.mark.parametrize(
    "name", ["", "/a~b", "/~", "x" * 2001, ".".join("a" * 101), "a\0", "\ud800"]
)
def test_what_is_no_field_is_refused(name: str) -> None:
    with pytest.raises(Refused, match=r"invalid_field|invalid_text"):
        parse_field(name)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("a,b", ["a", "b"]),
        ("", [""]),
        (",", ["", ""]),
        ("a,", ["a", ""]),
        (" a", [" a"]),
        ('"a,b",c', ["a,b", "c"]),
        ('"\\"é\\u00e9"', ['"éé']),
        ('5" disk', ['5" disk']),
    ],
)
def test_a_list_stands_between_commas(text: str, items: list[str]) -> None:
    assert parse_list(text) == items


@pytest.mark.parametrize("text", ['"a', '"a"b', '"\\x"', '"\\ud800"', '"a\\u0000"', "," * 100])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"invalid_list|invalid_text"):
        parse_list(text)


def test_a_profile_tells_what_is_known() -> None:
    known = Known.of(profile_of([{"a": 1, "b": {"c": "x"}}, {"a": None, "b": []}]))

    assert known.at(("a",)) == {"number", "null"}
    assert known.at(("b",)) == {"object", "array"}
    assert known.at(("b", "c")) == {"string"}


def test_an_unknown_field_is_refused_naming_near_ones() -> None:
    assert "'name'" in refusal(("filter[nam][eq]", "x"))
    assert refusal(sort="citi").startswith("unknown_field: ")
    assert "address.city" in refusal(fields="adress.city")
    assert "'/a.b'" in refusal(("filter[a.b][eq]", "x"))
    with pytest.raises(Refused, match="there are no fields yet"):
        parse_query([("filter[a][eq]", "x")], None, None, Known({}))


def test_below_what_is_profiled_a_field_may_be_anything() -> None:
    (condition,) = ask(("filter[address.geo.deep.er][eq]", "1")).conditions

    assert condition.operands == Operands(strings=("1",), numbers=(Decimal(1),))
    assert "unknown_field" in refusal(("filter[address.city.a.b][eq]", "1"))
    assert Known({}, is_whole=False).at(("x",)) == KINDS


# --- filters


@pytest.mark.parametrize(
    ("name", "text", "operands"),
    [
        ("filter[name][eq]", "5", Operands(strings=("5",))),
        ("filter[age][eq]", "5.50", Operands(numbers=(Decimal("5.5"),))),
        ("filter[age][ne]", "null", Operands(null=True)),
        ("filter[age][gt]", "-1e400", Operands(numbers=(Decimal("-1e400"),))),
        ("filter[age][lt]", "-0.0", Operands(numbers=(Decimal(0),))),
        ("filter[address.city][eq]", "true", Operands(("true",), (), (True,))),
        (
            "filter[address.city][in]",
            '1,"a,b",null',
            Operands(("1", "a,b", "null"), (Decimal(1),), (), True),
        ),
        ("filter[address.city][gte]", "7", Operands(("7",), (Decimal(7),))),
        ("filter[name][like]", "a\\_%", Operands(strings=("a\\_%",))),
        ("filter[tags][exists]", "false", Operands(booleans=(False,))),
        ("filter[a][][eq]", "x", Operands(strings=("x",))),
    ],
)
def test_a_filter_means_what_may_stand_in_its_field(
    name: str, text: str, operands: Operands
) -> None:
    (condition,) = ask((name, text)).conditions

    assert condition.operands == operands


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("filter", "x", "invalid_filter"),
        ("filter[name]", "x", "invalid_filter"),
        ("filter[name][is]", "x", "invalid_filter"),
        ("filter[name][EQ]", "x", "invalid_filter"),
        ("filter[][eq]", "x", "invalid_field"),
        ("filter[name][exists]", "yes", "invalid_filter"),
        ("filter[name][like]", "a\\", "invalid_filter"),
        ("filter[age][like]", "1%", "not_comparable"),
        ("filter[age][eq]", "abc", "not_comparable"),
        ("filter[age][gt]", "abc", "not_comparable"),
        ("filter[age][gt]", "null", "not_comparable"),
        ("filter[age][eq]", "+5", "not_comparable"),
        ("filter[age][eq]", "05", "not_comparable"),
        ("filter[age][eq]", "NaN", "not_comparable"),
        ("filter[age][eq]", "１", "not_comparable"),
        ("filter[age][in]", "1,x", "not_comparable"),
        ("filter[tags][eq]", "[]", "not_comparable"),
        ("filter[age][eq]", "1e131073", "number_too_long"),
        ("filter[age][eq]", "1e-16384", "number_too_long"),
        ("filter[age][eq]", "0e99999999999999999999", "number_too_long"),
        ("filter[name][eq]", "a\0", "invalid_text"),
        ("filter[name][eq]", "\udc00", "invalid_text"),
    ],
)
def test_a_filter_that_cannot_be_says_why(name: str, text: str, code: str) -> None:
    assert refusal((name, text)).startswith(f"{code}: ")


def test_long_texts_are_not_repeated_whole() -> None:
    assert len(refusal(("filter[age][eq]", "x" * 5000))) < 300


def test_there_is_a_limit_to_filters_and_orders() -> None:
    assert len(ask(*[("filter[name][ne]", "x")] * 20).conditions) == 20
    assert "too_many_filters" in refusal(*[("filter[name][ne]", "x")] * 21)
    assert "invalid_sort" in refusal(sort="name,age,tags,address")


# --- order and projection


def test_an_order_has_its_direction() -> None:
    first, second = ask(sort="-age,/a.b").orders

    assert first == Order(("age",), True, frozenset({"number", "null"}))
    assert second == Order(("a.b",), False, frozenset({"string"}))


def test_a_field_is_sorted_by_once() -> None:
    assert "invalid_sort" in refusal(sort="name,-name")


def test_fields_are_shown_once() -> None:
    assert ask(fields="name,address.city,/name").fields == (("name",), ("address", "city"))


# --- cursors

POSITIONS = st.builds(
    Position,
    st.uuids(),
    st.none()
    | st.tuples(
        st.none()
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).map(
            lambda text: Key("string", text)
        ),
        st.sampled_from(
            [None, Key("number", "1.50"), Key("boolean", "true"), Key("null"), Key("object")]
        ),
    ),
)


@given(POSITIONS)
def test_a_cursor_comes_back_as_it_was(position: Position) -> None:
    assert query_cursor.parse_cursor(query_cursor.cursor(position, "q"), "q", 2) == position


def test_a_cursor_of_another_query_is_refused() -> None:
    collection = uuid4()
    asked = [("filter[a][eq]", "1"), ("filter[b][gt]", "2")]
    digest = query_cursor.digest(collection, asked, "a")
    word = query_cursor.cursor(Position(uuid4(), (None,)), digest)

    assert query_cursor.digest(collection, asked[::-1], "a") == digest
    for other in (
        query_cursor.digest(uuid4(), asked, "a"),
        query_cursor.digest(collection, asked[:1], "a"),
        query_cursor.digest(collection, asked, "-a"),
        query_cursor.digest(collection, [("filter[a][eq]", "2"), asked[1]], "a"),
    ):
        with pytest.raises(Refused, match="other_query"):
            query_cursor.parse_cursor(word, other, 1)


def told(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


HEX = UUID(int=1).hex


NONE_OF_OURS: list[Any] = [
    None,
    [],
    {},
    ["q", HEX],
    ["q", "x", None],
    ["q", 1, None],
    ["q", HEX, 1],
    ["q", HEX, []],
    ["q", HEX, [None, None]],
    ["q", HEX, [["string", 1]]],
    ["q", HEX, [["number", "x"]]],
    ["q", HEX, [["number", "1e999999999"]]],
    ["q", HEX, [["thing", ""]]],
    ["q", HEX, [[["string"], ""]]],
    ["q", HEX, [["string", "a\0"]]],
    ["q", HEX, [["string", "\ud800"]]],
    ["q", HEX, [["boolean", "x"]]],
    ["q", HEX, [["null", "x"]]],
]


@pytest.mark.parametrize("word", ["", "x", "é", "%%", "AAAA", *map(told, NONE_OF_OURS)])
def test_a_cursor_that_is_none_is_refused(word: str) -> None:
    with pytest.raises(Refused) as refused:
        query_cursor.parse_cursor(word, "q", 1)
    assert refused.value.status == 422
