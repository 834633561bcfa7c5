"""How what is known of media looks to clients."""

from __future__ import annotations

from datetime import timedelta, timezone
from enum import IntEnum
from typing import Literal

from mammothbox.catalog.shown import Shown
from pydantic import BaseModel, Field

_DAY_MIN = 24 * 60


class ThumbnailSize(IntEnum):
    """How long the longer side may be, in pixels."""

    SMALL = 150
    MEDIUM = 300
    LARGE = 1024


class Location(BaseModel):
    """Where it was taken, in WGS 84 degrees and metres."""

    latitude: float
    longitude: float
    altitude: float | None


class Camera(BaseModel):
    """What it was taken with, and how."""

    make: str | None = None
    model: str | None = None
    lens: str | None = None
    exposure_s: float | None = None
    iso: int | None = None
    aperture: float | None = None
    focal_length_mm: float | None = None


class Tag(BaseModel):
    """A word on an object, and who said it: a model, a captioner, the file, or a hand."""

    label: str
    score: float | None
    source: Literal["zero-shot", "caption", "metadata", "hand"]


class Derivative(BaseModel):
    """A picture made of the object; the address works for a few minutes."""

    name: str
    content_type: str
    width: int
    height: int
    url: str


class Media(BaseModel):
    """What is known of a picture, a video or a sound; all of it empty for anything else."""

    width: int | None
    height: int | None
    duration_ms: int | None
    taken_at: str | None = Field(
        description="The clock where it was taken, with its offset if the file tells one."
    )
    location: Location | None
    camera: Camera | None
    tags: list[Tag]
    caption: str | None
    space: str | None = Field(description="The active space, if the object has a vector in it.")


class MediaDetail(BaseModel):
    """More of the same, of one object."""

    video_codec: str | None
    audio_codec: str | None
    title: str | None
    artist: str | None
    album: str | None
    phash: str | None
    visible_text: str | None
    derivatives: list[Derivative]


def media_fields(shown: Shown, *, with_place: bool) -> dict[str, object]:
    """What a list shows. Whose place it is not gets none."""
    return {
        "width": shown.width,
        "height": shown.height,
        "duration_ms": shown.duration_ms,
        "taken_at": _taken_at(shown),
        "location": _location(shown) if with_place else None,
        "camera": shown.camera,
        "tags": list(shown.tags),
        "caption": shown.caption,
        "space": shown.space,
    }


def _location(shown: Shown) -> Location | None:
    if shown.latitude is None or shown.longitude is None:
        return None
    return Location(latitude=shown.latitude, longitude=shown.longitude, altitude=shown.altitude)


def _taken_at(shown: Shown) -> str | None:
    if shown.taken_at is None:
        return None
    # No clock is a day or more from UTC, whatever a file claims.
    if shown.taken_offset_min is None or abs(shown.taken_offset_min) >= _DAY_MIN:
        return shown.taken_at.isoformat()
    zone = timezone(timedelta(minutes=shown.taken_offset_min))
    return shown.taken_at.replace(tzinfo=zone).isoformat()
