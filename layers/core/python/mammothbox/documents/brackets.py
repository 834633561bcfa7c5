"""The brackets of a JSON text, without those that stand in its strings.

A text is looked through block by block: taken apart as a whole it would fill the memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

BLOCK = 1 << 16

_ESCAPED = re.compile(rb"(?:\\.)++", re.DOTALL)
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'"[]{}'))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_OPENED_BY = {ord("]"): ord("["), ord("}"): ord("{")}


class Strings:
    """What is known of a text that is looked through: whether a string was left open."""

    def __init__(self, *, is_open: bool = False) -> None:
        self.is_open = is_open

    def brackets(self, block: str) -> bytes:
        """The brackets outside strings in the block that comes next."""
        text = block.encode("utf-8", "surrogateescape")
        if b"\\" in text:
            text = _ESCAPED.sub(b"", text)
        parts = text.translate(None, _NOT_STRUCTURE).split(b'"')
        found = b"".join(parts[self.is_open :: 2])
        self.is_open ^= len(parts) % 2 == 0
        return found


def levels(brackets: bytes, depth: int) -> Iterator[int]:
    """How deep it is at the beginning, and behind each bracket."""
    return accumulate(map(_STEPS.__getitem__, brackets), initial=depth)


def next_block(text: str, at: int) -> str:
    """A piece of the text that does not end between an escape and what it escapes.

    It is empty at the end of the text, where a single backslash may be left.
    """
    block = text[at : at + BLOCK]
    return block[:-1] if (len(block) - len(block.rstrip("\\"))) % 2 else block


def depth_of(text: str) -> int:
    """How deep the text is nested where it is deepest."""
    deepest = depth = 0
    for brackets in _brackets(text):
        for_block = list(levels(brackets, depth))
        deepest, depth = max(deepest, *for_block), for_block[-1]
    return deepest


def are_paired(text: str) -> bool:
    """Whether every bracket is closed by its like."""
    opened = bytearray()
    for brackets in _brackets(text):
        for bracket in brackets:
            opener = _OPENED_BY.get(bracket)
            if opener is None:
                opened.append(bracket)
            elif not opened or opened.pop() != opener:
                return False
    return not opened


def _brackets(text: str) -> Iterator[bytes]:
    strings = Strings()
    at = 0
    while block := next_block(text, at):
        at += len(block)
        yield strings.brackets(block)
