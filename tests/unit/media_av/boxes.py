"""Changing boxes of an MP4 whose index stands behind its data."""

from __future__ import annotations

import struct
from collections.abc import Callable


def rewritten(file: bytes, path: tuple[bytes, ...], change: Callable[[bytes], bytes]) -> bytes:
    """The file with the bodies of all boxes at `path` changed."""
    made, at = b"", 0
    while at + 8 <= len(file):
        size = int.from_bytes(file[at : at + 4], "big")
        kind, body = file[at + 4 : at + 8], file[at + 8 : at + size]
        if kind == path[0]:
            body = rewritten(body, path[1:], change) if path[1:] else change(body)
        made += struct.pack(">I", len(body) + 8) + kind + body
        at += size
    return made + file[at:]


DATA_REFERENCES = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")


def pointing_to(file: bytes, path: str) -> bytes:
    """The film, saying that its data is not in it but in the file, or at the address, `path`."""
    return rewritten(file, DATA_REFERENCES, lambda _: _reference(path))


def _reference(path: str) -> bytes:
    """A Macintosh alias, which ffmpeg can be made to follow by its absolute path."""
    target = path.encode()
    padded = target + b"\0" * (len(target) % 2)
    alias = bytes(10) + b"\x04disk" + bytes(23) + bytes(12)
    alias += bytes([min(len(target), 63)]) + target[:63].ljust(63, b"\0")
    alias += bytes(36)
    alias += struct.pack(">HH", 2, len(target)) + padded + struct.pack(">HH", 0xFFFF, 0)
    entry = b"alis" + bytes(4) + alias
    return struct.pack(">II", 0, 1) + struct.pack(">I", len(entry) + 4) + entry
