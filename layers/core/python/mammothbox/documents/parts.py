"""Cutting a file into parts that one invocation each can read.

A part of what had to be unpacked keeps every document where it stood: byte by byte it is as
long as the piece of the file that it holds, with spaces and newlines in the place of commas, of
line breaks within a document and of what was refused. So the position in the file of what stands
in a part is the part's own position and its place there, and no index is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mammothbox.documents.layout import layout_of
from mammothbox.documents.outcomes import Document, Refusal
from mammothbox.documents.unpacking import GZIP, ZSTD

# What gzip unpacks to at most; of zstd nobody knows before.
_MOST_OF_GZIP = 1032
_KEPT_REFUSALS = 100
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


@dataclass(frozen=True, slots=True)
class Whole:
    """Small enough to be read by one invocation."""


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes of the file, for `read_lines`, which wants what begins at `opening`."""

    origin: int
    end: int

    @property
    def opening(self) -> int:
        return max(self.origin - 1, 0)


@dataclass(frozen=True, slots=True)
class Ranges:
    """Lines, to be read side by side."""

    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Unpack:
    """To be read once from the beginning and stored as parts, which are read side by side."""


@dataclass(frozen=True, slots=True)
class Part:
    """Documents of a file, as lines: the bytes from `position` on, whose last was before `end`.

    The reading goes on after `end`, unless the part is the `last`. `refusals` are the first of
    `refused`.
    """

    position: int
    end: int
    body: bytes
    documents: int
    refused: int
    refusals: tuple[Refusal, ...]
    last: bool


def plan(
    head: bytes, size: int, content_type: str, *, part_bytes: int, whole_bytes: int
) -> Whole | Ranges | Unpack:
    """How to read a file of so many bytes that begins with `head`, some dozens of kilobytes."""
    if content_type in ZSTD:
        return Unpack()
    if content_type in GZIP:
        return Whole() if size * _MOST_OF_GZIP <= whole_bytes else Unpack()
    if size <= whole_bytes:
        return Whole()
    if layout_of(head, whole=len(head) >= size) != "lines":
        return Unpack()
    begins = range(0, size, part_bytes)
    return Ranges(tuple(Range(begin, min(begin + part_bytes, size)) for begin in begins))


def ndjson_parts(outcomes: Iterable[Document | Refusal], part_bytes: int) -> Iterator[Part]:
    """Parts of about so many bytes, or of one document that is larger; each as soon as it is full.

    Of nothing there is no part; else the last one says that it is.
    """
    filling: _Filling | None = None
    for outcome in outcomes:
        if filling is None:
            filling = _Filling(outcome.position)
        elif isinstance(outcome, Document) and not filling.has_room(outcome, part_bytes):
            yield filling.part(last=False)
            filling = _Filling(outcome.position)
        filling.add(outcome)
    if filling is not None:
        yield filling.part(last=True)


class _Filling:
    """A part that is being filled."""

    def __init__(self, position: int) -> None:
        self._position = self._end = position
        self._body = bytearray()
        self._documents = self._refused = 0
        self._refusals: list[Refusal] = []

    def has_room(self, document: Document, part_bytes: int) -> bool:
        """Whether the document fits; the first one always does."""
        return not self._documents or document.end - self._position <= part_bytes

    def add(self, outcome: Document | Refusal) -> None:
        self._end = outcome.end
        if isinstance(outcome, Refusal):
            self._refused += 1
            if len(self._refusals) < _KEPT_REFUSALS:
                self._refusals.append(outcome)
            return
        if not self._documents:
            # Whatever was refused before it takes no room.
            self._position = outcome.position
        elif gap := outcome.position - self._position - len(self._body):
            self._body += b"\n".rjust(gap)
        self._body += outcome.text.translate(_ONE_LINE)
        self._documents += 1

    def part(self, *, last: bool) -> Part:
        body = bytes(self._body)
        # Whoever takes the part holds it for a while; once is enough.
        self._body.clear()
        return Part(
            self._position,
            self._end,
            body,
            self._documents,
            self._refused,
            tuple(self._refusals),
            last,
        )
