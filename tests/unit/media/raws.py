"""Raw files made for tests: DNG, the one open format, with and without a preview inside."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

BYTE, ASCII, SHORT, LONG, SIGNED_FRACTION = 1, 2, 3, 4, 10
_CODES = {BYTE: "B", SHORT: "H", LONG: "I", SIGNED_FRACTION: "ii"}
_HEAD = 8

Tag = tuple[int, int, Sequence[int] | bytes]

# From CIE XYZ to the sensor's own colours: that of a sensor whose colours are sRGB's.
_XYZ_TO_SRGB = (3.2405, -1.5371, -0.4985, -0.9693, 1.8760, 0.0416, 0.0556, -0.2040, 1.0572)
_MATRIX = [part for value in _XYZ_TO_SRGB for part in (round(value * 10_000), 10_000)]


def dng(
    width: int,
    height: int,
    colour: tuple[int, int, int],
    *,
    preview: bytes = b"",
    preview_size: tuple[int, int] = (0, 0),
    orientation: int = 1,
    extra: Sequence[Tag] = (),
) -> bytes:
    """A DNG of one colour, told in parts of 65535, under a Bayer pattern."""
    sensor = mosaic(width, height, colour)
    about: list[Tag] = [
        (271, ASCII, b"ACME\0"),
        (272, ASCII, b"Mammoth 1\0"),
        (274, SHORT, [orientation]),
        (50706, BYTE, [1, 4, 0, 0]),
        (50708, ASCII, b"ACME Mammoth 1\0"),
        (50721, SIGNED_FRACTION, _MATRIX),
        (50778, SHORT, [21]),
        (50728, 5, [1, 1, 1, 1, 1, 1]),
        *extra,
    ]
    if not preview:
        return file_of([*sensor_tags(width, height, 0, len(sensor)), *about], [], sensor, b"")
    first: list[Tag] = [
        (254, LONG, [1]),
        (256, LONG, [preview_size[0]]),
        (257, LONG, [preview_size[1]]),
        (258, SHORT, [8, 8, 8]),
        (259, SHORT, [7]),
        (262, SHORT, [6]),
        (277, SHORT, [3]),
        (278, LONG, [preview_size[1]]),
    ]
    return file_of([*first, *about], sensor_tags(width, height, 0, len(sensor)), sensor, preview)


def mosaic(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """What a sensor behind red, green, green and blue sees of one colour."""
    red, green, blue = colour
    cell = np.array([[red, green], [green, blue]], np.uint16)
    return bytes(np.tile(cell, (height // 2, width // 2)).tobytes())


def sensor_tags(width: int, height: int, offset: int, size: int) -> list[Tag]:
    return [
        (254, LONG, [0]),
        (256, LONG, [width]),
        (257, LONG, [height]),
        (258, SHORT, [16]),
        (259, SHORT, [1]),
        (262, SHORT, [32803]),
        (273, LONG, [offset]),
        (277, SHORT, [1]),
        (278, LONG, [height]),
        (279, LONG, [size]),
        (33421, SHORT, [2, 2]),
        (33422, BYTE, [0, 1, 1, 2]),
        (50717, LONG, [65535]),
    ]


def file_of(first: list[Tag], second: list[Tag], sensor: bytes, preview: bytes) -> bytes:
    """A TIFF of a small picture, if there is one, and of what the sensor saw.

    Twice over: the places are known once the lengths are.
    """
    if preview:
        first = [*first, (273, LONG, [0]), (279, LONG, [len(preview)]), (330, LONG, [0])]
    places = {"sensor": 0, "preview": 0, "second": 0}
    for _ in range(2):
        one = directory(_placed(first, places, "preview" if preview else "sensor"), _HEAD)
        places["second"] = _HEAD + len(one)
        two = directory(_placed(second, places, "sensor"), places["second"]) if second else b""
        places["sensor"] = places["second"] + len(two)
        places["preview"] = places["sensor"] + len(sensor)
    return b"II*\0" + struct.pack("<I", _HEAD) + one + two + sensor + preview


def _placed(tags: list[Tag], places: dict[str, int], strip: str) -> list[Tag]:
    found = {273: places[strip], 330: places["second"]}
    return [(tag, kind, [found[tag]] if tag in found else value) for tag, kind, value in tags]


def directory(tags: list[Tag], start: int, following: int = 0) -> bytes:
    """A TIFF's list of tags as it stands at `start`, and where the next one is."""
    after = start + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag, kind, value in sorted(tags, key=lambda tag: tag[0]):
        packed, count = _packed(kind, value)
        if len(packed) <= 4:
            where = packed.ljust(4, b"\0")
        else:
            where = struct.pack("<I", after + len(values))
            values += packed + bytes(len(packed) % 2)
        entries += struct.pack("<HHI", tag, kind, count) + where
    return struct.pack("<H", len(tags)) + entries + struct.pack("<I", following) + values


def _packed(kind: int, value: Sequence[int] | bytes) -> tuple[bytes, int]:
    if isinstance(value, bytes):
        return value, len(value)
    parts = 2 if kind in (5, SIGNED_FRACTION) else 1
    code = _CODES.get(kind, "II")
    packed = b"".join(
        struct.pack("<" + code, *value[at : at + parts]) for at in range(0, len(value), parts)
    )
    return packed, len(value) // parts


def box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + name + body
