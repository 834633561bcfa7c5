"""Documents that stand each on a line of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mammothbox.documents.framing import sliced
from mammothbox.documents.layout import BLANK, BOM
from mammothbox.documents.outcomes import Document, Refusal, Unfit
from mammothbox.documents.parsing import parse
from mammothbox.documents.refusals import MOST_BYTES, check_size


def documents_on_lines(
    chunks: Iterable[bytes], *, origin: int, end: int | None = None, most_bytes: int = MOST_BYTES
) -> Iterator[Document | Refusal]:
    """Read the lines that begin before `end`; the first begins at `origin`, as do the chunks.

    Blank lines are passed over. A line that is no document is refused, and the next one read.
    """
    for begin, line, size in _lines(chunks, origin, most_bytes):
        if end is not None and begin >= end:
            return
        text = line.strip(BLANK)
        if text.startswith(BOM):
            # A file that began with one was put behind another.
            text = text[len(BOM) :].lstrip(BLANK)
        if text or size > most_bytes:
            position = begin if line.startswith(text) else begin + line.index(text)
            yield document(position, text, size=begin + size - position, most_bytes=most_bytes)


def document(
    position: int, text: bytes, *, size: int, most_bytes: int = MOST_BYTES
) -> Document | Refusal:
    """The document in `text`, of which only the beginning is here if it is shorter than `size`."""
    try:
        check_size(size, most_bytes)
        return Document(position, text, parse(text.decode("utf-8")))
    except UnicodeDecodeError as error:
        unfit = Unfit("invalid_utf8", f"Byte {error.start + 1} of the document is not UTF-8.")
    except Unfit as error:
        unfit = error
    return Refusal(position, unfit.code, unfit.detail, position + size)


def _lines(
    chunks: Iterable[bytes], origin: int, most_bytes: int
) -> Iterator[tuple[int, bytes, int]]:
    """Each line with its place and size; of one that is too large only the beginning."""
    begun: list[bytes] = []
    size = 0
    for chunk in sliced(chunks):
        first, *others = chunk.split(b"\n")
        if size <= most_bytes:
            begun.append(first)
        size += len(first)
        if not others:
            continue
        yield origin, b"".join(begun), size
        origin += size + 1
        last = others.pop()
        for line in others:
            yield origin, line, len(line)
            origin += len(line) + 1
        begun, size = [last], len(last)
    yield origin, b"".join(begun), size
