"""How documents stand in a file, seen from its beginning."""

from __future__ import annotations

from typing import Literal

from mammothbox.documents.outcomes import Unfit
from mammothbox.documents.parsing import parse

# lines: a document on each line. array: the elements of one array, or of several, one after the
# other. values: anything else, that is one document or several, however they are broken up.
Layout = Literal["lines", "array", "values"]

BOM = b"\xef\xbb\xbf"
BLANK = b" \t\r\n"
# Before so much was seen, a file that begins with long lines is not known to be one of lines.
MOST_HEAD = 1 << 20
_ENOUGH_HEAD = 1 << 16
_MOST_LINES = 64


def is_enough(size: int, lines: int) -> bool:
    """Whether more of a file than so many bytes and ended lines would tell no more."""
    return size >= MOST_HEAD or (size >= _ENOUGH_HEAD and lines > 1)


def layout_of(head: bytes, *, whole: bool) -> Layout:
    """The layout of what begins with `head`, or is no more than that. Never fails.

    Lines are told from a document that is broken into lines by how many of them can stand alone:
    within a document that is at most every other. A broken line does not make them any less
    lines. A single line is none: what is wrong in it, is wrong with the file.
    """
    text = head.removeprefix(BOM).lstrip(BLANK)
    lines = text.split(b"\n")
    if not whole:
        lines.pop()
    found = [line for line in map(_stripped, lines) if line][:_MOST_LINES]
    alone = [_stands_alone(line) for line in found]
    if len(found) > 1 and (alone[0] or not text.startswith(b"[")):
        opening = all(line[:1] in b"{[" for line in found)
        if 2 * sum(alone) + opening > len(alone):
            return "lines"
    return "array" if text.startswith(b"[") else "values"


def _stripped(line: bytes) -> bytes:
    return line.strip(BLANK).removeprefix(BOM).lstrip(BLANK)


def _stands_alone(line: bytes) -> bool:
    try:
        parse(line.decode("utf-8"))
    except UnicodeDecodeError:
        return False
    except Unfit as unfit:
        return unfit.code != "invalid_json"
    return True
