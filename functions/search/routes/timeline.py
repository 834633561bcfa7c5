"""How much there is of which time and where: over the same filters as a search."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated, Literal, get_args
from uuid import UUID

from fastapi import APIRouter, Query
from mammothbox.catalog import cards, geo_clusters, timeline
from mammothbox.catalog.cards import Card
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.timeline import Standing
from mammothbox.errors import Refused
from mammothbox.searching import search as searching
from mammothbox.searching.asked import Asked
from mammothbox.searching.filters import Filters
from mammothbox.searching.retrieve import MOST, of_kind
from mammothbox.searching.understand import narrowed, understand
from mammothbox.web.callers import Caller, KeyedRoute, Viewer, may_know_the_place
from mammothbox.web.fields import ClockTime
from mammothbox.web.media_shapes import clock
from pydantic import BaseModel, Field

from functions.search import services, shapes
from functions.search.asking import Narrowing, Wanted, understood
from functions.search.shapes import Cover

router = APIRouter(tags=["search"], route_class=KeyedRoute)

# A step of the last of them is eleven centimetres on the ground.
_PLACES = 6
_STEP = Decimal(1).scaleb(-_PLACES)


class Time(Narrowing):
    """What is counted. A query may hold filters here, but no words."""

    bucket: Literal["year", "month", "day"] = "month"
    limit: Annotated[int, Field(ge=1, le=400)] = 120
    cursor: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="The next_cursor of the page before."
    )


class Bucket(BaseModel):
    """A year, a month or a day, by the clocks of where things were taken."""

    at: str = Field(description="When it begins.")
    count: int
    cover: Cover | None = Field(description="Its newest picture or video.")


class Timeline(BaseModel):
    """The latest time first; times of which there is nothing are left out."""

    items: list[Bucket]
    next_cursor: str | None


class Part(Narrowing):
    """Which part of a bucket is shown."""

    bucket: Literal["year", "month", "day"] = "month"
    at: ClockTime = Field(description="When the bucket begins, as the timeline tells it.")
    skip: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class Tile(BaseModel):
    """An object as a page full of them shows it."""

    id: UUID
    status: Literal["awaiting_upload", "queued", "processing", "ready", "duplicate", "failed"]
    documents_refused: int = Field(description="How many documents of JSON could not be kept.")
    kind: Literal["image", "video", "audio", "json", "other"] | None
    collection: str | None
    filename: str | None
    content_type: str | None
    created_at: datetime
    taken_at: str | None
    width: int | None
    height: int | None
    duration_ms: int | None
    caption: str | None
    thumbnail: str | None = Field(description="A small picture of it; works for a few minutes.")


class Tiles(BaseModel):
    """A part of a bucket, the newest first."""

    items: list[Tile]


class Places(Wanted):
    """What is shown on a map; `bbox` or `near` is the part that is seen.

    With words in the query it is what a search of that part would find, the best 1,000 of it.
    """

    zoom: Annotated[int, Field(ge=0, le=22)] = Field(
        2,
        description="As maps of web pages have it. Spots are larger where there could be more than"
        f" {geo_clusters.MOST_CELLS} of them: without `bbox` or `near`, the whole world is seen.",
    )


class Spot(BaseModel):
    """What is close together on the map, and the newest of it."""

    latitude: float = Field(description="The middle of what is there.")
    longitude: float
    count: int
    bbox: tuple[float, float, float, float] = Field(description="west, south, east, north")
    cover: Cover | None


class Map(BaseModel):
    """The fullest spots first; together they hold all that the filters let through."""

    items: list[Spot]
    cell_degrees: float = Field(description="How wide and high a spot may be.")


@router.get("/timeline")
def show_timeline(asked: Annotated[Time, Query()], caller: Viewer) -> Timeline:
    """How much there is of each year, month or day."""
    with services.database().transaction(caller.owner) as connection:
        rows = timeline.buckets(
            connection,
            caller.owner,
            _filters(connection, caller, asked),
            asked.bucket,
            before=_parse_cursor(asked.cursor, asked.bucket) if asked.cursor else None,
            limit=asked.limit + 1,
        )
        page = rows[: asked.limit]
        covers = [row.cover for row in page if row.cover]
        thumbnails = cards.thumbnails(connection, caller.owner, covers) if covers else {}
    return Timeline(
        items=[
            Bucket(
                at=row.at.isoformat(), count=row.count, cover=shapes.cover(row.cover, thumbnails)
            )
            for row in page
        ],
        next_cursor=_cursor(asked.bucket, page[-1].at) if len(rows) > asked.limit else None,
    )


@router.get("/timeline/objects")
def show_part(asked: Annotated[Part, Query()], caller: Viewer) -> Tiles:
    """What is of one year, month or day: any part of it, without all that is before."""
    with services.database().transaction(caller.owner) as connection:
        part = timeline.of_bucket(
            connection,
            caller.owner,
            _filters(connection, caller, asked),
            asked.bucket,
            asked.at,
            skip=asked.skip,
            limit=asked.limit,
        )
        ids = [each.id for each in part]
        known = cards.of_assets(connection, caller.owner, ids) if ids else {}
    return Tiles(items=[_tile(known[each.id], each) for each in part if each.id in known])


def _tile(card: Card, standing: Standing) -> Tile:
    return Tile.model_validate(
        {
            **vars(card),
            **vars(standing),
            "taken_at": clock(card.taken_at, card.taken_offset_min),
            "thumbnail": shapes.address(card.seen, card.thumbnail),
        }
    )


def _cursor(bucket: str, at: datetime) -> str:
    return f"{bucket}.{at.isoformat()}"


def _parse_cursor(cursor: str, bucket: str) -> datetime:
    """Where the page begins. Raises `Refused` when that is none of ours, or of other buckets."""
    of, _, text = cursor.partition(".")
    if of in get_args(timeline.Bucket) and of != bucket:
        raise Refused(422, "invalid_cursor", f"This cursor is of {of}s; begin without one.")
    try:
        at = datetime.fromisoformat(text)
        if _cursor(bucket, at) == cursor and at.tzinfo is None:
            return at
    except ValueError:
        pass
    raise Refused(422, "invalid_cursor", "Use the next_cursor of the page before, as it came.")


@router.get("/map")
def show_map(asked: Annotated[Places, Query()], caller: Viewer) -> Map:
    """What is where, put together by how close it is on the map."""
    if not may_know_the_place(caller):
        raise Refused(403, "place_withheld", "Only its owner may look for objects by their place.")
    wanted = understood(asked, caller)
    query = understand(wanted)
    among = _found(caller, wanted) if query.terms else None
    with services.database().transaction(caller.owner) as connection:
        filters = of_kind(narrowed(connection, caller.owner, query), query.about)
        size = geo_clusters.cell_size(asked.zoom, geo_clusters.seen(filters))
        cells = geo_clusters.cells(connection, caller.owner, filters, size, among)
        covers = [cell.cover for cell in cells]
        thumbnails = cards.thumbnails(connection, caller.owner, covers) if covers else {}
    return Map(
        items=[
            Spot(
                latitude=round(cell.latitude, _PLACES),
                longitude=round(cell.longitude, _PLACES),
                count=cell.count,
                bbox=(_low(cell.west), _low(cell.south), _high(cell.east), _high(cell.north)),
                cover=shapes.cover(cell.cover, thumbnails),
            )
            for cell in cells
        ],
        cell_degrees=size,
    )


def _found(caller: Caller, wanted: Asked) -> list[UUID]:
    """What the words find among all that has a place."""
    boxes = wanted.filters.boxes | {geo_clusters.WHOLE_WORLD}
    answer = searching.search(
        services.database(),
        caller.owner,
        replace(wanted, filters=replace(wanted.filters, boxes=boxes), limit=MOST),
        services.embed_text,
        known=services.is_known_word,
    )
    return [result.asset_id for result in answer.results]


def _low(degrees: float) -> float:
    """Rounded outwards, so that what is there is within the bounds it is shown with."""
    return float(Decimal(repr(degrees)).quantize(_STEP, ROUND_FLOOR))


def _high(degrees: float) -> float:
    return float(Decimal(repr(degrees)).quantize(_STEP, ROUND_CEILING))


def _filters(connection: Connection, caller: Caller, asked: Narrowing) -> Filters:
    query = understand(understood(asked, caller))
    if query.terms:
        raise Refused(
            422,
            "words_not_counted",
            "Only filters are counted here: leave the words out of the query, or search.",
        )
    return of_kind(narrowed(connection, caller.owner, query), query.about)
