"""Queries of documents: by which index, the same with a table and without, nobody else's."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest
from mammothbox.catalog import collections, document_query
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.document_query import Page
from mammothbox.catalog.document_tables import VIEWS
from mammothbox.documents import profile, query_cursor
from mammothbox.documents.query import Known, Query, parse_query
from mammothbox.documents.query_cursor import Key, Position
from mammothbox.errors import Refused
from psycopg import sql

from infra.local.postgres import DatabaseUrls, Server
from tests.documents import add, find, in_order, look_up, parse, satisfies, settle, shelve

# One filled library serves them all.
pytestmark = pytest.mark.xdist_group("document_query")

OWNER = "ada"
ROWS = 24_000


class Library(NamedTuple):
    """The same documents, once as JSONB and once with a table beside them."""

    urls: DatabaseUrls
    plain: Collection
    typed: Collection


def order(n: int) -> str:
    return json.dumps(
        {
            "number": n,
            "customer": f"customer-{n % 6000}",
            "total": n / 4,
            # By no step that the documents in the statistics are apart.
            "status": ("open", "paid", "sent")[n * 7919 % 1009 % 3],
            "placed": f"20{n % 26:02}-03-{n % 28 + 1:02}T12:00:00Z",
            "id": f"00000000-0000-4000-8000-{n:012}",
            "address": {"city": f"city-{n % 2000}", "zip": None},
            "note": "much is said about this order, and none of it matters. " * 2,
        }
    )


@pytest.fixture(scope="module")
def library(postgres_server: Server) -> Iterator[Library]:
    name = f"documents_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    postgres_server.create_database(name, template="migrated")
    urls = postgres_server.urls(name)
    plain, typed = (shelve(urls, map(order, range(ROWS)), name=each) for each in ("plain", "typed"))
    settle(urls, typed, every_index=True)
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    yield Library(urls, plain, typed)
    postgres_server.drop_database(name)


class Explaining:
    """A connection that keeps the plan of each page."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.plans: list[dict[str, Any]] = []

    def execute(self, statement: Any, values: Any = None) -> Any:
        if isinstance(statement, sql.Composed) and "page AS" in statement.as_string(None):
            explain = sql.SQL("EXPLAIN (FORMAT json) ") + statement
            row = self._connection.execute(explain, values).fetchone()
            assert row is not None
            self.plans.append(row["QUERY PLAN"][0]["Plan"])
        return self._connection.execute(statement, values)


def known_to(collection: Collection) -> Known:
    return Known.of(profile.from_json(collection.profile or {}))


def ask(
    connection: Any,
    collection: Collection,
    *filters: tuple[str, str],
    sort: str | None = None,
    fields: str | None = None,
    limit: int = 50,
    **options: Any,
) -> Page:
    query = parse_query(filters, sort, fields, known_to(collection))
    return document_query.page(connection, collection, query, None, limit, **options)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def indexes(
    urls: DatabaseUrls, collection: Collection, *filters: tuple[str, str], **asked: Any
) -> str:
    """The indexes of the plan, and the tables that are read from end to end."""
    with closing(Database(urls.app)) as app, app.transaction(OWNER) as connection:
        explaining = Explaining(connection)
        ask(explaining, collection, *filters, **asked)
    plan = explaining.plans[0]
    used = [node["Index Name"] for node in nodes(plan) if "Index Name" in node]
    return " ".join(
        used
        + [
            f"all of {node['Relation Name']}"
            for node in nodes(plan)
            if "Seq Scan" in node["Node Type"]
        ]
    )


# --- plans, as role `app`


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("filter[customer][eq]", "customer-17"),
        ("filter[number][eq]", "4711"),
        ("filter[number][eq]", "-1"),
        ("filter[number][in]", "1,2,3,4000"),
        ("filter[address.city][eq]", "city-1"),
        ("filter[id][eq]", "00000000-0000-4000-8000-000000000007"),
    ],
)
def test_equality_is_answered_by_an_index(library: Library, name: str, text: str) -> None:
    without = indexes(library.urls, library.plain, (name, text))
    beside = indexes(library.urls, library.typed, (name, text))

    assert without == " ".join([f"{library.plain.docs_table}_doc"] * len(text.split(",")))
    assert "all of" not in beside
    assert f"{library.typed.docs_table}_doc" not in beside
    assert name[7:].partition("]")[0].replace(".", "__") in beside


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("filter[number][lt]", "20.5"),
        ("filter[number][gte]", "23990"),
        ("filter[total][gt]", "5999.5"),
        ("filter[customer][lt]", "customer-00"),
        ("filter[customer][like]", "customer-599_"),
        ("filter[placed][lt]", "2000-03-02"),
    ],
)
def test_with_a_table_ranges_are_answered_by_an_index(
    library: Library, name: str, text: str
) -> None:
    used = indexes(library.urls, library.typed, (name, text))

    assert "all of" not in used
    assert name[7:].partition("]")[0] in used


def test_a_page_without_filters_is_read_in_order(library: Library) -> None:
    assert indexes(library.urls, library.plain) == f"{library.plain.docs_table}_pkey"
    common = indexes(library.urls, library.plain, ("filter[status][eq]", "open"))
    assert common == f"{library.plain.docs_table}_pkey"


def test_both_find_the_same_of_many(library: Library) -> None:
    for filters, sort in (
        ([("filter[customer][eq]", "customer-17")], None),
        ([("filter[status][ne]", "open"), ("filter[total][lt]", "7.25")], "-total"),
        ([("filter[placed][gte]", "2025-03-27")], "placed,-number"),
        ([("filter[number][in]", "5,3,100000")], "-customer"),
    ):
        found = []
        with closing(Database(library.urls.app)) as app, app.transaction(OWNER) as connection:
            for collection in (library.plain, library.typed):
                page = ask(connection, collection, *filters, sort=sort, limit=200)
                found.append([document.text for document in page.documents])
        assert found[0]
        assert found[0] == found[1]


@pytest.mark.parametrize("sort", ["number", "-number", "-total,customer", "customer"])
def test_with_a_table_an_order_is_that_of_an_index(library: Library, sort: str) -> None:
    used = indexes(library.urls, library.typed, sort=sort)

    assert "all of" not in used
    assert sort.strip("-").partition(",")[0] in used


# --- exact


FIELDS: dict[str, list[str]] = {
    "whole": ["-2", "-1", "0", "1", "7", "9223372036854775807", "-9223372036854775808", "null"],
    "exact": ["0.10000000000000000001", "0.1", "-3", "1e30", "1.0", "1.00", "null"],
    "double": ["0.5", "-0.25", "1.5", "7", "0.1", "null"],
    "text": ['""', '"a"', '"A"', '"b"', '"é"', '"10"', '"9"', '"a%b"', '"a_b"', '"ab"', "null"],
    "flag": ["true", "false", "null"],
    "at": [
        '"2026-01-01T00:00:00Z"',
        '"2026-01-01T00:00:00.5Z"',
        '"2026-01-01T00:30:00+02:00"',
        '"2025-12-31T23:59:59.9Z"',
        '"2026-01-01 00:00:00-15:59"',
        '"0001-01-02T00:00:00+15:00"',
        '"9999-12-30T23:59:59-15:00"',
        "null",
    ],
    "day": ['"2026-01-01"', '"2026-02-28"', '"0001-01-01"', '"9999-12-31"', "null"],
    "id": [
        '"123e4567-e89b-12d3-a456-426614174000"',
        '"123E4567-E89B-12D3-A456-426614174000"',
        "null",
    ],
}
# What columns of these types take besides, once there are any.
ODD = [
    '{"at":"0044-03-15T12:00:00 BC Z"}',
    '{"at":" 024-03-15T12:00:00Z"}',
    '{"id":"{123e4567-e89b12d3-a456426614174000}"}',
]
ASKED = [json.loads(text) for texts in FIELDS.values() for text in texts if text[0] == '"']
ASKED += [text for texts in FIELDS.values() for text in texts if text[0] != '"']
ASKED += ["-1.5", "0.5", "1e0", "9223372036854775808", "-1e400", "1e400", "0.1000000000000000055"]
ASKED += ["2026", "2026-01-01T", "2026-01-01T00:00:00", "2026-13-01", "2026-01-02", "infinity"]
ASKED += ["0044-01-01", "0044-12-31", " 024-03-15T12:00:00Z", "0044-03-15T12:00:00 BC Z"]
ASKED += ["{123e4567-e89b12d3-a456426614174000}", "{123e4567-e89b-12d3-a456-426614174000}"]
ASKED += ["a%", "%b", "a\\%b", "_", "123e4567e89b12d3a456426614174000", "{", "now", "\\\\"]


def test_every_filter_finds_what_the_rules_say_with_a_table_and_without(
    database_urls: DatabaseUrls,
) -> None:
    # Given documents with each kind of column, values missing here and there,
    longest = max(map(len, FIELDS.values()))
    rows = [
        {name: texts[n] for name, texts in FIELDS.items() if n < len(texts)} for n in range(longest)
    ]
    texts = ["{" + ",".join(f'"{k}":{v}' for k, v in row.items()) + "}" for row in rows]
    plain, typed = (shelve(database_urls, texts) for _ in range(2))
    made = settle(database_urls, typed, every_index=True)
    assert made.design is not None
    assert {column["type"] for column in made.design["columns"]} == {
        *("bigint", "numeric", "double precision", "text", "boolean", "timestamptz", "date", "uuid")
    }
    with closing(Database(database_urls.worker)) as worker:
        for collection in (plain, typed):
            add(worker, collection, ODD)
    parsed = [parse(text) for text in texts + ODD]
    asked = 0
    with closing(Database(database_urls.app)) as app, app.transaction(OWNER) as connection:
        for name in FIELDS:
            for operator in ("eq", "ne", "lt", "lte", "gt", "gte", "like"):
                for text in dict.fromkeys(ASKED):
                    # when any of them is asked for in any way,
                    filters = (f"filter[{name}][{operator}]", text)
                    try:
                        pages = [ask(connection, each, filters) for each in (plain, typed)]
                    except Refused:
                        continue
                    asked += 1
                    # then those are found that are to be.
                    expected = [
                        one for one in parsed if satisfies(look_up(one, (name,)), operator, text)
                    ]
                    for page in pages:
                        found = [parse(document.text or "") for document in page.documents]
                        assert found == expected, filters
    assert asked > 1000


def test_a_value_beside_its_column_is_found_all_the_same(database_urls: DatabaseUrls) -> None:
    collection = shelve(database_urls, [f'{{"n":{n}}}' for n in range(5)])
    settle(database_urls, collection, every_index=True)
    with closing(Database(database_urls.worker)) as worker:
        add(worker, collection, ['{"n":2.5}', '{"n":"3"}', '{"n":null}', "[]", '{"n":[3]}'])
        collection = find(worker, OWNER, collection.id)

    with closing(Database(database_urls.app)) as app, app.transaction(OWNER) as connection:
        for name, text, found in (
            ("filter[n][gt]", "2", ['{"n": 3}', '{"n": 4}', '{"n": 2.5}', '{"n": "3"}']),
            ("filter[n][eq]", "3", ['{"n": 3}', '{"n": "3"}']),
            ("filter[n][eq]", "2.50", ['{"n": 2.5}']),
            ("filter[n][eq]", "null", ['{"n": null}']),
            ("filter[n][exists]", "false", ["[]"]),
        ):
            page = ask(connection, collection, (name, text))
            assert [document.text for document in page.documents] == found


def test_digits_stay(database_urls: DatabaseUrls) -> None:
    texts = [
        '{"n": 1.10}',
        '{"n": 9007199254740993}',
        '{"n": 1' + "0" * 400 + "}",
        '{"n": 0.' + "1" * 60 + "}",
    ]
    collection = shelve(database_urls, texts)

    with closing(Database(database_urls.app)) as app, app.transaction(OWNER) as connection:
        shown = ask(connection, collection, sort="-n")
        close = ask(connection, collection, ("filter[n][gt]", "9007199254740992"))
        closer = ask(connection, collection, ("filter[n][gt]", "9007199254740993"))

    by_size = [texts[n] for n in in_order([parse(text) for text in texts], [(("n",), True)])]
    assert [document.text for document in shown.documents] == by_size
    assert (len(close.documents), len(closer.documents)) == (2, 1)


# --- pages


def test_a_page_ends_where_it_would_weigh_too_much(database_urls: DatabaseUrls) -> None:
    texts = [
        json.dumps({"n": n, "text": "x" * size}) for n, size in enumerate([10, 300, 90, 90, 9])
    ]
    collection = shelve(database_urls, texts)
    query = parse_query([], None, None, known_to(collection))
    shown: list[list[tuple[bool, int]]] = []
    position = None
    with closing(Database(database_urls.app)) as app, app.transaction(OWNER) as connection:
        while position is not None or not shown:
            page = document_query.page(connection, collection, query, position, 50, most_bytes=240)
            shown.append(
                [(document.text is not None, document.size) for document in page.documents]
            )
            position = page.ended
        only = ask(connection, collection, fields="n", most_bytes=240)

    assert [[is_shown for is_shown, _ in page] for page in shown] == [
        [True],
        [False],
        [True, True],
        [True],
    ]
    assert shown[1][0][1] == len(texts[1])
    assert [document.text for document in only.documents] == [f'{{"n": {n}}}' for n in range(5)]


def test_what_comes_behind_a_pages_fill_is_not_written_out(database_urls: DatabaseUrls) -> None:
    """That takes a second for a few large documents; how large they are is known before."""
    texts = [json.dumps({"n": n, "values": [*range(150)]}) for n in range(4)]
    collection = shelve(database_urls, texts)
    room = 3 * len(texts[0])
    with closing(Database(database_urls.app)) as app, app.transaction(OWNER) as connection:
        stored = connection.execute(
            sql.SQL("SELECT min(pg_column_size(doc)) AS size FROM {}").format(
                sql.Identifier(VIEWS, collection.docs_table)
            )
        ).fetchone()
        # Small numbers take more room as they are stored than written.
        assert stored is not None
        assert stored["size"] < room < 2 * stored["size"]
        first = ask(connection, collection, most_bytes=room)
        then = document_query.page(
            connection, collection, Query(), first.ended, 50, most_bytes=room
        )
        only = ask(connection, collection, fields="n", most_bytes=room)

    assert [document.text for document in first.documents + then.documents] == texts
    assert len(first.documents) == 2
    assert len(only.documents) == 4


def test_a_long_value_is_read_from_the_document_that_had_it(database_urls: DatabaseUrls) -> None:
    texts = [json.dumps({"text": "é" * 300 + letter}) for letter in "cab"]
    collection = shelve(database_urls, texts)
    query = parse_query([], "text", None, known_to(collection))
    with closing(Database(database_urls.app)) as app, app.transaction(OWNER) as connection:
        first = document_query.page(connection, collection, query, None, 1)
        assert first.ended is not None
        assert first.ended.keys is None
        assert len(query_cursor.cursor(first.ended, "q")) < 200
        second = document_query.page(connection, collection, query, first.ended, 1)
        assert json.loads(second.documents[0].text or "")["text"].endswith("b")
        connection.execute(
            sql.SQL("DELETE FROM {}").format(sql.Identifier("collected", collection.docs_table))
        )
        with pytest.raises(Refused, match="cursor_gone"):
            document_query.page(connection, collection, query, first.ended, 1)


@pytest.mark.parametrize("sort", ["whole", "-whole", "exact", "-double", "text", "-text", "at"])
def test_an_order_holds_across_pages_with_nulls_and_without_the_field(
    database_urls: DatabaseUrls, sort: str
) -> None:
    # Given values, nulls and documents without the field, twice each,
    name = sort.strip("-")
    texts = [f'{{"{name}": {text}}}' for text in FIELDS[name]] + ["{}", "[]"]
    texts += texts
    plain, typed = (shelve(database_urls, texts) for _ in range(2))
    settle(database_urls, typed, every_index=True)
    parsed = [parse(text) for text in texts]
    expected = [parsed[n] for n in in_order(parsed, [((name,), sort != name)])]
    with closing(Database(database_urls.app)) as app, app.transaction(OWNER) as connection:
        for collection in (plain, typed):
            query = parse_query([], sort, None, known_to(collection))
            for limit in (1, 2, 3, 50):
                # when they are read page by page,
                found: list[Any] = []
                page = document_query.page(connection, collection, query, None, limit)
                while page.ended is not None:
                    found += [parse(each.text or "") for each in page.documents]
                    word = query_cursor.cursor(page.ended, "q")
                    position = query_cursor.parse_cursor(word, "q", 1)
                    page = document_query.page(connection, collection, query, position, limit)
                found += [parse(each.text or "") for each in page.documents]
                # then each comes once, in its place.
                assert found == expected


@pytest.mark.parametrize("text", ["1.5", "1e400", "-1e400", "1e-400", "99999999999999999999"])
@pytest.mark.parametrize("kind", ["number", "string", "object"])
def test_a_made_up_position_is_a_position_all_the_same(
    database_urls: DatabaseUrls, kind: Any, text: str
) -> None:
    rows = (dict.fromkeys(("whole", "double", "text"), n) for n in range(3))
    texts = [json.dumps({**row, "double": 0.5, "text": "x"}) for row in rows]
    collection = shelve(database_urls, texts)
    settle(database_urls, collection, every_index=True)
    position = Position(UUID(int=5), (Key(kind, "" if kind == "object" else text),))

    with closing(Database(database_urls.app)) as app, app.transaction(OWNER) as connection:
        for sort in ("whole", "-whole", "double", "-double", "text", "-text"):
            query = parse_query([], sort, None, known_to(collection))
            page = document_query.page(connection, collection, query, position, 50)
            assert len(page.documents) in range(4)


def test_a_query_that_takes_too_long_is_refused(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_query, "PATIENCE", "1ms")
    with closing(Database(library.urls.app)) as app:
        with (
            pytest.raises(Refused, match="query_too_slow"),
            app.transaction(OWNER) as connection,
        ):
            ask(connection, library.plain, ("filter[note][like]", "%no%such%note%"))
        monkeypatch.undo()
        with app.transaction(OWNER) as connection:
            assert len(ask(connection, library.plain).documents) == 50


# --- what must not be


HOSTILE = [
    "'; DROP TABLE catalog.asset; --",
    '"; DROP TABLE catalog.asset; --',
    "') OR ('1'='1",
    "%s %(v0)s {} {value} $1 \\",
    "a' -> 'b",
    "E'\\x27'",
]


def test_no_text_of_a_client_becomes_sql(database_urls: DatabaseUrls) -> None:
    texts = [json.dumps({key: key, "in": {key: 1}, "n": n}) for n, key in enumerate(HOSTILE)]
    plain, typed = (shelve(database_urls, texts) for _ in range(2))
    settle(database_urls, typed, every_index=True)

    with closing(Database(database_urls.app)) as app, app.transaction(OWNER) as connection:
        for collection in (plain, typed):
            for n, text in enumerate(HOSTILE):
                field = "/" + text.replace("~", "~0").replace("/", "~1")
                for operator, found in (("eq", 1), ("ne", 0), ("gte", 1), ("exists", 1), ("in", 1)):
                    value = {"exists": "true", "in": json.dumps(text)}.get(operator, text)
                    page = ask(
                        connection,
                        collection,
                        (f"filter[{field}][{operator}]", value),
                        (f"filter[/in{field}][eq]", "1") if found else ("filter[n][gte]", "0"),
                        sort=json.dumps("-" + field),
                        fields=json.dumps("/in" + field),
                    )
                    assert len(page.documents) == found, (n, operator)
    with psycopg.connect(database_urls.superuser) as connection_:
        assert connection_.execute("SELECT to_regclass('catalog.asset')").fetchone() != (None,)


def test_another_owners_documents_never_appear(database_urls: DatabaseUrls) -> None:
    mine = shelve(database_urls, ['{"a":1}'])
    theirs = shelve(database_urls, ['{"a":1}'], owner="eve")
    settle(database_urls, theirs, every_index=True)

    with closing(Database(database_urls.app)) as app, app.transaction(OWNER) as connection:
        assert len(ask(connection, mine).documents) == 1
        # Even one who had got hold of another's collection sees none of it.
        assert ask(connection, theirs).documents == []
        assert ask(connection, theirs, ("filter[a][eq]", "1"), sort="a").documents == []
        assert collections.get(connection, OWNER, theirs.id) is None
