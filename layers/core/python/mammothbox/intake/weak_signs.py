"""Signatures so short that some of all encrypted or random files bear them."""

from __future__ import annotations

# The headers that there are, by their length: those of OS/2, of Windows, and those between.
_BITMAP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}
_AAC_RATES = 13
_LEAST_FRAME = 7


def is_chance(head: bytes, content_type: str) -> bool:
    """Whether what follows the signature is nothing that this type may go on with."""
    if content_type == "image/bmp":
        return int.from_bytes(head[14:18], "little") not in _BITMAP_HEADERS
    if content_type == "audio/aac" and head[:1] == b"\xff":
        return not _is_frame_of_aac(head)
    return False


def _is_frame_of_aac(head: bytes) -> bool:
    """An ADTS frame says how long it is, and another follows it."""
    rate = head[2] >> 2 & 0xF if len(head) >= _LEAST_FRAME else _AAC_RATES
    length = int.from_bytes(head[3:6], "big") >> 5 & 0x1FFF
    following = head[length : length + 2]
    return (
        rate < _AAC_RATES
        and length >= _LEAST_FRAME
        and (len(following) < len(b"\xff\xf0") or following == head[:2])
    )
