"""What EXIF says: when, where and with what a picture was taken, and all the rest as JSON."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from numbers import Rational
from typing import Any

from PIL import ExifTags, Image
from PIL.ExifTags import GPS, IFD, Base
from pydantic import JsonValue, ValidationError

from mammothbox.media.plain import plain, plain_text
from mammothbox.media.understood import FIRST_YEAR, Camera, Place

_TIMES = (
    (Base.DateTimeOriginal, Base.SubsecTimeOriginal, Base.OffsetTimeOriginal),
    (Base.DateTimeDigitized, Base.SubsecTimeDigitized, Base.OffsetTimeDigitized),
)
_TIME = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):?([0-5]\d)|Z")
_MOST_OFFSET_MIN = 14 * 60
_ORIENTATIONS = range(1, 9)
_DMS = (1, 60, 3600)
_BELOW_SEA_LEVEL = 1
# What a comment begins with that says how it is written.
_CHARSETS = {b"ASCII\0\0\0": "latin-1", b"UNICODE\0": "utf-16", bytes(8): "utf-8"}
# Windows writes these in UTF-16, as bytes.
_WINDOWS = {Base.XPTitle, Base.XPComment, Base.XPAuthor, Base.XPKeywords, Base.XPSubject}
_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ISO_SAYS_LOOK_ELSEWHERE = 65535


@dataclass(frozen=True)
class Tags:
    """EXIF's values by their numbers: of the picture, of its taking, and of the place."""

    image: Mapping[int, Any] = field(default_factory=dict)
    exif: Mapping[int, Any] = field(default_factory=dict)
    gps: Mapping[int, Any] = field(default_factory=dict)


def tags_of(picture: Image.Image) -> Tags:
    """The tags as far as they can be read: EXIF is broken in many ways."""
    try:
        return tags_of_exif(picture.getexif())
    except MemoryError:
        raise
    except Exception:
        return Tags()


def tags_of_exif(exif: Image.Exif) -> Tags:
    """The tags of EXIF that was found by itself."""
    return Tags(
        image=_readable(lambda: exif),
        exif=_readable(lambda: exif.get_ifd(IFD.Exif)),
        gps=_readable(lambda: exif.get_ifd(IFD.GPSInfo)),
    )


def everything(tags: Tags) -> dict[str, JsonValue]:
    """All of it by group and name; what is empty is left out. A maker's notes are a length."""
    groups = {
        "image": {_name(ExifTags.TAGS, tag): _told(tag, tags.image[tag]) for tag in tags.image},
        "exif": {_name(ExifTags.TAGS, tag): _told(tag, tags.exif[tag]) for tag in tags.exif},
        "gps": {_name(ExifTags.GPSTAGS, tag): plain(tags.gps[tag]) for tag in tags.gps},
    }
    return {name: plain(group) for name, group in groups.items() if group}


def text(value: object) -> str | None:
    """A text that says something, or nothing."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return plain_text(value) or None if isinstance(value, str) else None


def comment(tags: Tags) -> str | None:
    """The user's comment, in whichever of its encodings."""
    value = tags.exif.get(Base.UserComment)
    if not isinstance(value, bytes):
        return text(value)
    charset, words = _CHARSETS.get(value[:8]), value[8:]
    if charset == "utf-16" and not words.startswith(_BYTE_ORDER_MARKS):
        charset = _byte_order(words)
    return text(words.decode(charset, "replace") if charset else value)


def title(tags: Tags) -> str | None:
    """The title given by hand. A camera's `ImageDescription` is as a rule its own name."""
    value = tags.image.get(Base.XPTitle)
    return text(value.decode("utf-16-le", "replace")) if isinstance(value, bytes) else text(value)


def orientation(tags: Tags) -> int | None:
    """How the pixels lie in the file, if it says so."""
    told = tags.image.get(Base.Orientation)
    return told if told in _ORIENTATIONS else None


def camera(tags: Tags) -> Camera | None:
    """With what and how; `None` when nothing is said."""
    told = Camera(
        make=text(tags.image.get(Base.Make)),
        model=text(tags.image.get(Base.Model)),
        lens=text(tags.exif.get(Base.LensModel)),
        exposure_s=_positive(tags.exif.get(Base.ExposureTime)),
        iso=_iso(tags),
        aperture=_positive(tags.exif.get(Base.FNumber)),
        focal_length_mm=_positive(tags.exif.get(Base.FocalLength)),
    )
    return told if told != Camera() else None


def taken_at(tags: Tags) -> tuple[datetime | None, int | None]:
    """The wall clock when it was taken, and that clock's minutes ahead of UTC, if told.

    The time of the last change, and the satellites' time, are not the wall clock's.
    """
    for when, fraction, offset in _TIMES:
        if (moment := _moment(tags.exif.get(when), tags.exif.get(fraction))) is not None:
            return moment, _offset_min(tags.exif.get(offset))
    return None, None


def place(tags: Tags) -> Place | None:
    """Where it was taken; `None` when that is not said or cannot be."""
    latitude = _degrees(tags.gps.get(GPS.GPSLatitude), tags.gps.get(GPS.GPSLatitudeRef), "NS")
    longitude = _degrees(tags.gps.get(GPS.GPSLongitude), tags.gps.get(GPS.GPSLongitudeRef), "EW")
    if latitude is None or longitude is None or (latitude, longitude) == (0, 0):
        # A receiver without a fix writes zeros.
        return None
    try:
        return Place(latitude=latitude, longitude=longitude, altitude=_altitude(tags))
    except ValidationError:
        return None


def _readable(tags: Callable[[], Mapping[int, Any]]) -> dict[int, Any]:
    try:
        return dict(_each(tags()))
    except Exception:
        return {}


def _each(found: Mapping[int, Any]) -> Iterator[tuple[int, Any]]:
    for tag in found:
        try:
            yield tag, found[tag]
        except Exception:  # noqa: S112 - one broken value hides no other
            continue


def _name(names: Mapping[int, str], tag: int) -> str:
    return names.get(tag, f"0x{tag:04x}")


def _told(tag: int, value: Any) -> JsonValue:
    if tag in _WINDOWS and isinstance(value, bytes):
        return text(value.decode("utf-16-le", "replace"))
    if tag == Base.UserComment and isinstance(value, bytes):
        return comment(Tags(exif={Base.UserComment: value}))
    return plain(value)


def _byte_order(words: bytes) -> str:
    """Programs write either order, whatever the picture's own is. In every script the upper
    halves of characters differ less than the lower ones, and in Latin they are zeros."""

    def sameness(halves: bytes) -> tuple[int, int]:
        return halves.count(0), -len(set(halves))

    return "utf-16-be" if sameness(words[::2]) > sameness(words[1::2]) else "utf-16-le"


def _number(value: object) -> float | None:
    """A finite number; a fraction with nothing below the line is none."""
    if isinstance(value, (tuple, list)):
        value = value[0] if value else None
    if not isinstance(value, (int, float, Rational)):
        return None
    try:
        number = float(value)
    except ArithmeticError:
        return None
    return number if math.isfinite(number) else None


def _positive(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and number > 0 else None


def _iso(tags: Tags) -> int | None:
    for tag in (Base.ISOSpeedRatings, Base.RecommendedExposureIndex, Base.ISOSpeed):
        number = _positive(tags.exif.get(tag))
        if number is not None and number != _ISO_SAYS_LOOK_ELSEWHERE and number < 2**31:
            return int(number)
    return None


def _moment(value: object, fraction: object) -> datetime | None:
    found = _TIME.match(text(value) or "")
    if found is None or int(found[1]) < FIRST_YEAR:
        return None
    digits = re.match(r"\d{1,6}", text(fraction) or "")
    microsecond = int(digits[0].ljust(6, "0")) if digits else 0
    try:
        year, month, day, hour, minute, second = map(int, found.groups())
        return datetime(year, month, day, hour, minute, second, microsecond)
    except ValueError:
        return None


def _offset_min(value: object) -> int | None:
    found = _OFFSET.fullmatch(text(value) or "")
    if found is None:
        return None
    if found[0] == "Z":
        return 0
    minutes = int(found[2]) * 60 + int(found[3])
    if minutes > _MOST_OFFSET_MIN:
        return None
    return -minutes if found[1] == "-" else minutes


def _degrees(parts: object, side: object, sides: str) -> float | None:
    """Degrees, minutes and seconds; without its side of the world a number is no place."""
    towards = (text(side) or "")[:1].upper()
    if not towards or towards not in sides:
        return None
    if not isinstance(parts, (tuple, list)):
        # Some programs write degrees alone, with a fraction.
        parts = (parts,)
    numbers = [_number(part) for part in parts[: len(_DMS)]]
    known = [number for number in numbers if number is not None]
    if not known or len(known) != len(numbers) or min(known) < 0:
        return None
    degrees = sum(number / unit for number, unit in zip(known, _DMS, strict=False))
    return -degrees if towards == sides[1] else degrees


def _altitude(tags: Tags) -> float | None:
    metres = _number(tags.gps.get(GPS.GPSAltitude))
    reference = tags.gps.get(GPS.GPSAltitudeRef)
    below = reference in (_BELOW_SEA_LEVEL, b"\x01")
    return -metres if metres is not None and below else metres
