"""TIFFs as scanners, microscopes and other programs write them, made for tests."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

SHORT, LONG = 3, 4
_CODES = {SHORT: "H", LONG: "I"}
_HEAD = 8
WIDTH, HEIGHT = 64, 48
# Of red, green, blue and whatever follows, in parts of the whole.
_SHARES = (200 / 255, 100 / 255, 50 / 255, 1, 0.5, 0.5, 0.5, 0.5)


def tiff_of(
    bits: int,
    channels: int,
    *,
    photometric: int = 2,
    form: int = 1,
    planar: bool = False,
    order: str = "<",
    extra: Sequence[int] = (),
    compression: int = 1,
    strips: Sequence[bytes] | None = None,
) -> bytes:
    """A TIFF of one colour; `strips` in place of its pixels, where they are packed."""
    pixels = strips if strips is not None else pixels_of(bits, channels, form, planar, order)
    tags = {
        256: (LONG, [WIDTH]),
        257: (LONG, [HEIGHT]),
        258: (SHORT, [bits] * channels),
        259: (SHORT, [compression]),
        262: (SHORT, [photometric]),
        273: (LONG, [0] * len(pixels)),
        277: (SHORT, [channels]),
        278: (LONG, [HEIGHT]),
        279: (LONG, [len(strip) for strip in pixels]),
        284: (SHORT, [2 if planar else 1]),
        **({338: (SHORT, list(extra))} if extra else {}),
        339: (SHORT, [form] * channels),
    }
    end = len(_directory(tags, order))
    tags[273] = (LONG, [end + sum(map(len, pixels[:place])) for place in range(len(pixels))])
    return _directory(tags, order) + b"".join(pixels)


def pixels_of(bits: int, channels: int, form: int, planar: bool, order: str) -> list[bytes]:
    """The pixels of that colour: of every channel by itself, or of all together."""
    kind = np.dtype(f"{order}{'.uifxxc'[form]}{bits // 8}") if bits % 8 == 0 else None
    if kind is None:
        return [bytes(WIDTH * HEIGHT * channels * bits // 8)]
    most = 1 if form in (3, 6) else 2**bits - 1
    values = [np.full((HEIGHT, WIDTH), share * most).astype(kind) for share in _SHARES[:channels]]
    return [one.tobytes() for one in values] if planar else [np.stack(values, -1).tobytes()]


def _directory(tags: dict[int, tuple[int, list[int]]], order: str) -> bytes:
    after = _HEAD + 2 + 12 * len(tags) + 4
    entries, heap = b"", b""
    for tag in sorted(tags):
        kind, values = tags[tag]
        packed = struct.pack(f"{order}{len(values)}{_CODES[kind]}", *values)
        if len(packed) > 4:
            heap, packed = heap + packed, struct.pack(f"{order}I", after + len(heap))
        entries += struct.pack(f"{order}HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, _HEAD)
    return head + struct.pack(f"{order}H", len(tags)) + entries + bytes(4) + heap
