"""How a file is cut into parts, and that nothing gets lost or moves by it."""

from __future__ import annotations

import json

import pytest
from mammothbox.documents.parts import Part, Range, Ranges, Unpack, Whole, ndjson_parts, plan
from mammothbox.documents.reading import Document, Refusal, read_documents, read_part

LINES = b'{"a":1}\n' * 1_000
DOCUMENTS = [json.dumps({"number": number, "é": ["x"] * (number % 7)}) for number in range(500)]
FILES = {
    "an array": "[" + ",".join(DOCUMENTS) + "]",
    "an array on many lines": json.dumps([json.loads(one) for one in DOCUMENTS], indent=2),
    "values": "".join(DOCUMENTS),
    "lines": "\r\n\r\n".join(DOCUMENTS),
    "an array of arrays": "[" + ", ".join(f"[{one}]" for one in DOCUMENTS) + "]",
    "numbers": "[1,2,3,-4.50," + ",".join(map(str, range(3_000))) + "]",
    "with refusals": "[" + ",".join(one + ",NaN," + '{"a":bad}' for one in DOCUMENTS) + "]",
    "with large refusals": "[" + (',{"a":bad' + " " * 900 + "},").join(DOCUMENTS) + "]",
    "refusals alone": "[" + "NaN," * 500 + "NaN]",
}
files = pytest.mark.parametrize("text", FILES.values(), ids=FILES)
PART = 1_000


def of_documents(data: bytes) -> list[Document]:
    return [one for one in read_documents([data]) if isinstance(one, Document)]


def reread(part: Part) -> list[Document | Refusal]:
    return list(read_part([part.body], origin=part.position))


@files
def test_parts_give_the_documents_of_the_file_where_they_stood(text: str) -> None:
    data = text.encode()
    parts = list(ndjson_parts(read_documents([data]), PART))

    again = [one for part in parts for one in reread(part)]

    kept = of_documents(data)
    assert [(one.position, one.value) for one in again if isinstance(one, Document)] == [
        (one.position, one.value) for one in kept
    ]
    assert len(again) == len(kept) == sum(part.documents for part in parts)
    assert all(len(part.body) <= PART for part in parts)
    assert [part.last for part in parts] == [False] * (len(parts) - 1) + [True]


@files
def test_reading_goes_on_behind_every_part(text: str) -> None:
    data = text.encode()
    parts = list(ndjson_parts(read_documents([data]), PART))

    for number, part in enumerate(parts[:-1], 1):
        rest = read_documents([data], after=part.end)
        assert next(ndjson_parts(rest, PART)) == parts[number]


@files
def test_every_refusal_is_told_with_its_part(text: str) -> None:
    data = text.encode()
    refused = [one for one in read_documents([data]) if isinstance(one, Refusal)]
    parts = list(ndjson_parts(read_documents([data]), PART))

    assert sum(part.refused for part in parts) == len(refused)
    told = [one for part in parts for one in part.refusals]
    assert told == refused[: len(told)]
    assert len(told) == min(len(refused), 100) or len(parts) > 1


def test_parts_are_lines() -> None:
    data = FILES["an array on many lines"].encode()

    for part in ndjson_parts(read_documents([data]), PART):
        lines = [line for line in part.body.splitlines() if line.strip()]
        assert len(lines) == part.documents
        assert all(isinstance(json.loads(line), dict) for line in lines)


def test_a_document_larger_than_a_part_is_one() -> None:
    data = b'[{}, "' + b"x" * 5_000 + b'", {}]'

    parts = list(ndjson_parts(read_documents([data]), PART))

    assert [part.documents for part in parts] == [1, 1, 1]


def test_of_nothing_there_is_no_part() -> None:
    assert list(ndjson_parts(read_documents([b" [ ] "]), PART)) == []


def test_what_is_small_is_read_at_once() -> None:
    assert planned(LINES, len(LINES)) == Whole()
    assert planned(b"[{}]", 4) == Whole()


def test_lines_are_read_in_ranges() -> None:
    assert planned(LINES, 25_000) == Ranges(
        (Range(0, 10_000), Range(10_000, 20_000), Range(20_000, 25_000))
    )
    assert planned(b"\xef\xbb\xbf[1]\n[2]\n", 25_000) == planned(LINES, 25_000)
    assert (Range(0, 1).opening, Range(10_000, 1).opening) == (0, 9_999)


@pytest.mark.parametrize(
    "head",
    [b"[" + LINES, b'[\n{"a":1},\n{"a":2},\n', b'{\n"a": [\n1,\n', b'{"a":"' + b"x" * 9_000, b""],
)
def test_what_is_not_sure_to_be_lines_is_read_from_the_beginning(head: bytes) -> None:
    assert planned(head, 25_000) == Unpack()


def test_broken_lines_among_them_are_lines_nevertheless() -> None:
    assert isinstance(planned(b"{bad}\n" + LINES, 25_000), Ranges)
    assert isinstance(planned(b'{"a":NaN}\n{bad}\n\n{}\n{"cut":', 25_000), Ranges)


def test_what_is_packed_is_read_at_once_when_it_cannot_hold_much() -> None:
    assert planned(b"\x1f\x8b", 19, "application/json+gzip") == Whole()
    assert planned(b"\x1f\x8b", 20, "application/json+gzip") == Unpack()
    assert planned(b"\x28\xb5\x2f\xfd", 19, "application/json+zstd") == Unpack()


def planned(head: bytes, size: int, content_type: str = "application/json") -> object:
    return plan(head, size, content_type, part_bytes=10_000, whole_bytes=20_000)
