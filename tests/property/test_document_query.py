"""Any query over any documents finds what the plain reading of the rules finds, page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mammothbox.catalog import document_query
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Database
from mammothbox.documents import profile, query_cursor
from mammothbox.documents.design import Path
from mammothbox.documents.field_names import spelled
from mammothbox.documents.query import Kind, Known, Query, parse_query

from infra.local.postgres import DatabaseUrls
from tests.documents import (
    add,
    as_number,
    find,
    in_order,
    known_of,
    look_up,
    parse,
    satisfies,
    settle,
    shelve,
    shown,
)

KEYS = ["a", "b", "a.b", "", "/", "~1", "é", '"', "a]", "'; drop table x; --", "0", "select", "-a"]
TIMES = [
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.5Z",
    "2026-01-01T00:00:00.51Z",
    "2026-01-01T00:30:00+02:00",
    "2025-12-31T23:59:60Z",
    "2026-01-01 00:00:00-15:59",
    "2026-01-02T00:00:00z",
    "0001-01-01T00:00:00+15:00",
    "9999-12-31T23:59:59-15:00",
]
keys = st.sampled_from(KEYS)
strings = st.one_of(
    st.sampled_from(
        ["", "a", "b", "A", "é", "z", "10", "9", "1.0", "true", "null", "%", "_", "\\"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=4),
    st.sampled_from(["x" * 400, "x" * 400 + "y"]),
)
numbers = st.sampled_from(
    [
        "0",
        "-0",
        "1",
        "1.0",
        "1e0",
        "10",
        "9",
        "-1.5",
        "0.1",
        "0.10000000000000000001",
        "9007199254740993",
        "9007199254740992",
        "12345678901234567890",
        "1e400",
        "1e-400",
        "-1e400",
    ]
)


def text_of(value: Any) -> str:
    """JSON with the digits of numbers as they are written here."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{text_of(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text_of, value)) + "]"
    return json.dumps(value)


class Number:
    """A number by its text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Number({self.text})"


scalars = st.one_of(st.none(), st.booleans(), numbers.map(Number), strings)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)
documents = st.one_of(
    st.dictionaries(keys, values, max_size=4),
    st.dictionaries(keys, values, max_size=4),
    st.dictionaries(keys, values, max_size=4),
    values,
)
regular = st.fixed_dictionaries(
    {},
    optional={
        "n": st.none() | st.integers(-3, 12).map(lambda n: Number(str(n))),
        "big": numbers.map(Number),
        "half": st.sampled_from(["0.5", "1.5", "-2.25", "0.1", "1e300", "7"]).map(Number),
        "text": strings | st.none(),
        "flag": st.booleans() | st.none(),
        "at": st.sampled_from(TIMES),
        "day": st.sampled_from(["2026-01-01", "2026-02-28", "0001-01-01", "9999-12-31"]),
        "id": st.sampled_from(
            ["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"]
        ),
        "in": st.fixed_dictionaries({}, optional={"n": numbers.map(Number), "é": strings}),
        "any": values,
    },
)
FEW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def app(database_urls: DatabaseUrls) -> Iterator[Database]:
    with closing(Database(database_urls.app)) as database:
        yield database


@settings(FEW)
@given(data=st.data(), texts=st.lists(documents.map(text_of), min_size=1, max_size=12))
def test_a_query_finds_what_the_rules_say(
    database_urls: DatabaseUrls, app: Database, data: st.DataObject, texts: list[str]
) -> None:
    collection = shelve(database_urls, texts)
    ask_many(app, collection, data, [parse(text) for text in texts])


@settings(FEW, max_examples=30)
@given(
    data=st.data(),
    texts=st.lists(regular.map(text_of), min_size=1, max_size=12),
    later=st.lists(regular.map(text_of) | documents.map(text_of), max_size=2),
)
def test_with_a_table_it_finds_the_same(
    database_urls: DatabaseUrls,
    app: Database,
    data: st.DataObject,
    texts: list[str],
    later: list[str],
) -> None:
    # Given a table of which every column has an index, and documents that came before and after,
    collection = shelve(database_urls, texts)
    settle(database_urls, collection, every_index=True)
    with closing(Database(database_urls.worker)) as worker:
        add(worker, collection, later)
        collection = find(worker, collection.owner, collection.id)
    # when and then as without one.
    ask_many(app, collection, data, [parse(text) for text in [*texts, *later]])


def ask_many(app: Database, collection: Collection, data: st.DataObject, parsed: list[Any]) -> None:
    known = known_of(parsed)
    for _ in range(5):
        asked = data.draw(queries(known, parsed))
        if asked is None:
            continue
        filters, items, by, fields, limit = asked
        # When something is asked of the documents,
        sort = ",".join(_item(("-" if down else "") + spelled(path)) for path, down in by) or None
        wanted = ",".join(_item(spelled(path)) for path in fields) if fields is not None else None
        query = parse_query(filters, sort, wanted, known_to(collection))
        found = read(app, collection, query, limit)
        # then the pages together hold what a plain reading of the rules finds, in its order.
        expected = [
            parsed[n] if fields is None else shown(parsed[n], fields)
            for n in in_order(parsed, by)
            if all(satisfies(look_up(parsed[n], path), op, text) for path, op, text in items)
        ]
        assert [written(document) for document in found] == [written(each) for each in expected]


def known_to(collection: Collection) -> Known:
    return Known.of(profile.from_json(collection.profile or {}))


def read(app: Database, collection: Collection, query: Query, limit: int) -> list[Any]:
    """All pages, one after the other, by way of cursors."""
    found: list[Any] = []
    position = None
    for _ in range(100):
        with app.transaction("ada") as connection:
            page = document_query.page(connection, collection, query, position, limit)
        found += [parse(document.text or "!") for document in page.documents]
        if page.ended is None:
            return found
        assert len(page.documents) == limit
        word = query_cursor.cursor(page.ended, "digest")
        position = query_cursor.parse_cursor(word, "digest", len(query.orders))
    raise AssertionError("the pages never end")


def written(value: Any) -> str:
    """Numbers digit for digit, keys in any order."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{k!r}:{written(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    # jsonb writes 1e2 as 100 and -0 as 0, and keeps 1.0.
    return f"{abs(value) if value == 0 else value:f}" if isinstance(value, Decimal) else repr(value)


def _item(text: str) -> str:
    return json.dumps(text) if "," in text or text.startswith('"') else text


@st.composite
def queries(draw: st.DrawFn, known: dict[Path, frozenset[Kind]], parsed: list[Any]) -> Any:
    if not known:
        return None
    paths = st.sampled_from(sorted(known))
    filters, items = [], []
    for _ in range(draw(st.integers(0, 2))):
        path = draw(paths)
        operator = draw(
            st.sampled_from(["eq", "ne", "lt", "lte", "gt", "gte", "in", "like", "exists"])
        )
        text = draw(texts_for(operator, known[path], parsed, path))
        if text is None:
            continue
        items.append((path, operator, text))
        said = ",".join(map(_item, text)) if operator == "in" else text
        filters.append((f"filter[{spelled(path)}][{operator}]", said))
    by = draw(st.lists(st.tuples(paths, st.booleans()), max_size=3, unique_by=lambda each: each[0]))
    fields = draw(st.none() | st.lists(paths, min_size=1, max_size=3))
    return filters, items, by, fields, draw(st.integers(1, 5))


@st.composite
def texts_for(
    draw: st.DrawFn, operator: str, kinds: frozenset[Kind], parsed: list[Any], path: Path
) -> Any:
    if operator == "exists":
        return draw(st.sampled_from(["true", "false"]))
    if operator == "like":
        pattern = draw(st.lists(st.sampled_from(["%", "_", "a", "\\%", "\\\\", "é"]), max_size=4))
        return "".join(pattern) if "string" in kinds else None
    there = [_text(look_up(document, path)) for document in parsed]
    options = [st.just(text) for text in there if text and _compares(operator, text, kinds)]
    options += [strings, numbers] if "string" in kinds else []
    options += [numbers] if "number" in kinds else []
    if operator in ("eq", "ne", "in"):
        options += [st.sampled_from(["true", "false"])] if "boolean" in kinds else []
        options += [st.just("null")] if "null" in kinds else []
    if not options:
        return None
    one = st.one_of(options)
    return draw(st.lists(one, min_size=1, max_size=3)) if operator == "in" else draw(one)


def _text(value: Any) -> str | None:
    match value:
        case str():
            return value
        case Decimal():
            return str(value)
        case None | bool():
            return json.dumps(value)
    return None


def _compares(operator: str, text: str, kinds: frozenset[Kind]) -> bool:
    if "string" in kinds or ("number" in kinds and as_number(text) is not None):
        return True
    equal = operator in ("eq", "ne", "in")
    is_boolean = "boolean" in kinds and text in ("true", "false")
    return equal and (is_boolean or ("null" in kinds and text == "null"))
