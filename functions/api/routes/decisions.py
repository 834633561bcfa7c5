"""What people decided: links between objects, the history of decisions, and undo."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from mammothbox.catalog import api_keys, clusters, decisions, links
from mammothbox.clustering import linking
from mammothbox.clustering.undo import undo
from mammothbox.web import spellings
from mammothbox.web.callers import Admin, KeyedRoute, Viewer
from pydantic import BaseModel

from functions.api import services
from functions.api.cluster_shapes import Decision, Made, by

router = APIRouter(tags=["decisions"], route_class=KeyedRoute)

Limit = Annotated[int, Query(ge=1, le=200)]


class Decisions(BaseModel):
    """A page of decisions, newest first."""

    items: list[Decision]
    next_cursor: str | None


class Link(BaseModel):
    """Two objects that must, or cannot, share a cluster."""

    id: UUID
    kind: Literal["must", "cannot"]
    system_ids: tuple[UUID, UUID]

    @classmethod
    def of(cls, link: links.Link) -> Link:
        return cls.model_validate(
            {"id": link.id, "kind": link.kind, "system_ids": (link.asset_a, link.asset_b)}
        )


class Links(BaseModel):
    """A page of links, newest first."""

    items: list[Link]
    next_cursor: str | None


class NewLink(BaseModel, extra="forbid"):
    """The second object goes where the first is, or away from there."""

    kind: Literal["must", "cannot"]
    system_ids: tuple[UUID, UUID]


class LinkMade(Made):
    """The link, and the decision that made it."""

    link_id: UUID


@router.get("/decisions")
def list_decisions(
    caller: Viewer,
    *,
    cluster: UUID | None = None,
    object_: Annotated[UUID | None, Query(alias="object")] = None,
    action: Annotated[str | None, Query(max_length=63, pattern=spellings.ACTION)] = None,
    limit: Limit = 50,
    cursor: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Decisions:
    """What people decided, newest first: all, or about a cluster, an object, or of one kind."""
    with services.database().transaction(caller.owner) as connection:
        rows = decisions.page(
            connection,
            caller.owner,
            cluster_id=cluster,
            asset_id=object_,
            action=action,
            after=cursor,
            limit=limit + 1,
        )
        page = rows[:limit]
        named = clusters.names(
            connection, caller.owner, {each for row in page for each in row.cluster_ids}
        )
        keys = api_keys.names(connection, caller.owner, {row.actor for row in page})
    return Decisions(
        items=[Decision.of(row, named, keys) for row in page],
        next_cursor=str(page[-1].number) if len(rows) > limit else None,
    )


@router.post("/decisions/{decision_id}/undo")
def undo_decision(decision_id: UUID, caller: Admin) -> Made:
    """Take a decision back, unless a later one stands on it."""
    return Made.of(undo(services.database(), by(caller), decision_id))


@router.get("/links")
def list_links(caller: Viewer, limit: Limit = 50, cursor: UUID | None = None) -> Links:
    """The links, newest first."""
    with services.database().transaction(caller.owner) as connection:
        rows = links.page(connection, caller.owner, cursor, limit + 1)
    page = rows[:limit]
    return Links(
        items=[Link.of(row) for row in page],
        next_cursor=str(page[-1].id) if len(rows) > limit else None,
    )


@router.post("/links", status_code=201)
def make_link(link: NewLink, caller: Admin) -> LinkMade:
    """Say that two objects must, or cannot, share a cluster."""
    act = linking.must if link.kind == "must" else linking.cannot
    link_id, decided = act(services.database(), by(caller), *link.system_ids)
    return LinkMade(link_id=link_id, **Made.of(decided).model_dump())


@router.delete("/links/{link_id}")
def remove_link(link_id: UUID, caller: Admin) -> Made:
    """Let machines decide about the two again; nothing moves now."""
    return Made.of(linking.unlink(services.database(), by(caller), link_id))
