"""Reading the documents of a file of JSON as a stream, each kept as it is or refused by itself.

Memory holds one chunk, and one document of at most `most_bytes`, whatever the size of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from mammothbox.documents import layout, refusals
from mammothbox.documents.framing import Frame, Stream, surely_framed
from mammothbox.documents.lines import document, documents_on_lines
from mammothbox.documents.outcomes import Document, Refusal, Unfit
from mammothbox.documents.parsing import DuplicateKey, scan
from mammothbox.documents.refusals import MOST_BYTES

__all__ = ["Document", "Refusal", "read_documents", "read_lines", "read_part"]

_BEHIND = frozenset(" \t\r\n,]")
_OPENING = frozenset({b'"', b"[", b"{"})
_NOT_READ = "What follows it in the file was not read."


def read_documents(
    chunks: Iterable[bytes], *, origin: int = 0, after: int = 0, most_bytes: int = MOST_BYTES
) -> Iterator[Document | Refusal]:
    """Every document of a file: of one value, of lines, of an array's elements, of values.

    The chunks are the whole file, of which the first byte counts as `origin`. With `after`, the
    `end` of what an earlier reading gave, only what follows is read; what comes before is not
    even parsed. Never fails by itself: what cannot be kept is refused and the next document read,
    unless a missing quote, comma or bracket leaves it open where that begins.
    """
    head, rest, whole = _beginning(chunks)
    found = layout.layout_of(head, whole=whole)
    resumed, begin = after > origin, max(after, origin)
    if resumed:
        rest, origin = _skipping(chain([head], rest), after - origin), after
    else:
        text = head.removeprefix(layout.BOM)
        rest, origin = chain([text], rest), origin + len(head) - len(text)
    if found == "lines":
        return documents_on_lines(rest, origin=origin, most_bytes=most_bytes)
    stream = Stream(rest, origin)
    places = _in_arrays(stream, inside=resumed) if found == "array" else _of_values(stream)
    return _documents(stream, places, begin, most_bytes)


def read_lines(
    chunks: Iterable[bytes], *, origin: int, end: int | None, most_bytes: int = MOST_BYTES
) -> Iterator[Document | Refusal]:
    """The documents on the lines that begin in a range of bytes, from `origin` to before `end`.

    The chunks begin with the byte before `origin`, if there is one: it tells whether a line
    begins at `origin`. They go on behind `end`, where the last line may; no more of them are
    taken than that line needs. Ranges that meet give every line once.
    """
    chunks = iter(chunks)
    if origin > 0:
        chunks, begin = _behind_newline(chunks, origin - 1, end)
    else:
        begin = 0
    return documents_on_lines(chunks, origin=begin, end=end, most_bytes=most_bytes)


def read_part(
    chunks: Iterable[bytes], *, origin: int, most_bytes: int = MOST_BYTES
) -> Iterator[Document | Refusal]:
    """The documents of a part that `parts.ndjson_parts` made, whose position is `origin`.

    They have the positions that they had in the file.
    """
    stream = Stream(chunks, origin)
    return _documents(stream, _of_values(stream), origin, most_bytes)


def _beginning(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes], bool]:
    """Enough to see the layout, what follows, and whether that is nothing."""
    chunks = iter(chunks)
    read: list[bytes] = []
    size = 0
    lines = 0
    for chunk in chunks:
        read.append(chunk)
        size += len(chunk)
        lines += chunk.count(b"\n")
        if layout.is_enough(size, lines):
            return b"".join(read), chunks, False
    return b"".join(read), chunks, True


def _skipping(chunks: Iterable[bytes], count: int) -> Iterator[bytes]:
    for chunk in chunks:
        if count < len(chunk):
            yield chunk[count:]
        count = max(count - len(chunk), 0)


def _behind_newline(
    chunks: Iterator[bytes], position: int, end: int | None
) -> tuple[Iterator[bytes], int]:
    """The chunks from the next line on, and where it begins: none if that is behind `end`."""
    for chunk in chunks:
        newline = chunk.find(b"\n")
        if newline >= 0:
            return chain([chunk[newline + 1 :]], chunks), position + newline + 1
        position += len(chunk)
        if end is not None and position >= end:
            break
    return iter(()), position


def _of_values(stream: Stream) -> Iterator[None]:
    """Come to each value of the stream in turn."""
    while stream.peek():
        yield


def _in_arrays(stream: Stream, *, inside: bool) -> Iterator[None]:
    """Come to each element of each array in turn. Raises `Unfit` where something else stands."""
    while True:
        character = stream.peek()
        if inside and character == "]":
            stream.skip()
            inside = False
            continue
        if not inside and not character:
            return
        if character != (expected := "," if inside else "["):
            what = f"Expecting {expected!r}" if character else "The file ends within its array"
            raise Unfit("invalid_json", f"{what}.")
        stream.skip()
        character = stream.peek()
        if character == "]" and not inside:
            stream.skip()
            continue
        if not character:
            raise Unfit("invalid_json", "The file ends within its array.")
        inside = True
        yield


def _documents(
    stream: Stream, places: Iterator[None], behind: int, most_bytes: int
) -> Iterator[Document | Refusal]:
    """What stands at each place; `behind` is where reading could go on before the first."""
    try:
        for _ in places:
            position = stream.position
            found: Document | Refusal | None = _fast(stream, most_bytes)
            if found is None:
                frame = _framed(stream, most_bytes)
                found = _slow(position, frame, most_bytes)
                if isinstance(found, Refusal) and not _is_sure(stream, frame, found):
                    raise _Lost(found)
            yield found
            behind = found.end
    except _Lost as lost:
        yield _last(stream, behind, lost.refusal)
    except Unfit as unfit:
        yield _last(stream, behind, Refusal(stream.position, unfit.code, unfit.detail, behind))


class _Lost(Exception):
    """Behind this refusal nobody knows where the next document begins."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


def _last(stream: Stream, behind: int, refusal: Refusal) -> Refusal:
    """The refusal that ends the reading. Who goes on at its end comes to it again."""
    detail = f"{refusal.detail} {_NOT_READ}" if stream.peek() else refusal.detail
    return Refusal(refusal.position, refusal.code, detail, behind)


def _is_sure(stream: Stream, frame: Frame, refusal: Refusal) -> bool:
    """Whether it is known where the next document begins."""
    if refusal.code == "invalid_json" and frame.text[:1] not in _OPENING:
        # One strange word in a list may be a slip; in the open, it is some other text.
        return stream.peek() in {",", "]", ""}
    return surely_framed(frame)


def _fast(stream: Stream, most_bytes: int) -> Document | None:
    """The document that begins here, if all of it is here and nothing is the matter with it."""
    begin, position = stream.at, stream.position
    try:
        value, end = scan(stream.text, begin)
        if stream.text[end - 1] not in '}]"' and stream.text[end : end + 1] not in _BEHIND:
            # A number may go on where it seems to end.
            return None
        text = stream.text[begin:end]
        refusals.check_shape(text)
        refusals.check_held(text)
        encoded = text.encode()
        refusals.check_size(len(encoded), most_bytes)
    except (DuplicateKey, StopIteration, Unfit, ValueError, RecursionError):
        return None
    stream.at = end
    stream.position += len(encoded)
    return Document(position, encoded, value)


def _framed(stream: Stream, most_bytes: int) -> Frame:
    if stream.text[stream.at] in ",:]}":
        raise Unfit("invalid_json", "Expecting a value.")
    return stream.take_value(most_bytes)


def _slow(position: int, frame: Frame, most_bytes: int) -> Document | Refusal:
    found = document(position, frame.text, size=frame.size, most_bytes=most_bytes)
    if isinstance(found, Refusal) and not frame.ended:
        detail = f"{found.detail} The file ends within it."
        return Refusal(position, found.code, detail, found.end)
    return found
