"""The notes of Apple's cameras, which are undocumented: a list of tags in the picture's EXIF."""

from __future__ import annotations

import struct

from mammothbox.media.plain import plain_text

_HEAD = b"Apple iOS\0\0\x01MM"
_ENTRY = struct.Struct(">HHII")
_TEXT = 2
_MOST_ENTRIES = 256
_FITS_IN_ENTRY = 4


def apple_notes(notes: object) -> dict[int, str]:
    """The notes that are texts, by their numbers; empty for anybody else's notes."""
    if not isinstance(notes, bytes) or not notes.startswith(_HEAD):
        return {}
    start = len(_HEAD) + 2
    count = min(int.from_bytes(notes[start - 2 : start], "big"), _MOST_ENTRIES)
    table = notes[start : start + count * _ENTRY.size]
    whole = table[: len(table) - len(table) % _ENTRY.size]
    return {
        tag: plain_text(notes[offset : offset + length].decode("latin-1"))
        for tag, is_type, length, offset in _ENTRY.iter_unpack(whole)
        if is_type == _TEXT and length > _FITS_IN_ENTRY and offset + length <= len(notes)
    }
