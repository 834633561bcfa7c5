"""What is known of a picture, a video or a sound once its bytes have been read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, NaiveDatetime

from mammothbox.media.plain import MOST_TEXT

# What the catalogue can hold: no column takes a larger number, or one that is none.
Text = Annotated[str, Field(max_length=MOST_TEXT)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Long = Annotated[int, Field(ge=0, le=2**63 - 1)]
_OF_FACTS = ConfigDict(frozen=True, allow_inf_nan=False)
_DAY_MIN = 24 * 60
# Before the first photograph a clock was not set.
FIRST_YEAR = 1826


class Place(BaseModel):
    """Where it was taken, in WGS 84 degrees and metres."""

    model_config = _OF_FACTS
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    altitude: float | None = None


class Camera(BaseModel):
    """What it was taken with, and how."""

    model_config = _OF_FACTS
    make: Text | None = None
    model: Text | None = None
    lens: Text | None = None
    exposure_s: float | None = None
    iso: int | None = Field(default=None, ge=0, le=2**31 - 1)
    aperture: float | None = None
    focal_length_mm: float | None = None


class Facts(BaseModel):
    """What the file says of itself. Nothing in here is guessed: what is not said is `None`.

    Width and height are those of the upright picture. `taken_at` is the wall clock where it
    was taken; `taken_offset_min` is that clock's offset from UTC, when the file tells it.
    """

    model_config = _OF_FACTS
    width: Count | None = None
    height: Count | None = None
    orientation: int | None = Field(default=None, ge=1, le=8)
    frames: Count | None = None
    duration_ms: Long | None = None
    taken_at: NaiveDatetime | None = None
    taken_offset_min: int | None = Field(default=None, ge=-_DAY_MIN, le=_DAY_MIN)
    place: Place | None = None
    camera: Camera | None = None
    video_codec: Text | None = None
    audio_codec: Text | None = None
    bit_rate: Long | None = None
    title: Text | None = None
    artist: Text | None = None
    album: Text | None = None
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
