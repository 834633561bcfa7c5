"""Clusters: look at them, and correct them. Every act is a decision that can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from mammothbox.catalog import cards, clusterings, clusters, nearness, suggestions
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.memberships import Place
from mammothbox.clustering import acts, parts
from mammothbox.errors import NotFound, Refused
from mammothbox.web.callers import Admin, Caller, KeyedRoute, Uploader, Viewer
from mammothbox.web.fields import ClusterName
from pydantic import BaseModel, Field

from functions.api import services
from functions.api.cluster_shapes import Cluster, Made, by, cursor_behind, parse_cursor

router = APIRouter(tags=["clusters"], route_class=KeyedRoute)

Threshold = Annotated[float, Field(ge=-1, le=1)]
PartCount = Annotated[int, Field(ge=2, le=20)]
_PREVIEWED = 200


class Clusters(BaseModel):
    """A page of clusters, the largest first."""

    items: list[Cluster]
    next_cursor: str | None


class Suggestion(BaseModel):
    """Clusters that may be one, or one that may be two, and the numbers that speak for it."""

    id: UUID
    kind: Literal["merge", "split"]
    cluster_ids: list[UUID]
    similarity: float = Field(description="How alike the two, or the parts, are on average.")
    threshold: float
    detail: dict[str, Any]
    made_at: datetime


class Suggestions(BaseModel):
    """The likeliest first."""

    items: list[Suggestion]


class Rename(BaseModel, extra="forbid"):
    """Give it a name that no machine changes."""

    action: Literal["rename"]
    name: ClusterName


class Merge(BaseModel, extra="forbid"):
    """Put the members of others into it."""

    action: Literal["merge"]
    others: Annotated[list[UUID], Field(min_length=1, max_length=50, alias="with")]


class Split(BaseModel, extra="forbid"):
    """Take picked objects out, or let it fall into so many parts."""

    action: Literal["split"]
    asset_ids: Annotated[list[UUID], Field(min_length=1, max_length=acts.MOST_MOVED)] | None = None
    parts: PartCount | None = None


class SetThreshold(BaseModel, extra="forbid"):
    """How alike members have to be."""

    action: Literal["threshold"]
    threshold: Threshold


class Confirm(BaseModel, extra="forbid"):
    """It is a cluster, however few its members."""

    action: Literal["confirm"]


ClusterEdit = Annotated[
    Rename | Merge | Split | SetThreshold | Confirm, Field(discriminator="action")
]


class Move(BaseModel, extra="forbid"):
    """Where to; null is a cluster of its own."""

    cluster_id: UUID | None


class Leaving(BaseModel):
    """An object that would leave, and how alike it is to the middle."""

    system_id: UUID
    similarity: float


class PartShown(BaseModel):
    """A part the cluster would fall into; of a large one some objects are shown."""

    size: int
    tightness: float
    system_ids: list[UUID]


class Preview(BaseModel):
    """What a threshold or a split would do. Nothing has been changed."""

    leaving: list[Leaving] | None = None
    more: bool = Field(False, description="More would leave than are shown.")
    parts: list[PartShown] | None = None


@router.get("/clusters")
def list_clusters(
    caller: Viewer,
    status: Literal["provisional", "confirmed"] | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=60)] = None,
) -> Clusters:
    """The clusters, the largest first."""
    after = parse_cursor(cursor) if cursor else None
    with services.database().transaction(caller.owner) as connection:
        clustering = clusterings.get(connection, caller.owner)
        if clustering is None:
            return Clusters(items=[], next_cursor=None)
        rows = clusters.page(
            connection,
            caller.owner,
            clustering.edition,
            status=status,
            after=after,
            limit=limit + 1,
        )
        page = rows[:limit]
        items = _shown(connection, caller.owner, clustering.edition, page)
    last = page[-1] if len(rows) > limit else None
    return Clusters(
        items=items,
        next_cursor=cursor_behind(last) if last else None,
    )


@router.get("/clusters/suggestions")
def list_suggestions(
    caller: Viewer, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Suggestions:
    """What the last consolidation would leave to a person: clusters to merge or to split."""
    with services.database().transaction(caller.owner) as connection:
        found = suggestions.every(connection, caller.owner, limit)
    return Suggestions(items=[Suggestion.model_validate(vars(each)) for each in found])


@router.get("/clusters/{cluster_id}", response_model=Cluster)
def get_cluster(request: Request, cluster_id: UUID, caller: Viewer) -> Cluster | RedirectResponse:
    """One cluster; the id of a merged one leads to where its members are."""
    with services.database().transaction(caller.owner) as connection:
        place = _place(connection, caller, cluster_id)
        now = clusters.where_merged(connection, caller.owner, cluster_id)
        if now != cluster_id:
            there = request.url.query
            return RedirectResponse(f"{now}?{there}" if there else str(now), status_code=307)
        row = clusters.get(connection, caller.owner, place.edition, cluster_id)
        if row is None:
            raise NotFound("cluster", cluster_id)
        return _shown(connection, caller.owner, place.edition, [row])[0]


@router.patch("/clusters/{cluster_id}")
def change_cluster(cluster_id: UUID, edit: ClusterEdit, caller: Admin) -> Made:
    """Rename, merge, split, confirm it, or set its threshold."""
    database, hand = services.database(), by(caller)
    match edit:
        case Rename():
            decided = acts.rename(database, hand, cluster_id, edit.name)
        case Merge():
            decided = acts.merge(database, hand, cluster_id, edit.others)
        case SetThreshold():
            decided = acts.set_threshold(database, hand, cluster_id, edit.threshold)
        case Confirm():
            decided = acts.confirm(database, hand, cluster_id)
        case Split():
            if (edit.asset_ids is None) == (edit.parts is None):
                raise Refused(422, "pick_or_parts", "Name either asset_ids or a number of parts.")
            if edit.asset_ids is not None:
                decided = acts.split(database, hand, cluster_id, edit.asset_ids)
            else:
                decided = acts.split_into(database, hand, cluster_id, edit.parts or 0)
    return Made.of(decided)


@router.get("/clusters/{cluster_id}/preview")
def preview_cluster(
    cluster_id: UUID,
    caller: Viewer,
    threshold: Annotated[float | None, Query(ge=-1, le=1)] = None,
    parts_wanted: Annotated[int | None, Query(ge=2, le=20, alias="parts")] = None,
) -> Preview:
    """Who a threshold would make leave, or which parts a split would make."""
    with services.database().transaction(caller.owner) as connection:
        place = _place(connection, caller, cluster_id)
        now = clusters.where_merged(connection, caller.owner, cluster_id)
        cluster = clusters.get(connection, caller.owner, place.edition, now)
        if cluster is None:
            raise NotFound("cluster", cluster_id)
        if (threshold is None) == (parts_wanted is None):
            raise Refused(
                422, "threshold_or_parts", "Ask for either a threshold or a number of parts."
            )
        if parts_wanted is not None:
            found = parts.find(connection, place, cluster, parts_wanted)
            return Preview(parts=[_part(each) for each in found])
        leaving = nearness.below(connection, place, now, threshold or 0, _PREVIEWED + 1)
    return Preview(
        leaving=[
            Leaving(system_id=each.asset_id, similarity=each.similarity)
            for each in leaving[:_PREVIEWED]
        ],
        more=len(leaving) > _PREVIEWED,
    )


@router.post("/objects/{system_id}/move")
def move_object(system_id: UUID, move: Move, caller: Uploader) -> Made:
    """Put an object into another cluster for good, or into one of its own."""
    return Made.of(acts.move(services.database(), by(caller), system_id, move.cluster_id))


def _place(connection: Connection, caller: Caller, cluster_id: UUID) -> Place:
    clustering = clusterings.get(connection, caller.owner)
    if clustering is None:
        raise NotFound("cluster", cluster_id)
    return Place(caller.owner, clustering.edition, clustering.space_id)


def _shown(
    connection: Connection, owner: str, edition: int, rows: Sequence[clusters.Cluster]
) -> list[Cluster]:
    covers = clusters.covers(connection, owner, edition, [row.id for row in rows])
    made = cards.thumbnails(connection, owner, list(covers.values()))

    addresses = {
        each: services.derivative_address(seen.asset_id, seen.name)
        for each, seen in made.items()
        if seen.name is not None
    }
    return [
        Cluster.of(row, cover, addresses.get(cover) if cover else None)
        for row, cover in ((row, covers.get(row.id)) for row in rows)
    ]


def _part(part: parts.Part) -> PartShown:
    return PartShown(
        size=len(part.asset_ids),
        tightness=part.tightness,
        system_ids=list(part.asset_ids[:_PREVIEWED]),
    )
