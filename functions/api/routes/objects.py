"""The library: list, look, download, trash, restore, purge, replay, and the history of each."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse
from mammothbox import removal, stages
from mammothbox.catalog import asset_list, assets, lineage
from mammothbox.catalog import stages as stage_rows
from mammothbox.catalog.asset_list import AssetFilter, parse_cursor
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection
from mammothbox.errors import NotFound, Refused
from mammothbox.storage.client import s3
from mammothbox.storage.presign import presign_download
from pydantic import AwareDatetime, BaseModel, Field

from functions.api import services
from functions.api.callers import Admin, Uploader, Viewer
from functions.api.fields import Collection, ContentType, Sha256
from functions.api.shapes import Object, ObjectDetail, Stage, State, object_fields

router = APIRouter(prefix="/objects", tags=["objects"])

StageName = Annotated[str, Field(max_length=63, pattern=r"^[a-z][a-z_]*$")]
Limit = Annotated[int, Query(ge=1, le=200)]


class Filters(BaseModel, extra="forbid"):
    """What a list is narrowed to."""

    kind: Literal["image", "video", "audio", "json", "other"] | None = None
    status: State | None = None
    content_type: ContentType | None = None
    collection: Collection | None = None
    sha256: Sha256 | None = None
    job_id: UUID | None = None
    duplicate_of: UUID | None = None
    duplicates: Literal["include", "exclude", "only"] = "include"
    created_from: AwareDatetime | None = Field(None, alias="from")
    created_to: AwareDatetime | None = Field(None, alias="to")
    trashed: bool = False
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(max_length=200)] | None = None
    owner: str | None = Field(None, description="For operators: the owner to act for.")


class Objects(BaseModel):
    """A page of the library, newest first."""

    items: list[Object]
    next_cursor: str | None


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
    narrowed = filters.model_dump(exclude={"limit", "cursor", "owner"})
    after = parse_cursor(filters.cursor) if filters.cursor else None
    with services.database().transaction(caller.owner) as connection:
        page, following = asset_list.page(
            connection, caller.owner, AssetFilter(**narrowed), after, filters.limit
        )
    return Objects(
        items=[Object.model_validate(object_fields(asset)) for asset in page],
        next_cursor=following.cursor() if following else None,
    )


@router.get("/{system_id}")
def get_object(system_id: UUID, caller: Viewer) -> ObjectDetail:
    """Everything known of one object."""
    with services.database().transaction(caller.owner) as connection:
        asset = _get(connection, caller.owner, system_id)
        rows = stage_rows.of_assets(connection, caller.owner, [system_id])
    return ObjectDetail.model_validate(
        {
            **object_fields(asset),
            "uri": _download_address(asset),
            "crc64nvme": asset.crc64nvme,
            "stages": [Stage.of(row) for row in rows],
        }
    )


@router.get("/{system_id}/content", status_code=302, response_class=RedirectResponse)
def content(system_id: UUID, caller: Viewer) -> RedirectResponse:
    """To the bytes as they came, whatever became of them."""
    with services.database().transaction(caller.owner) as connection:
        asset = _get(connection, caller.owner, system_id)
    address = _download_address(asset)
    if address is None:
        raise Refused(409, "not_received", "The bytes of this object have not been seen yet.")
    return RedirectResponse(address, status_code=302, headers={"Cache-Control": "no-store"})


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
    if not entries and cursor == 0:
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
    removal.finish_purge(database, services.store(), services.desk().multipart, asset)


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
        outgoing = stages.replay(
            connection,
            _get(connection, caller.owner, system_id),
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


def _download_address(asset: Asset) -> str | None:
    if asset.version_id is None:
        return None
    return presign_download(
        s3(),
        bucket=asset.bucket,
        key=asset.key,
        version_id=asset.version_id,
        filename=asset.filename or str(asset.id),
        content_type=asset.content_type or "application/octet-stream",
        expires_s=services.storage_settings().download_expires_s,
    )
