"""When a picture or film was taken: by what the camera wrote, by its name, or by its file."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from clients.cli.uploading.files import Found

# Cameras write what they know first, phones after a preview.
_HEAD = 256 * 1024
_TAIL = 4 * 1024 * 1024
_TAKEN, _DIGITISED, _CHANGED, _EXIF = 0x9003, 0x9004, 0x0132, 0x8769
_TIFF = (b"II*\0", b"MM\0*")
_ASCII = 2
_IN_EXIF = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_IN_NAME = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)"
    r"(?:[-_. T]?([0-2]\d)[-_.:]?([0-5]\d)[-_.:]?([0-5]\d))?"
)
_MVHD_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)


def taken_at(file: Found) -> datetime:
    """The best guess, by the clock where it was taken; never fails."""
    return _written_inside(file) or _in_name(file.name) or _of_file(file)


def _written_inside(file: Found) -> datetime | None:
    try:
        with file.path.open("rb") as opened:
            head = opened.read(_HEAD)
            tail = b""
            if head[4:8] == b"ftyp" and file.size > _HEAD:
                # Films tell at their end, where the recording could still write.
                opened.seek(max(file.size - _TAIL, _HEAD))
                tail = opened.read(_TAIL)
    except OSError:
        return None
    for start in _tiffs(head):
        found = _in_tiff(head[start:])
        if found is not None:
            return found
    return _in_movie(head) or _in_movie(tail)


def _tiffs(head: bytes) -> Iterator[int]:
    """Where EXIF may begin: raw files begin with it; JPEG and HEIC announce it."""
    if head[:4] in _TIFF or head[:2] in (b"II", b"MM"):
        yield 0
    for found in re.finditer(rb"Exif\0\0", head):
        yield found.end()


def _in_tiff(data: bytes) -> datetime | None:
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        return None
    try:
        (first,) = struct.unpack_from(f"{order}I", data, 4)
        main = dict(_fields(data, order, first))
        inner = dict(_fields(data, order, int(main[_EXIF]))) if _EXIF in main else {}
    except (struct.error, ValueError):
        return None
    for fields, tag in ((inner, _TAKEN), (inner, _DIGITISED), (main, _CHANGED)):
        moment = _moment(str(fields.get(tag, "")), _IN_EXIF)
        if moment is not None:
            return moment
    return None


def _fields(data: bytes, order: str, at: int) -> Iterator[tuple[int, str | int]]:
    """The fields of a directory: texts as such, everything else as one number."""
    (count,) = struct.unpack_from(f"{order}H", data, at)
    for index in range(count):
        place = at + 2 + 12 * index
        tag, kind, length = struct.unpack_from(f"{order}HHI", data, place)
        (value,) = struct.unpack_from(f"{order}I", data, place + 8)
        if kind == _ASCII:
            yield tag, data[value : value + length].decode("ascii", "replace")
        else:
            yield tag, value


def _in_movie(data: bytes) -> datetime | None:
    """The time of creation in a film's header, which is UTC."""
    at = data.find(b"mvhd")
    try:
        if at < 0:
            return None
        version = data[at + 4]
        (seconds,) = struct.unpack_from(">Q" if version == 1 else ">I", data, at + 8)
        moment = _MVHD_EPOCH + timedelta(seconds=seconds)
    except (struct.error, IndexError, OverflowError):
        return None
    # Zero is what cameras without a clock write.
    return moment.replace(tzinfo=None) if seconds else None


def _in_name(name: str) -> datetime | None:
    return _moment(name, _IN_NAME)


def _of_file(file: Found) -> datetime:
    try:
        return datetime.fromtimestamp(file.mtime_ns / 1e9, UTC).astimezone().replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        # File systems know years that no calendar here does: such a file comes last.
        return datetime.max


def _moment(text: str, pattern: re.Pattern[str]) -> datetime | None:
    found = pattern.search(text)
    if found is None:
        return None
    try:
        return datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]
    except ValueError:
        return None
