"""A stream of JSON text, and where the value ends that stands next in it.

Only what is unread of the stream is held, so that memory does not grow with it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mammothbox.documents.brackets import Strings, are_paired, levels, next_block

_BLANK = re.compile(r"[ \t\r\n]*+")
_WORD = re.compile(r'[^ \t\r\n,:"\[\]{}]*+')
_STRING = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_STRUCTURE = re.compile(r'["\[\]{}]')
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}
# So much is read at a time, at least.
_READ = 1 << 18

# Strings that begin and end where a string may, and what is no string.
_PLAIN = re.compile(rb'(?:(?<![^\s,:\[{])"(?:[^"\\]++|\\.)*+"(?![^\s,:\]}])|[^"\\]++)*+', re.DOTALL)
_OPEN_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+\\?', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Frame:
    """A value as it stands in the stream: its bytes, or the beginning of what is too large.

    `ended` is false when the stream was at its end before the value was.
    """

    text: bytes
    size: int
    ended: bool


def sliced(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks that stay small when they are taken apart."""
    for chunk in chunks:
        for begin in range(0, len(chunk), _READ):
            yield chunk[begin : begin + _READ]


class Stream:
    """The unread text of a stream: `text` from `at` on. `position` is its byte in the file.

    Bytes that are not UTF-8 stand in it as surrogates, which nothing else does.
    """

    def __init__(self, chunks: Iterable[bytes], position: int) -> None:
        self._chunks = sliced(chunks)
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._at_end = False
        self.text = ""
        self.at = 0
        self.position = position

    def peek(self) -> str:
        """The next character that is not blank, after passing over those; none at the end."""
        while True:
            blank = _BLANK.match(self.text, self.at)
            end = blank.end() if blank else self.at
            self.position += end - self.at
            self.at = end
            if end < len(self.text):
                return self.text[end]
            if not self.more():
                return ""

    def skip(self) -> None:
        """Pass over one character, of ASCII."""
        self.at += 1
        self.position += 1

    def take(self, end: int) -> bytes:
        """Take the text before `end`."""
        taken = self.text[self.at : end].encode("utf-8", "surrogateescape")
        self.at = end
        self.position += len(taken)
        return taken

    def more(self) -> bool:
        """Read on; whether there may be more now."""
        if self._at_end:
            return False
        read, size = [], 0
        for chunk in self._chunks:
            read.append(chunk)
            size += len(chunk)
            if size >= _READ:
                break
        self._at_end = not read
        self.text = self.text[self.at :] + self._decode(b"".join(read), not read)
        self.at = 0
        return True

    def take_value(self, most_bytes: int) -> Frame:
        """Take the value that begins here, as far as quotes and brackets tell where it ends.

        Of more than `most_bytes` only the beginning is held.
        """
        ending = _Nested() if self.text[self.at] in '"[{' else _Word()
        pieces: list[bytes] = []
        size = 0
        found = None
        while found is None:
            if block := next_block(self.text, self.at):
                found = ending.find(block)
                piece = self.take(self.at + (len(block) if found is None else found))
            elif self.more():
                continue
            else:
                piece = self.take(len(self.text))
                found = -1
            if size <= most_bytes:
                pieces.append(piece)
            size += len(piece)
        return Frame(b"".join(pieces), size, ended=found >= 0 or isinstance(ending, _Word))


class _Word:
    """The end of a number or a name."""

    def find(self, block: str) -> int | None:
        """Where in the block the word ends, if it does."""
        word = _WORD.match(block)
        end = word.end() if word else 0
        return end if end < len(block) else None


class _Nested:
    """The end of a string, an array or an object."""

    def __init__(self) -> None:
        self._depth = 0
        self._strings = Strings()

    def find(self, block: str) -> int | None:
        """Where in the block the value ends, if it does."""
        return None if self._passes(block) else self._walk(block)

    def _passes(self, block: str) -> bool:
        """Pass over a block at once if the value surely does not end in it."""
        if not self._depth:
            return False
        strings = Strings(is_open=self._strings.is_open)
        depths = list(levels(strings.brackets(block), self._depth))
        if min(depths) <= 0:
            return False
        self._strings, self._depth = strings, depths[-1]
        return True

    def _walk(self, block: str) -> int | None:
        at = 0
        while at < len(block):
            if self._strings.is_open:
                string = _STRING.match(block, at)
                at = (string.end() if string else at) + 1
                self._strings.is_open = at > len(block)
            else:
                found = _STRUCTURE.search(block, at)
                if found is None:
                    return None
                at = found.end()
                self._strings.is_open = found[0] == '"'
                self._depth += _STEP.get(found[0], 0)
            if not self._depth and not self._strings.is_open:
                return at
        return None


def surely_framed(frame: Frame) -> bool:
    """Whether a value that is no JSON ends beyond doubt where it was taken to end.

    It does not when a quote or a bracket is missing or too many: then what follows may be the
    inside of a string, and is not to be read as documents.
    """
    text = frame.text
    plain = _PLAIN.match(text)
    end = plain.end() if plain else 0
    if len(text) < frame.size:
        return frame.ended and bool(end == len(text) or _OPEN_STRING.fullmatch(text, end))
    return frame.ended and end == len(text) and are_paired(text.decode("latin-1"))
