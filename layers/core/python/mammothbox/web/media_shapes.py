"""How what is known of media looks to clients."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from enum import IntEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from mammothbox.catalog.shown import Shown

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


class InCluster(BaseModel):
    """The cluster something is in and why: how alike it was, had to be, and what came second."""

    id: UUID
    name: str
    similarity: float | None
    threshold: float | None
    runner_up: UUID | None
    runner_up_similarity: float | None
    pinned: bool = Field(description="A hand put it there.")


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
    cluster: InCluster | None
    space: str | None = Field(description="The active space, if the object has a vector in it.")


class UnitedFacts(BaseModel):
    """What an object's own file does not tell, from one that is the same picture."""

    system_id: UUID
    taken_at: str | None
    location: Location | None
    camera: Camera | None


class MediaDetail(BaseModel):
    """More of the same, of one object."""

    same_as: UUID | None = Field(description="A person said that this one is kept instead.")
    united: list[UnitedFacts]

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
        "taken_at": clock(shown.taken_at, shown.taken_offset_min),
        "location": place(vars(shown)) if with_place else None,
        "camera": shown.camera,
        "tags": list(shown.tags),
        "caption": shown.caption,
        "cluster": shown.cluster,
        "space": shown.space,
    }


def detail_fields(shown: Shown, *, with_place: bool) -> dict[str, object]:
    """What else is shown of one object. Whose place it is not gets none."""
    return {**vars(shown), "united": [_united(facts, with_place) for facts in shown.united]}


def _united(facts: Mapping[str, Any], with_place: bool) -> UnitedFacts:
    told = facts["taken_at"]
    return UnitedFacts(
        system_id=facts["system_id"],
        taken_at=clock(datetime.fromisoformat(told), facts["taken_offset_min"]) if told else None,
        location=place(facts) if with_place else None,
        camera=facts["camera"],
    )


def place(told: Mapping[str, Any]) -> Location | None:
    """Where it was taken, as far as that is told."""
    if told["latitude"] is None or told["longitude"] is None:
        return None
    return Location(
        latitude=told["latitude"], longitude=told["longitude"], altitude=told["altitude"]
    )


def clock(taken_at: datetime | None, offset_min: int | None) -> str | None:
    """The clock where it was taken, with its offset if the file tells one."""
    if taken_at is None:
        return None
    # No clock is a day or more from UTC, whatever a file claims.
    if offset_min is None or abs(offset_min) >= _DAY_MIN:
        return taken_at.isoformat()
    zone = timezone(timedelta(minutes=offset_min))
    return taken_at.replace(tzinfo=zone).isoformat()
