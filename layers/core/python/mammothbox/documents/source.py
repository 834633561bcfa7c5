"""Where the bytes of JSON come from, and what they are read with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Database
from mammothbox.documents.reading import Document, Refusal
from mammothbox.documents.unpacking import PACKING_FAULTS
from mammothbox.errors import Permanent, Retryable
from mammothbox.settings import MEBIBYTE, DocumentSettings
from mammothbox.stages import Limits
from mammothbox.storage.library import Library
from mammothbox.storage.ranges import RangedObject

_CHUNK_BYTES = MEBIBYTE
# What the end of a piece may still take: its rows of the typed table, and the commit.
SPARE_S = 40


@dataclass(frozen=True)
class Reading:
    """What the schema worker works with. `time_left` is the invocation's, in seconds."""

    database: Database
    original: Callable[[Asset], RangedObject]
    library: Library
    limits: Limits
    settings: DocumentSettings
    time_left: Callable[[], float]


def chunks(source: RangedObject, first_byte: int, end_byte: int) -> Iterator[bytes]:
    """The bytes of a range, some at a time."""
    yield from source.pieces(first_byte, end_byte, _CHUNK_BYTES)


def in_time(reading: Reading, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same as long as there is time to finish with them. Raises `Retryable`."""
    for piece in pieces:
        if reading.time_left() < SPARE_S:
            raise Retryable("out_of_time", "Too little time was left to read this to its end.")
        yield piece


def unbroken(
    read: Callable[[Iterator[bytes]], Iterator[Document | Refusal]],
    pieces: Iterator[bytes],
    after: int,
) -> Iterator[Document | Refusal]:
    """What is read of a packed file; where it cannot be unpacked any further, a refusal says so.

    So what came before stays. The reading begins `after` what an earlier one read.
    """
    broken: list[Permanent] = []

    def until_broken() -> Iterator[bytes]:
        try:
            yield from pieces
        except Permanent as error:
            if error.code not in PACKING_FAULTS:
                raise
            broken.append(error)

    end = after
    for outcome in read(until_broken()):
        end = outcome.end
        yield outcome
    for error in broken:
        yield Refusal(end, error.code, error.detail, end)
