"""A JSON file of 5 GB through the schema worker: memory, time, and how it is cut.

The bytes are made while they are read, so that only the worker's own memory counts. Of all the
pieces that a file falls into some are read into Postgres; the others are like them.
`LARGE_JSON_MB` sets another size.
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import psycopg
from mammothbox.catalog.connection import Database
from mammothbox.catalog.migrate import migrate
from mammothbox.documents.receive import receive
from mammothbox.documents.source import Reading
from mammothbox.ids import new_id
from mammothbox.messages import WakeUp
from mammothbox.settings import MEBIBYTE, DocumentSettings
from mammothbox.stages import Limits
from mammothbox.storage.library import Made

from infra.local import postgres
from infra.local.postgres import DatabaseUrls
from infra.topology import WORKERS
from tests.bench.figures import scratch_folder

LAYOUTS = ("lines", "array", "gzip")
LIFETIME_S = next(worker.timeout_s for worker in WORKERS if worker.name == "schema")
_SIZE = 5_000_000_000
_BLOCK = 8 * MEBIBYTE
_READ = 4
_ADD = """
WITH j AS (INSERT INTO job (owner, id, request_id, source, objects)
    VALUES ('ada', %(id)s, 'r', 'drop', 1)),
r AS (INSERT INTO asset_raw (owner, id, bucket, key, version_id)
    VALUES ('ada', %(id)s, 'b', %(id)s::text, 'v')),
a AS (INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status, kind, content_type,
    size_bytes, collection) VALUES ('ada', %(id)s, %(id)s, 0, %(id)s, 'processing', 'json',
    %(type)s, %(size)s, %(layout)s))
INSERT INTO stage (owner, asset_id, name, state, request_id)
    VALUES ('ada', %(id)s, 'schema', 'queued', 'r')
"""


@dataclass(frozen=True)
class Figures:
    """What a file took. Seconds are of one invocation each, memory is of the whole process."""

    layout: str
    stored_bytes: int
    holds_bytes: int
    pieces: int
    first_looks: int
    longest_look_s: float
    pieces_read: int
    documents: int
    longest_piece_s: float
    before_mb: int
    peak_mb: int


@dataclass(frozen=True)
class Repeated:
    """An object that says the same over and over, read as from S3."""

    first: bytes
    block: bytes
    times: int
    last: bytes

    @property
    def size(self) -> int:
        return len(self.first) + self.times * len(self.block) + len(self.last)

    def read(self, offset: int, length: int) -> bytes:
        return b"".join(self.pieces(offset, offset + length, MEBIBYTE))

    def pieces(self, first: int, end: int, most: int) -> Iterator[bytes]:
        at, end = first, min(end, self.size)
        while at < end:
            piece = self._at(at)[: min(most, end - at)]
            yield piece
            at += len(piece)

    def _at(self, offset: int) -> bytes:
        """What is there from `offset` on, up to a seam."""
        inside = offset - len(self.first)
        if inside < 0:
            return self.first[offset:]
        if inside < self.times * len(self.block):
            begin = inside % len(self.block)
            return self.block[begin : begin + MEBIBYTE]
        return self.last[inside - self.times * len(self.block) :]


class _Shelf:
    """The library in a folder; of the pieces some stay."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.names: list[str] = []

    def put(self, _: UUID, made: Made) -> None:
        self.names.append(made.name)
        (self._folder / made.name).write_bytes(made.body)
        if len(self.names) > _READ:
            (self._folder / self.names[-2]).unlink()

    def read(self, _: UUID, name: str) -> bytes | None:
        path = self._folder / name
        return path.read_bytes() if path.exists() else None

    def erase(self, _: UUID) -> None:
        for path in self._folder.iterdir():
            path.unlink()


def run(_assets: int) -> None:
    """Print what a file of each layout takes."""
    size = int(os.environ.get("LARGE_JSON_MB", _SIZE // 1_000_000)) * 1_000_000
    with scratch_folder() as folder, postgres.lease(folder / "pg") as server:
        server.create_database("bench")
        urls = server.urls("bench")
        migrate(urls.superuser)
        for layout in LAYOUTS:
            print(_told(measure(urls, layout, size)))
            sys.stdout.flush()


def measure(urls: DatabaseUrls, layout: str, size: int) -> Figures:
    """What a file that holds so many bytes takes, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, layout, str(size), urls.worker, urls.superuser],
        check=True,
        capture_output=True,
        text=True,
    )
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def _told(one: Figures) -> str:
    holds = f"{one.stored_bytes / 1e9:.2f} GB that hold {one.holds_bytes / 1e9:.2f} GB"
    cut = (
        f"{one.pieces} pieces, cut in {one.first_looks} invocation(s) of {one.longest_look_s:.0f} s"
    )
    read = f"{one.documents:,} documents of {one.pieces_read} pieces read"
    return (
        f"  {one.layout}: {holds}: {cut}; {read} in at most {one.longest_piece_s:.1f} s each;"
        f" memory {one.before_mb} MB at first, {one.peak_mb} MB at its peak"
    )


def _file(layout: str, size: int) -> tuple[Repeated, int]:
    """The object, and how many bytes of JSON it holds."""
    ending = b",\n" if layout == "array" else b"\n"
    rows = bytearray()
    number = 0
    while len(rows) < _BLOCK:
        document = {
            "id": number,
            "name": f"user {number * 7919 % 10**6}",
            "email": f"u{number}@example.com",
            "score": number * 31 % 10_000 / 100,
            "active": number % 2 == 0,
            "created_at": f"2024-01-{number % 27 + 1:02}T10:{number % 60:02}:00Z",
            "city": ("Paris", "Rome", "Oslo")[number % 3],
        }
        rows += json.dumps(document).encode() + ending
        number += 1
    block, times = bytes(rows), -(-size // len(rows))
    if layout == "array":
        return Repeated(b"[", block, times, b"{}]"), len(block) * times + 4
    if layout == "gzip":
        return Repeated(b"", gzip.compress(block, 6), times, b""), len(block) * times
    return Repeated(b"", block, times, b""), len(block) * times


def _work(layout: str, size: int, worker: str, superuser: str, folder: Path) -> Figures:
    original, holds = _file(layout, size)
    asset_id = new_id()
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("SET search_path = catalog, public")
        packed = "application/json+gzip" if layout == "gzip" else "application/json"
        values = {"id": asset_id, "size": original.size, "type": packed, "layout": layout}
        connection.execute(_ADD, values)
    database, began = Database(worker), time.monotonic()
    reading = Reading(
        database=database,
        original=lambda _: original,  # type: ignore[arg-type,return-value]
        library=_Shelf(folder),  # type: ignore[arg-type]
        limits=Limits(LIFETIME_S, LIFETIME_S + 30, 3),
        settings=DocumentSettings(),
        time_left=lambda: LIFETIME_S - (time.monotonic() - began),
    )
    before, looks, numbers = _peak_mb(), [], set[int]()
    wake_up = WakeUp(stage="schema", owner="ada", asset_id=asset_id, request_id="r")
    waiting = True
    while waiting:
        began = time.monotonic()
        woken = receive(reading, wake_up.model_dump_json()).wake_ups
        looks.append(time.monotonic() - began)
        numbers |= {one.part for one in woken if one.part}
        waiting = any(one.part == 0 for one in woken)
    taken = []
    for number in _some(sorted(numbers)):
        began = time.monotonic()
        receive(reading, wake_up.model_copy(update={"part": number}).model_dump_json())
        taken.append(time.monotonic() - began)
    database.close()
    with psycopg.connect(superuser) as connection:
        found = connection.execute(
            "SELECT sum(documents)::bigint, count(*) FILTER (WHERE documents IS NOT NULL)"
            " FROM catalog.document_part WHERE asset_id = %s",
            [asset_id],
        ).fetchone()
    documents, pieces_read = found or (0, 0)
    return Figures(
        layout=layout,
        stored_bytes=original.size,
        holds_bytes=holds,
        pieces=len(numbers),
        first_looks=len(looks),
        longest_look_s=max(looks),
        pieces_read=pieces_read,
        documents=documents,
        longest_piece_s=max(taken, default=0.0),
        before_mb=before,
        peak_mb=_peak_mb(),
    )


def _some(numbers: list[int]) -> list[int]:
    """The first ones, and the last."""
    return numbers if len(numbers) <= _READ else [*numbers[: _READ - 1], numbers[-1]]


def _peak_mb() -> int:
    """The most memory so far. What `getrusage` says may be that of the process which began this."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    with (
        TemporaryDirectory() as scratch,
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),
    ):
        figures = _work(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], Path(scratch))
    print(json.dumps(asdict(figures)))
