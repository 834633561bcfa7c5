"""Reading holds a chunk and a document, however large the file."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TypeAlias

import pytest
from mammothbox.documents.parts import ndjson_parts
from mammothbox.documents.reading import Document, Refusal, read_documents
from mammothbox.documents.unpacking import unpacked

from tests.bench.reading import ARRAY, CHUNK, LINES, PRETTY, stream

MEGABYTE = 1_000_000
SMALL, LARGE = 2 * MEGABYTE, 8 * MEGABYTE
# Where chunks and documents end, moves the peak by as much.
SOME_CHUNKS = 2 * CHUNK
Outcomes: TypeAlias = Iterable[Document | Refusal]
Act = Callable[[int], object]


def _unpacked(size: int) -> Outcomes:
    packer = zlib.compressobj(1, wbits=31)
    packed = (packer.compress(chunk) for chunk in stream(LINES, size))
    whole = chain(packed, (packer.flush() for _ in range(1)))
    return read_documents(unpacked(whole, "application/json+gzip"))


READS: dict[str, Callable[[int], Outcomes]] = {
    "lines": lambda size: read_documents(stream(LINES, size)),
    "an array": lambda size: read_documents(stream(ARRAY, size)),
    "an array on many lines": lambda size: read_documents(stream(PRETTY, size)),
    "packed": _unpacked,
}
# Starts with its own process, so that the peak is of this reading alone.
_PEAK = """
import resource, sys
from mammothbox.documents.reading import read_documents
from tests.bench.reading import stream
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
list(read_documents(stream(sys.argv[1], 1_000_000)))
before = peak()
read = sum(1 for _ in read_documents(stream(sys.argv[1], int(sys.argv[2]))))
print(read, peak() - before)
"""


def growth(act: Act) -> int:
    """How much more memory it takes, at its peak, for the larger file."""
    return peak(act, LARGE) - peak(act, SMALL)


def peak(act: Act, size: int) -> int:
    tracemalloc.start()
    try:
        act(size)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_reading_takes_no_more_memory_for_a_larger_file(read: Callable[[int], Outcomes]) -> None:
    # Given chunks that are made while they are read
    def act(size: int) -> None:
        # When all of them are read
        assert sum(1 for _ in read(size)) > size // 400

    # Then the memory is that of some chunks
    assert growth(act) < SOME_CHUNKS


def test_parts_take_the_memory_of_one() -> None:
    def act(size: int) -> None:
        outcomes = read_documents(stream(ARRAY, size))
        assert sum(1 for _ in ndjson_parts(outcomes, MEGABYTE)) > size // (2 * MEGABYTE)

    assert growth(act) < SOME_CHUNKS


def test_a_document_that_never_ends_is_not_held() -> None:
    def endless(size: int) -> Iterator[bytes]:
        yield b'[{"a":"'
        for _ in range(size // CHUNK):
            yield b"x" * CHUNK

    def act(size: int) -> None:
        (refusal,) = read_documents(endless(size), most_bytes=MEGABYTE)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "document_too_large"

    assert growth(act) < SOME_CHUNKS


@pytest.mark.prove
@pytest.mark.parametrize("layout", [LINES, ARRAY, PRETTY])
def test_three_hundred_megabytes_are_read_in_sixty(layout: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _PEAK, layout, str(300 * MEGABYTE)],
        check=True,
        capture_output=True,
        text=True,
    )

    read, grown = map(int, run.stdout.split())

    assert read > 1_000_000
    assert grown < 60 * MEGABYTE
