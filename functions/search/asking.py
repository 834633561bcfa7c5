"""What a request asks of a search: its parameters, which say what the query text can say too."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from mammothbox.catalog.saved_searches import SavedSearch
from mammothbox.errors import Refused
from mammothbox.searching import query_filters, query_text
from mammothbox.searching.asked import About, Asked, Query
from mammothbox.searching.filters import Filters
from mammothbox.searching.narrowing import Contradiction
from mammothbox.searching.query_filters import Given
from mammothbox.web.callers import Caller, may_know_the_place
from mammothbox.web.fields import Collection
from pydantic import AfterValidator, BaseModel, Field

_MOST_VALUES = 50
# Controls, and breaks of lines and paragraphs. Signs that join others stand in many an emoji.
_UNSPEAKABLE = {"Cc", "Zl", "Zp"}


def _speakable(text: str) -> str:
    """What neither a query nor the catalogue can hold is refused here."""
    if any(unicodedata.category(sign) in _UNSPEAKABLE for sign in text):
        raise ValueError("must be one line without control characters")
    return text


def _without_nul(text: str) -> str:
    """Queries pass over it anyway, and what is kept of one could not hold it."""
    return text.replace("\0", "")


Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_speakable)]
Several = Annotated[list[Text], Field(max_length=_MOST_VALUES)]


class Narrowing(BaseModel):
    """What is looked for, and what it is narrowed to. Everything has to hold at once."""

    query: Annotated[str, AfterValidator(_without_nul)] = Field(
        "",
        max_length=query_text.LONGEST,
        description=query_filters.grammar(),
    )
    about: About = Field("all", alias="type")
    tags: Several = Field(
        [], description="All of these; of several in one, parted by commas, any will do."
    )
    any_tags: Several = Field([], description="At least one of these.")
    not_tags: Several = Field([], description="None of these.")
    kind: Several = Field([], description="Any of image, video, audio, json, other.")
    since: Text | None = Field(
        None, alias="from", description="The first year, month, day or time, such as 2024-06."
    )
    until: Text | None = Field(
        None, alias="to", description="The first year, month, day or time that is too late."
    )
    cluster: Several = Field([], description="Any of these, by id or name.")
    collection: Collection | None = None
    camera: Text | None = None
    lens: Text | None = None
    size: Text | None = Field(None, description="Such as >10mb or 1mb..5mb.")
    duration: Text | None = Field(None, description="Such as <30s or 10s..1min.")
    rating: Text | None = Field(None, description="Such as 4 or >=3.")
    orientation: Literal["portrait", "landscape", "square"] | None = None
    has_caption: bool | None = None
    has_place: bool | None = None
    bbox: Text | None = Field(None, description="west,south,east,north in degrees.")
    near: Text | None = Field(
        None, description="latitude,longitude,distance; such as 52.5,13.4,5km"
    )
    duplicates: Literal["include", "exclude", "only"] = "exclude"


class Wanted(Narrowing):
    """What is looked for, and how well it has to fit at least."""

    min_score: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="What fits less is left out, so that there may be nothing."
    )


def understood(narrowing: Narrowing, caller: Caller, where: str = "query") -> Asked:
    """The request as the library takes it, its text not yet looked at.

    Raises `RequestValidationError` naming the parameter that cannot be understood, and
    `Refused` for a place that is not the caller's to ask about, or a text that has one.
    """
    query = Query(filters=_simple(narrowing))
    for name, given, excluded in _given(narrowing):
        try:
            query = query_filters.narrow(query, given, excluded=excluded)
        except Contradiction:
            apart = "contradicts another parameter: nothing can match"
            raise _invalid(where, name, apart) from None
        except ValueError as error:
            raise _invalid(where, name, f"takes {error}") from None
    if not may_know_the_place(caller):
        _refuse_places(query.filters)
        _refuse_places(query_text.parse(narrowing.query).filters)
    return Asked(
        text=narrowing.query,
        filters=query.filters,
        clusters=frozenset(narrowing.cluster),
        about=narrowing.about if narrowing.about != "all" else None,
        min_score=narrowing.min_score if isinstance(narrowing, Wanted) else 0.0,
    )


def as_saved(saved: SavedSearch, caller: Caller) -> Asked:
    """What a saved search asks, of the clusters that it was saved with. Fails as `understood`."""
    meant = frozenset((name, UUID(id_)) for name, ids in saved.clusters.items() for id_ in ids)
    return replace(understood(Wanted.model_validate(saved.asked), caller), meant=meant)


def _simple(narrowing: Narrowing) -> Filters:
    return Filters(
        collection=narrowing.collection,
        orientation=narrowing.orientation,
        has_caption=narrowing.has_caption,
        has_place=narrowing.has_place,
        duplicates=narrowing.duplicates,
    )


def _given(narrowing: Narrowing) -> Iterator[tuple[str, Given, bool]]:
    """Each parameter that is set, as the filter of the query text that says the same."""
    for name, key, texts, excluded in (
        *(("tags", "tag", [text], False) for text in narrowing.tags),
        ("any_tags", "tag", narrowing.any_tags, False),
        ("not_tags", "tag", narrowing.not_tags, True),
        ("kind", "kind", narrowing.kind, False),
    ):
        if parts := _parted(texts):
            yield name, Given(key, parts), excluded
    for name, key, text in (
        ("from", "after", narrowing.since),
        ("to", "before", narrowing.until),
        ("camera", "camera", narrowing.camera),
        ("lens", "lens", narrowing.lens),
        ("size", "size", narrowing.size),
        ("duration", "duration", narrowing.duration),
        ("rating", "rating", narrowing.rating),
    ):
        if text is not None:
            yield name, Given(key, (text,)), False
    for name, key, text in (("bbox", "in", narrowing.bbox), ("near", "near", narrowing.near)):
        if text is not None:
            yield name, Given(key, tuple(part.strip() for part in text.split(","))), False


def _parted(texts: list[str]) -> tuple[str, ...]:
    parts = [part.strip() for text in texts for part in text.split(",")]
    return tuple(part for part in parts if part)


def _refuse_places(filters: Filters) -> None:
    if filters.boxes or filters.circles or filters.has_place is not None:
        raise Refused(403, "place_withheld", "Only its owner may look for objects by their place.")


def _invalid(where: str, name: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": "value_error", "loc": (where, name), "msg": message}])
