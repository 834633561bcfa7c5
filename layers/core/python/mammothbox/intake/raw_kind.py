"""Which camera's raw file a TIFF is. Most raw files are TIFFs that begin with a small picture."""

from __future__ import annotations

import struct

_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_MAKE, _DNG_VERSION, _SUB_IFDS = 271, 50706, 330
_NEW_SUBFILE_TYPE, _REDUCED = 254, 1
_PHOTOMETRIC, _SENSOR = 262, 32803
_SHORT = 3
_MAKERS = {
    b"NIKON": "image/x-nikon-nef",
    b"SONY": "image/x-sony-arw",
    b"PENTAX": "image/x-pentax-pef",
    b"RICOH": "image/x-pentax-pef",
    b"SAMSUNG": "image/x-samsung-srw",
}


def raw_type(head: bytes) -> str | None:
    """The content type of the raw file that begins with `head`; `None` for any other TIFF.

    A camera's name alone does not make a raw file: developed pictures keep it.
    """
    order = _ORDERS.get(head[:4])
    tags = _first_tags(head, order) if order else {}
    if _DNG_VERSION in tags:
        return "image/x-adobe-dng"
    is_reduced = tags.get(_NEW_SUBFILE_TYPE) == _REDUCED and _SUB_IFDS in tags
    if is_reduced or tags.get(_PHOTOMETRIC) == _SENSOR:
        make = head[tags.get(_MAKE, len(head)) :][:16].upper()
        return next((is_type for maker, is_type in _MAKERS.items() if make.startswith(maker)), None)
    return None


def _first_tags(head: bytes, order: str) -> dict[int, int]:
    """The tags of the first picture with their values, or where those are; what is in `head`."""
    start = _number(order + "I", head[4:8]) + 2
    count = _number(order + "H", head[start - 2 : start])
    table = head[start : start + 12 * count]
    tags = {}
    for entry in range(0, len(table) - 11, 12):
        tag, is_type = struct.unpack_from(order + "HH", table, entry)
        as_what = order + ("H" if is_type == _SHORT else "I")
        (tags[tag],) = struct.unpack_from(as_what, table, entry + 8)
    return tags


def _number(as_what: str, text: bytes) -> int:
    size = struct.calcsize(as_what)
    return int(struct.unpack(as_what, text.ljust(size, b"\0")[:size])[0])
