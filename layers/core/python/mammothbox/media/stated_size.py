"""The size a picture states of itself, read without decoding it.

For what a child hands over: its parent lets no decoder near it.
"""

from __future__ import annotations

import struct

_PNG = b"\x89PNG\r\n\x1a\n"
# Two segments as long as can be; nobody is made to walk through megabytes of them.
_HEAD_BYTES = 128 * 1024
_FOURTEEN_BITS = 0x3FFF
# Frames of all kinds: the numbers between them are tables.
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JPEG_BEGINS, _JPEG_MARK = b"\xff\xd8", 0xFF


def stated_size(body: bytes, content_type: str) -> tuple[int, int] | None:
    """Width and height of a JPEG, PNG or WebP; `None` when it is none, or does not say."""
    ways = {"image/jpeg": _of_jpeg, "image/png": _of_png, "image/webp": _of_webp}
    try:
        return ways[content_type](body[:_HEAD_BYTES])
    except (KeyError, IndexError, struct.error):
        return None


def _of_png(body: bytes) -> tuple[int, int] | None:
    if not body.startswith(_PNG) or body[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", body, 16)
    return width, height


def _of_webp(body: bytes) -> tuple[int, int] | None:
    if body[:4] != b"RIFF" or body[8:12] != b"WEBP":
        return None
    match body[12:16]:
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", body, 26)
            return width & _FOURTEEN_BITS, height & _FOURTEEN_BITS
        case b"VP8L":
            (packed,) = struct.unpack_from("<I", body, 21)
            return (packed & _FOURTEEN_BITS) + 1, (packed >> 14 & _FOURTEEN_BITS) + 1
        case b"VP8X":
            sides = body[24:27], body[27:30]
            width, height = (int.from_bytes(side, "little") + 1 for side in sides)
            return width, height
    return None


def _of_jpeg(body: bytes) -> tuple[int, int] | None:
    """From one segment to the next, up to the frame."""
    if not body.startswith(_JPEG_BEGINS):
        return None
    at = len(_JPEG_BEGINS)
    while body[at] == _JPEG_MARK and body[at + 1] not in _JPEG_FRAMES:
        (length,) = struct.unpack_from(">H", body, at + 2)
        at += 2 + length
    if body[at] != _JPEG_MARK:
        return None
    height, width = struct.unpack_from(">HH", body, at + 5)
    return width, height
