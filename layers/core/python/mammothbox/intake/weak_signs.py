"""Signatures so short that some of all encrypted or random files bear them."""

from __future__ import annotations

# The headers that there are, by their length: those of OS/2, of Windows, and those between.
_BITMAP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}
_AAC_RATES = 13
_LEAST_FRAME = 7
# In kbit/s, by the number in a frame of MP3. What 0 stands for, any speed, ffmpeg cannot read.
_MPEG_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HZ = (44100, 48000, 32000)
# By the second byte of a frame, without its bit for a checksum: speeds, samples, parts of a rate.
_MP3_FRAMES = {
    0xFA: (_MPEG_1, 1152, 1),
    0xF2: (_MPEG_2, 576, 2),
    0xE2: (_MPEG_2, 576, 4),
}


def is_chance(head: bytes, content_type: str) -> bool:
    """Whether what follows the signature is nothing that this type may go on with."""
    if content_type == "image/bmp":
        return int.from_bytes(head[14:18], "little") not in _BITMAP_HEADERS
    if content_type == "audio/aac" and head[:1] == b"\xff":
        return not _is_frame_of_aac(head)
    if content_type == "audio/mpeg" and head[:1] == b"\xff":
        return not _is_frame_of_mp3(head)
    return False


def _is_frame_of_aac(head: bytes) -> bool:
    """An ADTS frame says how long it is, and another follows it."""
    rate = head[2] >> 2 & 0xF if len(head) >= _LEAST_FRAME else _AAC_RATES
    length = int.from_bytes(head[3:6], "big") >> 5 & 0x1FFF
    return rate < _AAC_RATES and length >= _LEAST_FRAME and _another_follows(head, length)


def _is_frame_of_mp3(head: bytes) -> bool:
    """How long a frame is follows from its speed and its rate, and another follows it."""
    if len(head) < _LEAST_FRAME or head[1] & 0xFE not in _MP3_FRAMES:
        return False
    speeds, samples, parts = _MP3_FRAMES[head[1] & 0xFE]
    speed, rate = head[2] >> 4, head[2] >> 2 & 3
    if not 0 < speed < len(speeds) or rate >= len(_HZ):
        return False
    padding = head[2] >> 1 & 1
    length = samples // 8 * speeds[speed] * 1000 * parts // _HZ[rate] + padding
    return _another_follows(head, length)


def _another_follows(head: bytes, length: int) -> bool:
    """Or the file is at its end."""
    following = head[length : length + 2]
    return len(following) < len(b"\xff\xf0") or following == head[:2]
