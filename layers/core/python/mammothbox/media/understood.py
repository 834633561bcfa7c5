"""What is known of a picture, a video or a sound once its bytes have been read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Place(BaseModel):
    """Where it was taken, in WGS 84 degrees and metres."""

    model_config = ConfigDict(frozen=True)
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    altitude: float | None = None


class Camera(BaseModel):
    """What it was taken with, and how."""

    model_config = ConfigDict(frozen=True)
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    exposure_s: float | None = None
    iso: int | None = None
    aperture: float | None = None
    focal_length_mm: float | None = None


class Facts(BaseModel):
    """What the file says of itself. Nothing in here is guessed: what is not said is `None`.

    Width and height are those of the upright picture. `taken_at` is the wall clock where it
    was taken; `taken_offset_min` is that clock's offset from UTC, when the file tells it.
    """

    model_config = ConfigDict(frozen=True)
    width: int | None = None
    height: int | None = None
    orientation: int | None = Field(default=None, ge=1, le=8)
    frames: int | None = None
    duration_ms: int | None = None
    taken_at: datetime | None = None
    taken_offset_min: int | None = None
    place: Place | None = None
    camera: Camera | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    bit_rate: int | None = None
    title: str | None = None
    artist: str | None = None
    album: str | None = None
    # Everything the file carries, by group: {"exif": …, "gps": …, "tags": …}.
    everything: dict[str, JsonValue] = Field(default_factory=dict)


@dataclass(frozen=True)
class Derivative:
    """A picture made of the original. `name` is its file name below `derived/<asset id>/`."""

    name: str
    content_type: str
    width: int
    height: int
    body: bytes


@dataclass(frozen=True)
class Frame:
    """Upright sRGB pixels for the encoder, rows of red, green and blue; at most 1024 px wide.

    `at_ms` is the frame's time in a video, and `None` for a still picture.
    """

    width: int
    height: int
    rgb: bytes
    at_ms: int | None = None


@dataclass(frozen=True)
class Understood:
    """All that one file yields. A sound has no frames; what has no picture has no `phash`.

    `phash` is imagehash's 64 bits as 16 hexadecimal digits. `hints` are what only the reading
    of the file shows and what becomes a tag: `animated`, `screenshot`, `panorama`, `live`, …
    """

    facts: Facts
    derivatives: tuple[Derivative, ...] = ()
    frames: tuple[Frame, ...] = ()
    phash: str | None = None
    hints: tuple[str, ...] = ()
