"""Typed tables: how fast stored documents become rows, and new ones on their way in."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from mammothbox.catalog.migrate import migrate
from mammothbox.catalog.typed_conditions import find_table
from mammothbox.documents.design import Column

from infra.local import postgres
from tests.bench.figures import row, scratch_folder, timed
from tests.typed_library import TypedLibrary

_MOST = 500_000
_PER_ASSET = 50_000
_COLUMNS = (
    Column(("id",), "id", "bigint", indexed=True),
    Column(("name",), "name", "text"),
    Column(("email",), "email", "text", indexed=True),
    Column(("age",), "age", "bigint"),
    Column(("score",), "score", "numeric"),
    Column(("active",), "active", "boolean"),
    Column(("created_at",), "created_at", "timestamptz", indexed=True),
    Column(("city",), "city", "text"),
)
_NESTED = (
    *_COLUMNS[:-1],
    Column(("address", "city"), "address__city", "text"),
    Column(("address", "code"), "address__code", "bigint"),
)

Document = Callable[[int], dict[str, Any]]


def run(assets: int) -> None:
    """Print what the tables of as many documents take, up to half a million."""
    count = min(assets, _MOST)
    for name, document, columns in (
        ("flat, 8 columns", _flat, _COLUMNS),
        ("… a null in each", _with_null, _COLUMNS),
        ("… times in milliseconds", _in_milliseconds, _COLUMNS),
        ("… a key without a column", _with_another, _COLUMNS),
        ("nested, 9 columns", _nested, _NESTED),
    ):
        with _library() as library:
            _measure(library, name, document, columns, count)


def _measure(
    library: TypedLibrary, name: str, document: Document, columns: tuple[Column, ...], count: int
) -> None:
    chance = random.Random(1)
    for begin in range(0, count, _PER_ASSET):
        chance.seed(begin)
        library.add(json.dumps(document(number)) for number in range(begin, begin + _PER_ASSET))
    library.rows("ANALYZE")
    schema_id = library.proposed(*columns)
    began = time.perf_counter()
    library.prove()
    _rate(f"{name}: dry run", count, began)
    library.approve(schema_id)
    began = time.perf_counter()
    library.build()
    _rate(f"{name}: backfill", count, began)
    more = [json.dumps(document(number)) for number in range(count, count + _PER_ASSET)]
    began = time.perf_counter()
    library.add(more)
    _rate(f"{name}: into both tables", _PER_ASSET, began)
    row(f"{name}: whether a query may use it", timed(lambda: _asked(library), 200))


def _asked(library: TypedLibrary) -> bool:
    with library.app.transaction(library.owner) as connection:
        return find_table(connection, library.collection, [("id",)]) is not None


def _rate(what: str, documents: int, began: float) -> None:
    print(f"  {what:<44} {documents / (time.perf_counter() - began):>10,.0f} documents/s")


@contextmanager
def _library() -> Iterator[TypedLibrary]:
    with scratch_folder() as folder, postgres.lease(folder / "pg") as server:
        server.create_database("bench")
        urls = server.urls("bench")
        migrate(urls.superuser)
        with closing(TypedLibrary.open(urls)) as library:
            yield library


def _flat(number: int) -> dict[str, Any]:
    chance = random.Random(number)
    return {
        "id": number,
        "name": f"user {chance.randrange(10**6)}",
        "email": f"u{number}@example.com",
        "age": chance.randrange(90),
        "score": round(chance.random() * 100, 2),
        "active": chance.random() < 0.5,
        "created_at": f"2024-01-{chance.randrange(1, 28):02}T10:{chance.randrange(60):02}:00Z",
        "city": chance.choice(["Paris", "Rome", "Oslo"]),
    }


def _with_null(number: int) -> dict[str, Any]:
    return _flat(number) | {"age": None}


def _in_milliseconds(number: int) -> dict[str, Any]:
    document = _flat(number)
    return document | {"created_at": document["created_at"].replace("Z", ".120Z")}


def _with_another(number: int) -> dict[str, Any]:
    return _flat(number) | {"note": "seen"}


def _nested(number: int) -> dict[str, Any]:
    document = _flat(number)
    return document | {"address": {"city": document.pop("city"), "code": number % 90_000}}
