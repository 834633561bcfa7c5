"""The library: list, look, download, trash, restore, purge, replay, and the history of each."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse
from mammothbox import by_hand, removal, replays
from mammothbox.catalog import (
    asset_list,
    assets,
    clusters,
    document_parts,
    lineage,
    media,
    shown,
)
from mammothbox.catalog import stages as stage_rows
from mammothbox.catalog.asset_list import AssetFilter, parse_box, parse_cursor
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.shown import Shown
from mammothbox.errors import NotFound, Refused
from mammothbox.removal import Bytes
from mammothbox.route import StageName
from mammothbox.web.callers import Admin, KeyedRoute, Uploader, Viewer, may_know_the_place
from mammothbox.web.fields import (
    ClockTime,
    Collection,
    ContentType,
    Instant,
    Sha256,
    TagLabel,
)
from mammothbox.web.media_shapes import detail_fields, media_fields
from pydantic import BaseModel, Field

from functions.api import services
from functions.api.edit_shapes import Changed, Edit
from functions.api.shapes import Object, ObjectDetail, Stage, State, object_fields

router = APIRouter(prefix="/objects", tags=["objects"], route_class=KeyedRoute)

# Of more, the collection has a list.
_REFUSED_SHOWN = 20

Limit = Annotated[int, Query(ge=1, le=200)]


class Filters(BaseModel):
    """What a list is narrowed to."""

    kind: Literal["image", "video", "audio", "json", "other"] | None = None
    status: State | None = None
    content_type: ContentType | None = None
    collection: Collection | None = None
    sha256: Sha256 | None = None
    job_id: UUID | None = None
    duplicate_of: UUID | None = None
    duplicates: Literal["include", "exclude", "only"] = "include"
    created_from: Instant | None = Field(None, alias="from")
    created_to: Instant | None = Field(None, alias="to")
    trashed: bool = False
    tag: TagLabel | None = None
    taken_from: ClockTime | None = Field(None, description="By the clock where it was taken.")
    taken_to: ClockTime | None = None
    bbox: Annotated[
        str | None, Field(description="west,south,east,north in degrees", max_length=200)
    ] = None
    cluster: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(max_length=200)] | None = None


class Objects(BaseModel):
    """A page of the library, newest first."""

    items: list[Object]
    next_cursor: str | None


class Metadata(BaseModel):
    """What a file carries, by group."""

    metadata: dict[str, Any]


class LineageEntry(BaseModel):
    """One thing that happened to an object."""

    id: int
    at: datetime
    event: str
    actor: str
    request_id: str
    job_id: UUID | None
    raw_id: UUID | None
    stage: str | None
    attempt: int | None
    detail: dict[str, Any]


class Lineage(BaseModel):
    """What happened to an object, oldest first."""

    items: list[LineageEntry]
    next_cursor: str | None


class Replay(BaseModel, extra="forbid"):
    """Which stages to run again; without names the failed ones, or all if none failed."""

    stages: Annotated[list[StageName], Field(min_length=1, max_length=50)] | None = None


class ReplayedStage(BaseModel):
    """A stage that was queued anew."""

    name: str
    space: str
    part: int


class Replayed(BaseModel):
    """What was queued; the object's stages show how it goes on."""

    system_id: UUID
    replayed: list[ReplayedStage]


@router.get("")
def list_objects(filters: Annotated[Filters, Query()], caller: Viewer) -> Objects:
    """The library, newest first; each filter narrows it further."""
    narrowed = filters.model_dump(exclude={"limit", "cursor", "bbox", "cluster"})
    if filters.bbox and not may_know_the_place(caller):
        raise Refused(403, "place_withheld", "Only its owner may look for objects by their place.")
    narrowed["box"] = parse_box(filters.bbox) if filters.bbox else None
    after = parse_cursor(filters.cursor) if filters.cursor else None
    with services.database().transaction(caller.owner) as connection:
        if filters.cluster is not None:
            narrowed["clusters"] = clusters.merged_with(connection, caller.owner, filters.cluster)
        page, following = asset_list.page(
            connection, caller.owner, AssetFilter(**narrowed), after, filters.limit
        )
        known = shown.of_assets(connection, caller.owner, [asset.id for asset in page])
    return Objects(
        items=[
            Object.model_validate(
                object_fields(asset, known[asset.id])
                | media_fields(known[asset.id], with_place=may_know_the_place(caller))
                | {"thumbnail": _thumbnail(known[asset.id])}
            )
            for asset in page
        ],
        next_cursor=following.cursor() if following else None,
    )


@router.get("/{system_id}")
def get_object(system_id: UUID, caller: Viewer) -> ObjectDetail:
    """Everything known of one object."""
    with services.database().transaction(caller.owner) as connection:
        asset = _get(connection, caller.owner, system_id)
        rows = stage_rows.of_assets(connection, caller.owner, [system_id])
        known = shown.of_assets(connection, caller.owner, [system_id])[system_id]
        refused = (
            document_parts.first_refused(connection, caller.owner, system_id, _REFUSED_SHOWN)
            if known.documents_refused
            else []
        )
    return ObjectDetail.model_validate(
        {
            **object_fields(asset, known),
            **detail_fields(known, with_place=may_know_the_place(caller)),
            **media_fields(known, with_place=may_know_the_place(caller)),
            "derivatives": [
                {**made, "url": services.derivative_address(system_id, made["name"])}
                for made in known.derivatives
            ],
            "thumbnail": _thumbnail(known),
            "uri": services.download_address(asset),
            "crc64nvme": asset.crc64nvme,
            "tags_removed": known.tags_removed,
            "refused": [vars(each) for each in refused],
            "stages": [Stage.of(row) for row in rows],
        }
    )


@router.patch("/{system_id}")
def change_object(system_id: UUID, edit: Edit, caller: Uploader) -> Changed:
    """Change tags, comments or rating; what is left out stays, and null empties."""
    back = by_hand.change(
        services.database(),
        caller.owner,
        system_id,
        by_hand.Change(
            add=edit.tags.add,
            remove=edit.tags.remove,
            forget=edit.tags.forget,
            describe=edit.model_dump(include={"comments", "rating"}, exclude_unset=True),
            before={"comments": edit.comments_before}
            if "comments_before" in edit.model_fields_set
            else {},
        ),
        actor=caller.actor,
        request_id=caller.request_id,
    )
    now = get_object(system_id, caller)
    return Changed.model_validate({**dict(now), "undo": vars(back)})


@router.get("/{system_id}/content", status_code=302, response_class=RedirectResponse)
def content(system_id: UUID, caller: Viewer) -> RedirectResponse:
    """To the bytes as they came, whatever became of them."""
    with services.database().transaction(caller.owner) as connection:
        asset = _get(connection, caller.owner, system_id)
    address = services.download_address(asset)
    if address is None:
        raise Refused(409, "not_received", "The bytes of this object have not been seen yet.")
    return RedirectResponse(address, status_code=302, headers={"Cache-Control": "no-store"})


@router.get("/{system_id}/metadata")
def metadata(system_id: UUID, caller: Viewer) -> Metadata:
    """Everything the file itself carries, its whole EXIF among it."""
    if not may_know_the_place(caller):
        raise Refused(403, "place_withheld", "A file's metadata may tell places: ask its owner.")
    with services.database().transaction(caller.owner) as connection:
        _get(connection, caller.owner, system_id)
        return Metadata(metadata=media.everything(connection, caller.owner, system_id))


@router.get("/{system_id}/lineage")
def get_lineage(
    system_id: UUID,
    caller: Viewer,
    limit: Limit = 100,
    cursor: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> Lineage:
    """What happened to the object, and on whose behalf."""
    with services.database().transaction(caller.owner) as connection:
        entries = lineage.of_asset(connection, caller.owner, system_id, cursor, limit + 1)
        if not entries and not lineage.of_asset(connection, caller.owner, system_id, 0, 1):
            raise NotFound("object", system_id)
    shown = entries[:limit]
    return Lineage(
        items=[LineageEntry(**vars(entry)) for entry in shown],
        next_cursor=str(shown[-1].id) if len(entries) > limit else None,
    )


@router.delete("/{system_id}", status_code=204)
def delete_object(system_id: UUID, caller: Admin, purge: bool = False) -> None:
    """Into the trash; with `purge=true` erased everywhere, for good."""
    database = services.database()
    who = {"actor": caller.actor, "request_id": caller.request_id}
    if not purge:
        outgoing = removal.trash(database, caller.owner, system_id, **who)
        services.dispatch().send(outgoing, caller.owner)
        return
    asset, outgoing = removal.begin_purge(database, caller.owner, system_id, **who)
    services.dispatch().send(outgoing, caller.owner)
    stored = Bytes(services.store(), services.desk().multipart, services.library())
    removal.finish_purge(database, stored, asset)


@router.post("/{system_id}/restore")
def restore_object(system_id: UUID, caller: Admin) -> ObjectDetail:
    """Back out of the trash."""
    outgoing = removal.restore(
        services.database(),
        caller.owner,
        system_id,
        actor=caller.actor,
        request_id=caller.request_id,
    )
    services.dispatch().send(outgoing, caller.owner)
    return get_object(system_id, caller)


@router.post("/{system_id}/replay", status_code=202)
def replay_object(system_id: UUID, caller: Uploader, replay: Replay | None = None) -> Replayed:
    """Run stages again. What is ready stays ready meanwhile."""
    with services.database().transaction(caller.owner) as connection:
        outgoing = replays.replay(
            connection,
            _get(connection, caller.owner, system_id),
            services.caption_orders(),
            names=replay.stages if replay else None,
            actor=caller.actor,
            request_id=caller.request_id,
        )
    services.dispatch().send(outgoing, caller.owner)
    return Replayed(
        system_id=system_id,
        replayed=[
            ReplayedStage(name=wake_up.stage, space=wake_up.space, part=wake_up.part)
            for wake_up in outgoing.wake_ups
        ],
    )


def _get(connection: Connection, owner: str, asset_id: UUID) -> Asset:
    asset = assets.get(connection, owner, asset_id)
    if asset is None:
        raise NotFound("object", asset_id)
    return asset


def _thumbnail(known: Shown) -> str | None:
    made = known.thumbnail
    return services.derivative_address(made.asset_id, made.name) if made and made.name else None
