"""Saved searches: asked anew whenever somebody looks, with how many they find and the first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from mammothbox.catalog import cards, saved_searches
from mammothbox.catalog.cards import Thumbnail
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.saved_searches import SavedSearch
from mammothbox.errors import NotFound, Refused
from mammothbox.searching import saved as saved_searching
from mammothbox.searching.asked import Asked
from mammothbox.searching.saved import Sum
from mammothbox.web.callers import Caller, KeyedRoute, Uploader, Viewer, may_know_the_place
from mammothbox.web.fields import ClusterName
from pydantic import BaseModel, Field, JsonValue

from functions.search import services, shapes
from functions.search.asking import Wanted, as_saved, understood
from functions.search.shapes import Cover

router = APIRouter(prefix="/searches", tags=["search"], route_class=KeyedRoute)


class NewSearch(Wanted, extra="forbid"):
    """A search to keep, under a name that no other has."""

    name: ClusterName


class ChangedSearch(Wanted, extra="forbid"):
    """What becomes other. What is left out stays; whatever is asked takes the place of all of it.

    `{"name": …}` renames it, `{"query": …}` lets it ask that and nothing that it asked before.
    """

    name: ClusterName | None = None


class Saved(BaseModel):
    """A saved search, and what it finds now. `GET /search?saved=<id>` shows that."""

    id: UUID
    name: str
    asked: dict[str, JsonValue] = Field(
        description="What it asks, as it was given. Words count with a min_score, which is here."
        " Nothing for who may not ask it, since it tells of places."
    )
    clusters: dict[str, list[UUID]] = Field(
        description="Which clusters names in it meant when it was saved. It keeps to these."
    )
    created_at: datetime
    count: int | None = Field(description="How many it finds; null if it cannot be asked now.")
    more: bool = Field(description="It finds that many or more.")
    cover: Cover | None = Field(description="The first that it finds.")


class SavedSearches(BaseModel):
    """A page of saved searches, by name."""

    items: list[Saved]
    next_cursor: str | None


@router.get("")
def list_saved(
    caller: Viewer,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
    cursor: Annotated[str | None, Query(min_length=1, max_length=300)] = None,
) -> SavedSearches:
    """The saved searches by name; each is asked now."""
    with services.database().transaction(caller.owner) as connection:
        rows = saved_searches.page(connection, caller.owner, _plain(cursor), limit + 1)
    page = rows[:limit]
    return SavedSearches(
        items=_shown(caller, page), next_cursor=page[-1].name if len(rows) > limit else None
    )


@router.get("/{search_id}")
def get_saved(search_id: UUID, caller: Viewer) -> Saved:
    """One saved search, asked now."""
    with services.database().transaction(caller.owner) as connection:
        row = saved_searches.get(connection, caller.owner, search_id)
    if row is None:
        raise NotFound("saved search", search_id)
    return _shown(caller, [row])[0]


@router.post("", status_code=201)
def save_search(search: NewSearch, caller: Uploader) -> Saved:
    """Keep a search. What it asks has to be understood now, and its clusters have to be there.

    With words and without a `min_score` it finds what is at least likely, and says so.
    """
    wanted = understood(search, caller, "body")
    with services.database().transaction(caller.owner) as connection:
        question = _question(connection, caller, search, wanted)
        kept = saved_searches.keep(connection, caller.owner, search.name, question)
        if kept is None:
            raise _not_kept(search.name, saved_searches.has(connection, caller.owner, search.name))
    return _shown(caller, [kept])[0]


@router.patch("/{search_id}")
def change_search(search_id: UUID, change: ChangedSearch, caller: Uploader) -> Saved:
    """Rename a saved search, or let it ask something else; the same is held to as in saving one."""
    asks = change.model_fields_set - {"name"}
    if change.name is None and not asks:
        raise Refused(422, "nothing_to_change", "Say what is to change: a name, a query, or both.")
    wanted = understood(change, caller, "body")
    with services.database().transaction(caller.owner) as connection:
        question = _question(connection, caller, change, wanted) if asks else None
        kept = saved_searches.change(
            connection, caller.owner, search_id, name=change.name, question=question
        )
    if kept is None:
        raise NotFound("saved search", search_id)
    return _shown(caller, [kept])[0]


@router.delete("/{search_id}", status_code=204)
def forget_search(search_id: UUID, caller: Uploader) -> None:
    """Forget a saved search; what it finds stays."""
    with services.database().transaction(caller.owner) as connection:
        if not saved_searches.forget(connection, caller.owner, search_id):
            raise NotFound("saved search", search_id)


def _question(
    connection: Connection, caller: Caller, given: Wanted, wanted: Asked
) -> saved_searches.Question:
    asked = given.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"name"})
    if "min_score" in given.model_fields_set:
        asked["min_score"] = given.min_score
    elif least := saved_searching.least_score(wanted):
        asked["min_score"] = least
    clusters = saved_searching.settled(connection, caller.owner, wanted)
    return saved_searches.Question(asked, clusters)


def _not_kept(name: str, taken: bool) -> Refused:
    if taken:
        return saved_searches.name_taken(name)
    return Refused(
        409, "too_many_searches", f"At most {saved_searches.MOST} are kept: forget one first."
    )


def _plain(cursor: str | None) -> str | None:
    if cursor is not None and "\0" in cursor:
        raise Refused(422, "invalid_cursor", "Use the next_cursor of the page before, as it came.")
    return cursor


def _shown(caller: Caller, rows: list[SavedSearch]) -> list[Saved]:
    sums = {row.id: _sum(caller, row) for row in rows}
    covers = [found.first for found in sums.values() if found and found.first]
    thumbnails: dict[UUID, Thumbnail] = {}
    if covers:
        with services.database().transaction(caller.owner) as connection:
            thumbnails = cards.thumbnails(connection, caller.owner, covers)
    return [_saved(caller, row, sums[row.id], thumbnails) for row in rows]


def _sum(caller: Caller, row: SavedSearch) -> Sum | None:
    """`None` for what cannot be asked any more, or not by this caller."""
    try:
        wanted = as_saved(row, caller)
        return saved_searching.summed(
            services.database(), caller.owner, wanted, services.embed_text, services.is_known_word
        )
    except Refused:
        return None


def _saved(
    caller: Caller, row: SavedSearch, found: Sum | None, thumbnails: Mapping[UUID, Thumbnail]
) -> Saved:
    is_told = found is not None or may_know_the_place(caller)
    return Saved(
        id=row.id,
        name=row.name,
        asked=row.asked if is_told else {},
        clusters=row.clusters,
        created_at=row.created_at,
        count=found.count if found else None,
        more=found.more if found else False,
        cover=shapes.cover(found.first, thumbnails) if found else None,
    )
