"""How many documents a second are read, laid out and packed one way or another."""

from __future__ import annotations

import gzip
import json
import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain, repeat

from backports import zstd
from mammothbox.documents.parts import ndjson_parts
from mammothbox.documents.reading import Document, Refusal, read_documents, read_part
from mammothbox.documents.unpacking import unpacked

LINES, ARRAY, PRETTY, VALUES = "lines", "an array", "an array on many lines", "values"
CHUNK = 1 << 20

_MEGABYTES = 50
_TIMES = 5
_PART = 16 * CHUNK
# What begins the file, stands between documents, and ends it.
_AROUND = {
    LINES: (b"", b"\n", b"\n"),
    ARRAY: (b"[", b",", b"]"),
    PRETTY: (b"[\n  ", b",\n  ", b"\n]"),
    VALUES: (b"", b"", b""),
}


def stream(layout: str, size: int) -> Iterator[bytes]:
    """Chunks of a file of so many bytes or a little more, made while it is read."""
    first, between, last = _AROUND[layout]
    block = between.join(_texts(2 if layout == PRETTY else None))
    blocks = chain([first + block], repeat(between + block, max(size // len(block), 1)), [last])
    waiting = b""
    for one in blocks:
        waiting += one
        while len(waiting) >= CHUNK:
            yield waiting[:CHUNK]
            waiting = waiting[CHUNK:]
    yield waiting


def run(_assets: int) -> None:
    """Print the rate of each way of reading the same documents."""
    size = _MEGABYTES * 1_000_000
    files = {layout: list(stream(layout, size)) for layout in _AROUND}
    for layout, chunks in files.items():
        _row(layout, chunks, read_documents)
    for content_type, pack in (("gzip", gzip.compress), ("zstd", zstd.compress)):
        packed = [pack(b"".join(files[LINES]))]
        _row(f"lines, {content_type}", packed, _unpacking(content_type))
        _skip(content_type, packed, size)
    _row("an array into parts, and these", files[ARRAY], _through_parts)


def _row(
    name: str, chunks: list[bytes], read: Callable[[Iterable[bytes]], Iterable[object]]
) -> None:
    rates = []
    count = 0
    for _ in range(_TIMES):
        began = time.perf_counter()
        count = sum(1 for _ in read(chunks))
        rates.append(count / (time.perf_counter() - began))
    rate = statistics.median(rates)
    print(f"  {name:<32} {rate:>9,.0f} documents/s   {_MEGABYTES * rate / count:6.1f} MB/s")


def _skip(content_type: str, packed: list[bytes], size: int) -> None:
    """How fast a reading that was broken off comes to where it was."""
    began = time.perf_counter()
    pieces = unpacked(packed, f"application/{content_type}")
    for _ in read_documents(pieces, after=size):
        break
    took = time.perf_counter() - began
    print(f"  {f'passing over lines, {content_type}':<32} {'':>21}   {size / took / 1e6:6.1f} MB/s")


def _unpacking(content_type: str) -> Callable[[Iterable[bytes]], Iterable[Document | Refusal]]:
    return lambda chunks: read_documents(unpacked(chunks, f"application/{content_type}"))


def _through_parts(chunks: Iterable[bytes]) -> Iterator[Document | Refusal]:
    for part in ndjson_parts(read_documents(chunks), _PART):
        yield from read_part([part.body], origin=part.position)


@cache
def _texts(indent: int | None) -> list[bytes]:
    """Two thousand orders, of some two hundred bytes each, as a shop might write them."""
    chance = random.Random(5)
    return [
        json.dumps(
            {
                "id": chance.randrange(1 << 40),
                "customer": f"customer {chance.randrange(10_000)}",
                "email": f"c{chance.randrange(10_000)}@example.org",
                "total": round(chance.random() * 1_000, 2),
                "paid": chance.random() < 0.5,
                "tags": chance.sample(["new", "gift", "fragile", "abroad"], 2),
                "address": {"city": chance.choice(["Köln", "Zürich", "Graz"]), "zip": "50667"},
                "at": f"2024-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}T10:00:00Z",
            },
            ensure_ascii=False,
            indent=indent,
        ).encode()
        for _ in range(2_000)
    ]
