"""What is read of a file of JSON: documents where they stand, and refusals that say why."""

from __future__ import annotations

from typing import TypeAlias

import pytest
from mammothbox.documents.parsing import parse
from mammothbox.documents.reading import Document, Refusal, read_documents
from mammothbox.documents.values import Digits

BOM = b"\xef\xbb\xbf"

# What was read: the text where it stands, or the code of what was refused there.
Found: TypeAlias = list[tuple[int, bytes | str]]

LAYOUTS: dict[str, tuple[bytes, Found]] = {
    "nothing": (b"", []),
    "blanks": (b" \r\n\t\n", []),
    "only a byte order mark": (BOM, []),
    "one object": (b'{"a": 1}', [(0, b'{"a": 1}')]),
    "one object on many lines": (b'{\n "a": [\n1\n]\n}\n', [(0, b'{\n "a": [\n1\n]\n}')]),
    "a number": (b" 12", [(1, b"12")]),
    "a text": (b'"[{"', [(0, b'"[{"')]),
    "an empty array": (b" [ ] ", []),
    "the elements of an array": (b'[{"a":1},\n {}]', [(1, b'{"a":1}'), (11, b"{}")]),
    "elements of every kind": (
        b'[null,-1.50,"]",[2],true]',
        [(1, b"null"), (6, b"-1.50"), (12, b'"]"'), (16, b"[2]"), (20, b"true")],
    ),
    "arrays one after the other": (b"[1][ ]\n[2,3]", [(1, b"1"), (8, b"2"), (10, b"3")]),
    "lines": (b'{"a":1}\n{"b":2}\n', [(0, b'{"a":1}'), (8, b'{"b":2}')]),
    "lines of any newline": (b'{}\r\n\r\n  {"b":2} \n', [(0, b"{}"), (8, b'{"b":2}')]),
    "lines of arrays": (b"[1,2]\n[3]\n", [(0, b"[1,2]"), (6, b"[3]")]),
    "values without anything between": (
        b'{"a":1}{}[1]"x"',
        [(0, b'{"a":1}'), (7, b"{}"), (9, b"[1]"), (12, b'"x"')],
    ),
    "values on many lines": (b'{\n"a":1\n}\n{\n}', [(0, b'{\n"a":1\n}'), (10, b"{\n}")]),
    "values apart by a carriage return": (b"{}\r{}", [(0, b"{}"), (3, b"{}")]),
    "a byte order mark": (BOM + b"{}\n{}", [(3, b"{}"), (6, b"{}")]),
    "a byte order mark of a second file": (b"{}\n" + BOM + b"{}", [(0, b"{}"), (6, b"{}")]),
    "other than ASCII": (
        '["é","日本🐘"]'.encode(),
        [(1, '"é"'.encode()), (6, '"日本🐘"'.encode())],
    ),
}

BROKEN: dict[str, tuple[bytes, Found]] = {
    "a line": (b'{"a":1}\n{bad}\n{}', [(0, b'{"a":1}'), (8, "invalid_json"), (14, b"{}")]),
    "the first line": (b'{"a":\n{}\n{}', [(0, "invalid_json"), (6, b"{}"), (9, b"{}")]),
    "a line of two documents": (b"{}\n{} {}\n{}", [(0, b"{}"), (3, "invalid_json"), (9, b"{}")]),
    "an element in its brackets": (
        b'[{"a":tru},{bad},nan,{}]',
        [(1, "invalid_json"), (11, "invalid_json"), (17, "invalid_json"), (21, b"{}")],
    ),
    "a quote too many": (b'[{},{"a":"x"y"},{"b":1}]', [(1, b"{}"), (4, "invalid_json")]),
    "a quote that is missing": (b'[{"a:1},{"b":"},{"}]', [(1, "invalid_json")]),
    "a bracket that is missing": (b'[{"a":[1},{"b":2}]', [(1, "invalid_json")]),
    "a bracket too many": (b"[{}},{}]", [(1, b"{}"), (3, "invalid_json")]),
    "no comma": (b"[{} {}]", [(1, b"{}"), (4, "invalid_json")]),
    "a comma too many": (b"[{},]", [(1, b"{}"), (4, "invalid_json")]),
    "a comma first": (b"[,{}]", [(1, "invalid_json")]),
    "a comma first behind a byte order mark": (BOM + b"[,{}]", [(4, "invalid_json")]),
    "a cut array": (b"[{},", [(1, b"{}"), (4, "invalid_json")]),
    "a cut element": (b'[{},{"a":1', [(1, b"{}"), (4, "invalid_json")]),
    "a cut text": (b'"abc\\', [(0, "invalid_json")]),
    "words behind a value": (b"{} // so", [(0, b"{}"), (3, "invalid_json")]),
    "an object behind an array": (b"[{}] {}", [(1, b"{}"), (5, "invalid_json")]),
}

REFUSED = {
    "no JSON": (b"{'a': 1}", "invalid_json", "character 2"),
    "a leading zero": (b"[01]", "invalid_json", "character 3"),
    "a control character": (b'["\t"]', "invalid_json", "character 3"),
    "an unknown escape": (b'["\\x"]', "invalid_json", "character 3"),
    "bytes that are no text": (b'["\xff"]', "invalid_utf8", "Byte 3"),
    "a surrogate in UTF-8": (b'["\xed\xa0\x80"]', "invalid_utf8", "Byte 3"),
    "a key twice": (b'{"a":1,"b":2,"a":3}', "duplicate_key", ": /a"),
    "a key twice below": (b'[{"x":[0,{"a/b":{},"a/b":1}]}]', "duplicate_key", ": /0/x/1/a~1b"),
    "a key twice by escapes": (b'{"a":1,"\\u0061":2}', "duplicate_key", ": /a"),
    "a key twice that cannot be told": (b'{"\\ud800":1,"\\ud800":2}', "duplicate_key", "ud800"),
    "NaN": (b'{"a":NaN}', "not_a_number", "NaN"),
    "Infinity": (b"[Infinity]", "not_a_number", "Infinity"),
    "minus infinity": (b'{"a":-Infinity}', "not_a_number", "-Infinity"),
    "a first half": (b'"\\ud83d"', "lone_surrogate", "character 2"),
    "a second half": (b'{"\\ude00":1}', "lone_surrogate", "character 3"),
    "halves in the wrong order": (b'"\\ude00\\ud83d"', "lone_surrogate", "character 2"),
    "a half before a whole": (b'"\\ud83d\\uD83D\\uDE00"', "lone_surrogate", "character 2"),
    "null": (b'"a\\u0000"', "nul_character", "character 3"),
    "null behind a backslash": (b'"\\\\\\u0000"', "nul_character", "character 4"),
    "251 levels": (b"[" * 251 + b"]" * 251, "too_deep", "250"),
    "10,000 levels": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too_deep", "250"),
    "a million levels": (b"[" * 1_000_000, "too_deep", "250"),
    "an exponent": (b"[1e400000]", "number_too_long", "1e400000"),
    "an exponent that is itself too long": (b"1e" + b"9" * 9_999, "number_too_long", "1e99"),
    "many long exponents": (
        b"[" + b",".join([b"1e131060"] * 520) + b"]",
        "document_too_large",
        "67,108,864 digits",
    ),
    "many exponents far behind the point": (
        b"[" + b",".join([b"1e-16380"] * 4_100) + b"]",
        "document_too_large",
        "67,108,864 digits",
    ),
    "too many digits": (b"1" * 131_073, "number_too_long", "131,072"),
    "too many digits after the point": (b"0." + b"0" * 16_384, "number_too_long", "16,383"),
}

KEPT = {
    "a whole pair": (b'"\\ud83d\\uDE00"', "😀"),
    "a backslash before u0000": (b'"\\\\u0000"', "\\u0000"),
    "a backslash before a half": (b'"\\\\ud800"', "\\ud800"),
    "brackets in a text": (b'"' + b"[" * 9_999 + b'"', "[" * 9_999),
    "beyond 64 bits": (b"123456789012345678901234567890", 123456789012345678901234567890),
    "more digits than Python reads": (b"-" + b"9" * 5_000, Digits("-" + "9" * 5_000)),
    "a fraction of nothing": (b"1.0", Digits("1.0")),
    "10^400": (b"1e400", Digits("1e400")),
    "equal keys in different objects": (
        b'{"a":{"a":1},"b":{"a":2}}',
        {"a": {"a": 1}, "b": {"a": 2}},
    ),
}


def found(data: bytes, size: int = 0) -> Found:
    chunks = [data[at : at + size] for at in range(0, len(data), size)] if size else [data]
    return [
        (one.position, one.text if isinstance(one, Document) else one.code)
        for one in read_documents(chunks)
    ]


@pytest.mark.parametrize("size", [0, 1, 3])
@pytest.mark.parametrize(("data", "expected"), LAYOUTS.values(), ids=LAYOUTS)
def test_documents_are_found_however_they_stand(data: bytes, expected: Found, size: int) -> None:
    assert found(data, size) == expected


@pytest.mark.parametrize("size", [0, 1])
@pytest.mark.parametrize(("data", "expected"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_takes_no_more_with_it_than_it_must(
    data: bytes, expected: Found, size: int
) -> None:
    assert found(data, size) == expected


@pytest.mark.parametrize(("data", "code", "told"), REFUSED.values(), ids=REFUSED)
def test_a_line_is_refused_with_its_reason_and_its_neighbours_are_kept(
    data: bytes, code: str, told: str
) -> None:
    first, refusal, last = read_documents([b"{}\n" + data + b"\n{}"])

    assert first == Document(0, b"{}", {})
    assert last == Document(3 + len(data) + 1, b"{}", {})
    assert isinstance(refusal, Refusal)
    assert (refusal.position, refusal.code) == (3, code)
    assert told in refusal.detail
    # It is stored as a text.
    assert "\0" not in refusal.detail
    assert refusal.detail.encode()


@pytest.mark.parametrize("name", [name for name in REFUSED if name != "a million levels"])
def test_an_element_is_refused_and_its_neighbours_are_kept(name: str) -> None:
    data, code, _ = REFUSED[name]
    first, refusal, last = read_documents([b"[{}," + data + b",{}]"])

    assert first == Document(1, b"{}", {})
    assert last == Document(4 + len(data) + 1, b"{}", {})
    assert isinstance(refusal, Refusal)
    assert (refusal.position, refusal.code) == (4, code)


@pytest.mark.parametrize(("text", "value"), KEPT.values(), ids=KEPT)
def test_what_looks_forbidden_and_is_not_is_kept(text: bytes, value: object) -> None:
    documents = list(read_documents([b"{}\n" + text + b"\n{}"]))

    assert documents[1] == Document(3, text, parse(text.decode()))
    assert parse(text.decode()) == value
    assert type(parse(text.decode())) is type(value)


def test_a_refusal_says_when_the_rest_is_not_read() -> None:
    rest, no_rest = b'[{"a":"x"y"},{}]', b"[{}] x "

    (refusal,) = read_documents([rest])
    _, other = read_documents([no_rest])

    assert isinstance(refusal, Refusal)
    assert "character 9" in refusal.detail
    assert "ends within it" in refusal.detail
    assert isinstance(other, Refusal)
    assert "not read" in other.detail


def test_a_million_keys_are_one_document() -> None:
    text = "{" + ",".join(f'"key {number}":{number}' for number in range(1_000_000)) + "}"

    (document,) = read_documents([text.encode()])

    assert isinstance(document, Document)
    assert document.value == {f"key {number}": number for number in range(1_000_000)}


@pytest.mark.parametrize("between", [b"\n", b",", b" "], ids=["lines", "array", "values"])
def test_a_document_that_is_too_large_is_passed_over(between: bytes) -> None:
    large = b'{"a":"' + b"\\\\[x" * 100_000 + b'"}'
    data = between.join([b"{}", large, b"{}"])
    data = b"[" + data + b"]" if between == b"," else data

    first, refusal, last = read_documents([data], most_bytes=1_000)

    assert isinstance(first, Document)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.end - refusal.position) == ("document_too_large", len(large))
    assert isinstance(last, Document)
    assert last.position == refusal.end + 1


def test_a_line_that_begins_with_too_much_of_nothing_is_not_lost() -> None:
    chunks = [b"{}\n" * 30_000, *[b" " * 500] * 5, b"{}\n{}"]

    *_, refusal, document = read_documents(chunks, most_bytes=1_000)

    assert isinstance(refusal, Refusal)
    assert (refusal.position, refusal.code) == (90_000, "document_too_large")
    assert document == Document(92_503, b"{}", {})


def test_a_document_of_too_many_values_is_not_even_parsed() -> None:
    (refusal,) = read_documents([b'{"v":[' + b"0," * 10_000_000 + b"0]}"])

    assert isinstance(refusal, Refusal)
    assert refusal.code == "document_too_large"


@pytest.mark.parametrize("data", [data for data, _ in {**LAYOUTS, **BROKEN}.values()])
def test_reading_goes_on_behind_whatever_was_read(data: bytes) -> None:
    everything = list(read_documents([data]))

    for number, one in enumerate(everything):
        behind = everything[number + 1 :]
        if one.end <= one.position:
            # Nothing behind it can be read, so it is come to again.
            behind = [one]
        assert list(read_documents([data], after=one.end)) == behind
