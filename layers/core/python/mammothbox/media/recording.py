"""When, where and with what a film or a sound was recorded, as far as its tags say so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from fractions import Fraction

from pydantic import ValidationError

from mammothbox.media.plain import plain_text
from mammothbox.media.understood import FIRST_YEAR, Camera, Place

# Cameras that know the time zone write these; `creation_time` is in UTC, or says no zone.
_TAKEN = ("com.apple.quicktime.creationdate", "date", "creation_time")
_PLACES = ("com.apple.quicktime.location.iso6709", "location", "location-eng")
_MAKES = ("com.apple.quicktime.make", "com.android.manufacturer", "make")
_MODELS = ("com.apple.quicktime.model", "com.android.model", "model")
_LIVE = ("com.apple.quicktime.content.identifier", "com.apple.quicktime.live-photo.auto")
_TELLS_PLACE = re.compile("location|gps|geo|latitude|longitude|iso6709|xyz|loci", re.IGNORECASE)

# A clock that was never set counts from one of these years.
_EPOCHS = (1904, 1970)
_NUMBER = r"([+-])(\d+)(\.\d+)?"
_ISO_6709 = re.compile(rf"{_NUMBER}{_NUMBER}(?:([+-]\d+(?:\.\d+)?))?(?:CRS[^/]*)?/?", re.ASCII)
_LATITUDE_DIGITS = 2
_LONGITUDE_DIGITS = 3


def lowered(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags by lower-case names: containers differ in how they write them."""
    return {name.lower(): plain_text(value) for name, value in tags.items()}


def tells_place(name: str) -> bool:
    """Whether a tag of this name may tell where it was taken."""
    return _TELLS_PLACE.search(name) is not None


def taken(tags: Mapping[str, str]) -> tuple[datetime | None, int | None]:
    """The wall clock when it was taken, and its offset from UTC in minutes if that is told."""
    for text in _said(tags, _TAKEN):
        moment = _moment(text)
        if moment is not None:
            offset = moment.utcoffset()
            minutes = None if offset is None else round(offset.total_seconds() / 60)
            return moment.replace(tzinfo=None), minutes
    return None, None


def place(tags: Mapping[str, str]) -> Place | None:
    """Where it was taken. Exactly 0° 0° is what cameras without reception write."""
    for text in _said(tags, _PLACES):
        found = _ISO_6709.match(text)
        if found is None:
            continue
        latitude = _degrees(_LATITUDE_DIGITS, *found.group(1, 2, 3))
        longitude = _degrees(_LONGITUDE_DIGITS, *found.group(4, 5, 6))
        if latitude is None or longitude is None or latitude == longitude == 0:
            continue
        altitude = float(found[7]) if found[7] else None
        try:
            return Place(latitude=latitude, longitude=longitude, altitude=altitude)
        except ValidationError:
            continue
    return None


def camera(tags: Mapping[str, str]) -> Camera | None:
    """What it was taken with."""
    make = next(_said(tags, _MAKES), None)
    model = next(_said(tags, _MODELS), None)
    return Camera(make=make, model=model) if make or model else None


def hints(tags: Mapping[str, str], frames_per_second: Fraction | None = None) -> tuple[str, ...]:
    """What the tags give away of the way it was recorded."""
    captured = _number(tags.get("com.android.capture.fps"))
    shown = float(frames_per_second or 0)
    found = {
        "live": any(tags.get(name) for name in _LIVE),
        "slow_motion": shown > 0 and captured >= 2 * shown,
        "time_lapse": 0 < captured <= shown / 2,
        "voice_memo": "com.apple.voicememos" in tags.get("encoder", "").lower(),
    }
    return tuple(hint for hint, holds in found.items() if holds)


def _said(tags: Mapping[str, str], names: Iterable[str]) -> Iterator[str]:
    return (tags[name] for name in names if tags.get(name))


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _moment(text: str) -> datetime | None:
    if len(text) < len("2026-01-31T12:00") or text[4:5] != "-":
        # A year or a day alone is when it was published.
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    was_set = moment.year not in _EPOCHS or (moment.month, moment.day) != (1, 1)
    return moment if was_set and moment.year >= FIRST_YEAR else None


def _degrees(most_digits: int, sign: str, digits: str, fraction: str | None) -> float | None:
    """ISO 6709 writes degrees, degrees and minutes, or also seconds, all run together."""
    extra = len(digits) - most_digits
    if extra not in (0, 2, 4):
        return None
    parts = [digits[:most_digits], *re.findall("..", digits[most_digits:])]
    numbers = [*map(float, parts[:-1]), float(parts[-1] + (fraction or ""))]
    degrees: float = sum(number * 60.0**-power for power, number in enumerate(numbers))
    return -degrees if sign == "-" else degrees
