"""Collections for tests, filled without a pipeline, and what a query of them should find."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from functools import cmp_to_key
from operator import ge, gt, le, lt
from typing import Any
from uuid import UUID

from mammothbox.catalog import collections, document_tables, schema_defs, typed_tables
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.document_tables import Place
from mammothbox.catalog.schema_defs import SchemaDef
from mammothbox.documents.build import build
from mammothbox.documents.decide import decide
from mammothbox.documents.design import Path, design
from mammothbox.documents.profile import from_json, merge, profile_of, to_json
from mammothbox.documents.profile import shown as shown_profile
from mammothbox.documents.proposals import By, Wanted, approve, propose
from mammothbox.documents.prove import prove
from mammothbox.documents.query import Kind
from mammothbox.documents.values import Digits
from mammothbox.ids import new_id

from infra.local.postgres import DatabaseUrls

MISSING = object()


def shelve(
    urls: DatabaseUrls,
    texts: Iterable[str],
    *,
    owner: str = "ada",
    name: str | None = None,
    asset_id: UUID | None = None,
) -> Collection:
    """A collection of these documents, whose ids are in the order they come."""
    collection_id = new_id()
    table = f"docs_{collection_id.hex}"
    with closing(Database(urls.worker)) as database:
        with database.transaction() as connection:
            collections.insert(
                connection,
                owner,
                collection_id,
                name=name or table,
                origin="named",
                key_paths=[],
                docs_table=table,
            )
            document_tables.create(connection, owner, name or table, table)
        found = find(database, owner, collection_id)
        add(database, found, texts, asset_id=asset_id)
        return find(database, owner, collection_id)


def find(database: Database, owner: str, collection_id: UUID) -> Collection:
    with database.transaction() as connection:
        found = collections.get(connection, owner, collection_id)
    assert found is not None
    return found


def add(
    database: Database,
    collection: Collection,
    texts: Iterable[str],
    *,
    asset_id: UUID | None = None,
) -> None:
    """More documents for the collection, with the typed rows and the profile they give rise to."""
    written = list(texts)
    place, number = Place(asset_id or new_id(), 0), new_id().int
    known = profile_of([json.loads(text, parse_float=Digits) for text in written])
    with database.bulk() as connection:
        rows = ((number + n, n, text) for n, text in enumerate(written))
        document_tables.write(connection, collection.docs_table, place, rows)
        typed_tables.take_in(connection, collection, place)
        before = collections.get(connection, collection.owner, collection.id)
        if before is not None and before.profile is not None:
            known = merge(from_json(before.profile), known)
        collections.set_profile(connection, collection, to_json(known))
        collections.count(connection, collection, len(written))


def settle(urls: DatabaseUrls, collection: Collection, *, every_index: bool = False) -> SchemaDef:
    """A typed table for the collection, by proposal, dry run, approval and backfill."""
    by = By(collection.owner, "key:test", "test")
    with closing(Database(urls.worker)) as database:
        with database.transaction() as connection:
            schema_id = propose(connection, collection, _wanted(collection, every_index), "test")
        assert schema_id is not None
        while not prove(database, collection.owner, lambda: 300.0):
            pass
        with database.transaction() as connection:
            approve(connection, by, schema_id)
        while not build(database, collection.owner, lambda: 300.0):
            pass
        with database.transaction() as connection:
            made = schema_defs.get(connection, collection.owner, schema_id)
    assert made is not None
    assert made.status == "active", made.error
    return made


def _wanted(collection: Collection, every_index: bool) -> Wanted:
    profile = from_json(collection.profile or {})
    decision = decide(profile)
    table = design(profile, decision)
    if every_index:
        columns = (replace(each, indexed=each.type != "jsonb") for each in table.columns)
        table = replace(table, columns=tuple(columns))
    return Wanted("sql", "hash", decision.score, [], shown_profile(profile), table)


def as_app(urls: DatabaseUrls, owner: str, ask: Callable[[Connection], Any]) -> Any:
    """What is found by the role that faces clients."""
    with closing(Database(urls.app)) as database, database.transaction(owner) as connection:
        return ask(connection)


def parse(text: str) -> Any:
    """A document with every digit of its numbers."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def kind_of(value: Any) -> Kind:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case Decimal():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def known_of(documents: Iterable[Any]) -> dict[Path, frozenset[Kind]]:
    """The fields of these documents down to depth 3, and the kinds of their values."""
    known: dict[Path, frozenset[Kind]] = {}
    for document in documents:
        for path, value in _leaves(document, ()):
            known[path] = known.get(path, frozenset()) | {kind_of(value)}
    return known


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if path:
        yield path, value
    if isinstance(value, dict) and len(path) < 3:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))


def look_up(document: Any, path: Path) -> Any:
    """The value at the path, or MISSING."""
    for key in path:
        if not isinstance(document, dict) or key not in document:
            return MISSING
        document = document[key]
    return document


def satisfies(value: Any, operator: str, text: str | Sequence[str]) -> bool:
    """What a filter says of a value, spelled out; `in` comes with its items."""
    match operator:
        case "exists":
            return (value is not MISSING) is (text == "true")
        case _ if value is MISSING:
            found = False
        case "eq" | "ne":
            found = _equals(value, str(text)) is (operator == "eq")
        case "in":
            found = any(_equals(value, item) for item in text)
        case "like":
            found = isinstance(value, str) and _is_like(value, str(text))
        case _:
            compared = _compared(value, str(text))
            found = compared is not None and _SIGNS[operator](compared, 0)
    return found


_SIGNS = {"lt": lt, "lte": le, "gt": gt, "gte": ge}


def _equals(value: Any, text: str) -> bool:
    kind = kind_of(value)
    if kind in ("null", "boolean"):
        return json.dumps(value) == text
    return _compared(value, text) == 0


def _compared(value: Any, text: str) -> int | None:
    if isinstance(value, str):
        return (value > text) - (value < text)
    if isinstance(value, Decimal):
        number = as_number(text)
        return None if number is None else (value > number) - (value < number)
    return None


def as_number(text: str) -> Decimal | None:
    try:
        value = parse(text)
    except ValueError:
        return None
    return value if isinstance(value, Decimal) and text == text.strip() else None


def _is_like(value: str, pattern: str) -> bool:
    if not pattern:
        return not value
    if pattern[0] == "%":
        return any(_is_like(value[n:], pattern[1:]) for n in range(len(value) + 1))
    if not value:
        return False
    if pattern[0] == "_":
        return _is_like(value[1:], pattern[1:])
    literal = 1 if pattern[0] == "\\" else 0
    return value[0] == pattern[literal] and _is_like(value[1:], pattern[literal + 1 :])


_RANKS = ("null", "boolean", "number", "string", "array", "object")


def in_order(documents: Sequence[Any], by: Sequence[tuple[Path, bool]]) -> list[int]:
    """The numbers of the documents as they are to stand, given paths and which are descending."""

    def compare(one: int, other: int) -> int:
        for path, descending in by:
            first, second = (look_up(documents[n], path) for n in (one, other))
            if (first is MISSING) != (second is MISSING):
                return 1 if first is MISSING else -1
            told = 0 if first is MISSING else _told_apart(first, second)
            if told:
                return -told if descending else told
        return one - other

    return sorted(range(len(documents)), key=cmp_to_key(compare))


def _told_apart(first: Any, second: Any) -> int:
    ranks = [_RANKS.index(kind_of(value)) for value in (first, second)]
    if ranks[0] != ranks[1]:
        return ranks[0] - ranks[1]
    if isinstance(first, bool | Decimal | str):
        return int(first > second) - int(first < second)
    return 0


def shown(document: Any, fields: Sequence[Path]) -> Any:
    """What a projection leaves of a document."""
    found: dict[str, Any] = {}
    for path in sorted(fields, key=len):
        value = look_up(document, path)
        if value is not MISSING and not _is_within(path, fields):
            inner = found
            for key in path[:-1]:
                inner = inner.setdefault(key, {})
            inner[path[-1]] = value
    return found


def _is_within(path: Path, fields: Sequence[Path]) -> bool:
    return any(path[: len(other)] == other and path != other for other in fields)
