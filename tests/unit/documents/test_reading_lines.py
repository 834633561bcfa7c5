"""Reading a range of the bytes of a file of lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mammothbox.documents.parts import Range
from mammothbox.documents.reading import Document, Refusal, read_documents, read_lines

DATA = b'{"a":1}\n\n[2]\r\n  {bad}\n"' + b"x" * 20 + b'"\n5\n{}'


def read(data: bytes, wanted: Range, size: int) -> list[Document | Refusal]:
    chunks = (data[at : at + size] for at in range(wanted.opening, len(data), size))
    return list(read_lines(chunks, origin=wanted.origin, end=wanted.end))


@pytest.mark.parametrize("size", [1, 4, 1_000])
@pytest.mark.parametrize("part_bytes", range(1, len(DATA) + 2))
def test_ranges_that_meet_give_every_line_once(part_bytes: int, size: int) -> None:
    ranges = [Range(at, at + part_bytes) for at in range(0, len(DATA), part_bytes)]

    together = [one for wanted in ranges for one in read(DATA, wanted, size)]

    assert together == list(read_documents([DATA]))
    assert len(together) == 6


def test_no_more_is_taken_than_the_last_line_needs() -> None:
    taken = []

    def chunks() -> Iterator[bytes]:
        for number in range(1_000):
            taken.append(number)
            yield b'{"a":1}\n{"b'
            yield b'":1}\n'

    assert len(list(read_lines(chunks(), origin=0, end=20))) == 3
    assert len(taken) < 4


def test_a_range_within_one_line_is_empty_and_read_no_further_than_its_end() -> None:
    taken = []

    def chunks() -> Iterator[bytes]:
        for number in range(1_000):
            taken.append(number)
            yield b" " * 10

    assert list(read_lines(chunks(), origin=100, end=120)) == []
    assert len(taken) < 4


def test_the_last_range_is_read_to_the_end() -> None:
    found = list(read_lines([b"}\n{}\n{}"], origin=100, end=None))

    assert [one.position for one in found] == [101, 104]


def test_a_byte_order_mark_belongs_to_no_document() -> None:
    found = list(read_lines([b"\xef\xbb\xbf{}\n{}"], origin=0, end=None))

    assert found == [Document(3, b"{}", {}), Document(6, b"{}", {})]
