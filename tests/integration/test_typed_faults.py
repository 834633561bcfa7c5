"""Proving, approving, building and rolling back may stop at any statement, and are made good."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from mammothbox.catalog.schema_defs import BEGINNING
from mammothbox.documents import build as building
from mammothbox.documents import proposals
from mammothbox.documents.design import Column
from mammothbox.documents.pieces import Pieces

from infra.local.postgres import DatabaseUrls
from tests.integration.steps import Killed, disturbed
from tests.typed_library import TypedLibrary, documents

ROOT = Path(__file__).parents[2]
A = Column(("a",), "a", "bigint", indexed=True)
B = Column(("b",), "b", "text")
ACTS = ("prove", "approve", "build", "change", "undo")


@pytest.fixture
def library(database_urls: DatabaseUrls) -> Iterator[TypedLibrary]:
    library = TypedLibrary.open(database_urls)
    library.add(documents(*({"a": number, "b": "x"} for number in range(100))))
    library.add(documents({"a": "no number"}))
    yield library
    library.close()


def prepared(library: TypedLibrary, name: str) -> UUID:
    """A schema that is where the act begins."""
    if name == "undo":
        made = library.built(A)
        with library.app.transaction(library.owner) as connection:
            proposals.request_rollback(connection, library.by, made.id)
        return made.id
    if name == "change":
        library.built(A)
    schema_id = library.proposed(A, B)
    if name != "prove":
        library.prove()
    if name in {"build", "change"}:
        library.approve(schema_id)
    return schema_id


def act(library: TypedLibrary, name: str, schema_id: UUID) -> None:
    acts: dict[str, Callable[[], None]] = {
        "prove": library.prove,
        "approve": lambda: library.approve(schema_id),
        "build": library.build,
        "change": library.build,
        "undo": library.undo,
    }
    acts[name]()


def check(library: TypedLibrary, name: str, schema_id: UUID) -> None:
    """The act has happened, once and wholly."""
    after = {"prove": "provisional", "approve": "building", "undo": "rolled_back"}
    now = library.schema(schema_id)
    assert now.status == after.get(name, "active")
    if name == "prove":
        assert now.dry_run is not None
        assert (now.dry_run["complete"], now.dry_run["rows"]) == (True, 101)
    if now.status == "active":
        assert library.texts_again(now) == library.texts()
        assert [row["b"] for row in library.typed(now)] == ["x"] * 100 + [None]
    if name == "undo":
        assert typed_relations(library) == set()
    assert scratch(library) == []


def typed_relations(library: TypedLibrary) -> set[tuple[Any, ...]]:
    return {
        row[:3]
        for row in library.relations()
        if row[1] in {"collections", "collected"} and not row[2].startswith("docs_")
    }


def scratch(library: TypedLibrary) -> list[dict[str, Any]]:
    return library.rows("SELECT relname FROM pg_class WHERE relnamespace = 'scratch'::regnamespace")


def whole(library: TypedLibrary, schema_id: UUID) -> None:
    """Whatever happened: the table is there or not, as its schema says, and nothing is lost."""
    now = library.schema(schema_id)
    assert len(library.texts()) == 101
    assert scratch(library) == []
    if now.status in {"provisional", "proving"} or (
        now.status == "building" and now.filled_to is None
    ):
        return
    there = typed_relations(library) != set()
    assert there == (now.status != "rolled_back")


@pytest.mark.parametrize("name", ACTS)
def test_cut_short_at_any_statement(
    library: TypedLibrary, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema_id = prepared(library, name)
    monkeypatch.setattr(building, "Pieces", partial(Pieces, 20))
    number, filled_to = 0, BEGINNING
    while True:
        try:
            with disturbed(monkeypatch, number):
                act(library, name, schema_id)
            break
        except Killed:
            whole(library, schema_id)
            now = library.schema(schema_id)
            assert now.filled_to is None or now.filled_to >= filled_to
            filled_to = now.filled_to or filled_to
            number += 1

    assert number > 5
    check(library, name, schema_id)


_CHILD = """
import os, signal, sys
import psycopg
from uuid import UUID
from mammothbox.catalog.connection import Database
from mammothbox.documents import proposals
from mammothbox.documents.build import build
from mammothbox.documents.prove import prove
from mammothbox.documents.rollback import undo

url, name, number, schema_id = sys.argv[1:]
sent, execute = 0, psycopg.Connection.execute

def counted(connection, *arguments, **options):
    global sent
    sent += 1
    if sent == int(number):
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(connection, *arguments, **options)

psycopg.Connection.execute = counted
database = Database(url)
if name == "approve":
    with database.transaction("ada") as connection:
        proposals.approve(connection, proposals.By("ada", "key:test", "request"), UUID(schema_id))
elif name == "undo":
    while not undo(database, "ada"):
        pass
else:
    step = prove if name == "prove" else build
    while not step(database, "ada", lambda: 600.0):
        pass
"""


@pytest.mark.prove
@pytest.mark.parametrize("name", ACTS)
def test_killed_at_any_statement(library: TypedLibrary, name: str) -> None:
    schema_id = prepared(library, name)
    url = library.urls.app if name == "approve" else library.urls.worker
    killed = 0
    while True:
        arguments = [url, name, str(killed + 1), str(schema_id)]
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, *arguments], cwd=ROOT, check=False, timeout=60
        )
        if done.returncode == 0:
            break
        assert done.returncode < 0
        killed += 1
        whole(library, schema_id)

    assert killed > 5
    check(library, name, schema_id)


def test_documents_come_and_go_while_the_table_is_made_changed_and_dropped(
    library: TypedLibrary,
) -> None:
    """Four take in files and erase some of them; at the end every row is there, and no other."""
    stop = Event()

    def bustle(number: int) -> None:
        while not stop.is_set():
            asset_id = library.add(documents(*({"a": number, "b": "y"} for _ in range(50))))
            if number % 2:
                library.purge(asset_id)

    with ThreadPoolExecutor(4) as pool:
        busy = [pool.submit(bustle, number) for number in range(4)]
        try:
            for turn in range(3):
                library.built(A, structure=f"{turn}")
                made = library.built(A, B, structure=f"{turn}")
                library.roll_back(made.id)
            made = library.built(A, B)
        finally:
            stop.set()
        for one in busy:
            one.result()

    assert library.texts_again(made) == library.texts()
