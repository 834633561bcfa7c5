"""What a search is narrowed to. The same for words, vectors, lists, the timeline and the map."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Kind = Literal["image", "video", "audio", "json", "other"]
Orientation = Literal["portrait", "landscape", "square"]
Duplicates = Literal["include", "exclude", "only"]


@dataclass(frozen=True)
class Range:
    """From `least` to `most`, both included; `None` is open."""

    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Box:
    """A part of the map in degrees. `west` beyond `east` crosses the date line."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True)
class Circle:
    """Around a place, on the ground."""

    latitude: float
    longitude: float
    metres: float


@dataclass(frozen=True)
class Filters:
    """What is not set does not narrow.

    Labels and camera words are in small letters. `at_from` is included and `at_to` is not; both
    are by the clock of the place where a picture was taken. A cluster comes with all that were
    merged into it.
    """

    kinds: frozenset[Kind] = frozenset()
    not_kinds: frozenset[Kind] = frozenset()
    all_tags: frozenset[str] = frozenset()
    # Of each of these, any.
    any_tags: frozenset[frozenset[str]] = frozenset()
    no_tags: frozenset[str] = frozenset()
    clusters: frozenset[UUID] = frozenset()
    not_clusters: frozenset[UUID] = frozenset()
    collection: str | None = None
    at_from: datetime | None = None
    at_to: datetime | None = None
    # Within all of these.
    boxes: frozenset[Box] = frozenset()
    circles: frozenset[Circle] = frozenset()
    camera: frozenset[str] = frozenset()
    lens: frozenset[str] = frozenset()
    size_bytes: Range | None = None
    duration_ms: Range | None = None
    rating: Range | None = None
    orientation: Orientation | None = None
    has_caption: bool | None = None
    has_place: bool | None = None
    duplicates: Duplicates = "exclude"
    # Words and phrases that no word of an asset may be.
    without: frozenset[str] = frozenset()


NOTHING = Filters()
