"""JSON on its way: a file of lines through the schema handler, into JSONB and into a typed table.

With `DLT_PYTHON`, a Python that has `dlt[postgres]`, the same file goes through dlt beside it.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from uuid import UUID

import psycopg
from mammothbox.catalog.connection import Database
from mammothbox.catalog.migrate import migrate
from mammothbox.documents.errands import errands
from mammothbox.documents.proposals import By, approve
from mammothbox.documents.receive import receive
from mammothbox.documents.source import Reading
from mammothbox.errands import do
from mammothbox.ids import new_id
from mammothbox.messages import ChoreCall, WakeUp
from mammothbox.settings import DocumentSettings
from mammothbox.stages import Limits
from mammothbox.storage.library import Library

from infra.local import postgres
from tests.bench.figures import scratch_folder

OWNER = "ada"
_DOCUMENTS = 200_000
_ADD = """
WITH j AS (INSERT INTO job (owner, id, request_id, source, objects)
    VALUES ('ada', %(id)s, 'r', 'drop', 1)),
r AS (INSERT INTO asset_raw (owner, id, bucket, key, version_id)
    VALUES ('ada', %(id)s, 'b', %(id)s::text, 'v')),
a AS (INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status, kind, content_type,
    size_bytes, collection) VALUES ('ada', %(id)s, %(id)s, 0, %(id)s, 'processing', 'json',
    'application/json', %(size)s, 'users'))
INSERT INTO stage (owner, asset_id, name, state, request_id)
    VALUES ('ada', %(id)s, 'schema', 'queued', 'r')
"""


class _Memory:
    """An object that lies in memory, read as from S3."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.size = len(body)

    def read(self, offset: int, length: int) -> bytes:
        return self._body[offset : offset + length]

    def pieces(self, first: int, end: int, most: int) -> Iterator[bytes]:
        for at in range(first, min(end, self.size), most):
            yield self._body[at : min(at + most, end)]


def run(_assets: int) -> None:
    """Print the rates of each step, and of the whole."""
    with scratch_folder() as folder, postgres.lease(folder / "pg") as server:
        server.create_database("bench")
        urls = server.urls("bench")
        migrate(urls.superuser)
        body = b"".join(_lines(_DOCUMENTS))
        with _reading(urls.worker, body) as reading:
            _rate("lines to committed JSONB", lambda: _ingest(reading, urls.superuser, body))
            _rate("… once more", lambda: _ingest(reading, urls.superuser, body))
            for chore in ("propose", "prove"):
                _chore(reading, chore)
            _approve(urls.superuser, Database(urls.app))
            began = time.perf_counter()
            _chore(reading, "build")
            _print("backfill into the typed table", 2 * _DOCUMENTS, time.perf_counter() - began)
            _rate("lines to JSONB and typed rows", lambda: _ingest(reading, urls.superuser, body))
        server.create_database("dlt")
        _beside_dlt(body, server.urls("dlt").superuser)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"  peak memory of this process: {peak} MB, the file of {len(body) >> 20} MB included")


def _lines(count: int) -> Iterator[bytes]:
    chance = random.Random(1)
    for number in range(count):
        document = {
            "id": number,
            "name": f"user {chance.randrange(10**6)}",
            "email": f"u{number}@example.com",
            "age": chance.randrange(90),
            "score": round(chance.random() * 100, 2),
            "active": chance.random() < 0.5,
            "created_at": f"2024-01-{chance.randrange(1, 28):02}T10:{chance.randrange(60):02}:00Z",
            "city": chance.choice(["Paris", "Rome", "Oslo"]),
        }
        yield json.dumps(document).encode() + b"\n"


@contextmanager
def _reading(url: str, body: bytes) -> Iterator[Reading]:
    database = Database(url)
    yield Reading(
        database=database,
        original=lambda _: _Memory(body),  # type: ignore[arg-type,return-value]
        library=Library(None, "library"),  # type: ignore[arg-type]
        limits=Limits(300, 330, 3),
        settings=DocumentSettings(),
        time_left=lambda: 300.0,
    )
    database.close()


def _ingest(reading: Reading, superuser: str, body: bytes) -> None:
    asset_id = new_id()
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("SET search_path = catalog, public")
        connection.execute(_ADD, {"id": asset_id, "size": len(body)})
    wake_up = WakeUp(stage="schema", owner=OWNER, asset_id=asset_id, request_id="r")
    # Its metrics go to standard output.
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        receive(reading, wake_up.model_dump_json())


def _chore(reading: Reading, name: str) -> None:
    do(errands(reading), ChoreCall(chore=name, owner=OWNER))


def _approve(superuser: str, app: Database) -> None:
    with psycopg.connect(superuser) as connection:
        found = connection.execute("SELECT id, status, error FROM catalog.schema_def").fetchone()
    if found is None or found[1] != "provisional":
        raise RuntimeError(f"the proposal is not to be approved: {found}")
    schema_id: UUID = found[0]
    with app.transaction(OWNER) as connection:
        approve(connection, By(OWNER, "key:bench", "r"), schema_id)
    app.close()


def _beside_dlt(body: bytes, url: str) -> None:
    python = os.environ.get("DLT_PYTHON")
    if python is None:
        print("  dlt: not measured (DLT_PYTHON names no Python that has it)")
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lines.ndjson"
        file.write_bytes(body)
        code = Path(__file__).with_name("dlt_load.py")
        began = time.perf_counter()
        subprocess.run([python, str(code), str(file), url, folder], check=True)
        _print("dlt, with its start", _DOCUMENTS, time.perf_counter() - began)


def _rate(what: str, act: Callable[[], None]) -> None:
    began = time.perf_counter()
    act()
    _print(what, _DOCUMENTS, time.perf_counter() - began)


def _print(what: str, documents: int, seconds: float) -> None:
    print(f"  {what:<44} {documents / seconds:>10,.0f} documents/s")
