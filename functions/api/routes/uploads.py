"""Announcing files, and what multipart uploads need after that."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from mammothbox.messages import Outgoing
from mammothbox.storage.multipart import MAX_OBJECT, MAX_PARTS, Part
from mammothbox.storage.presign import PresignedPart, PresignedPost
from mammothbox.uploads import multipart
from mammothbox.uploads.address import Address, NothingToSend, hand_out
from mammothbox.uploads.request import Announced, Asked, put_on_record
from mammothbox.web import spellings
from mammothbox.web.callers import KeyedRoute, Uploader
from mammothbox.web.fields import (
    Collection,
    Comments,
    ContentType,
    Filename,
    IdempotencyKey,
    Sha256,
)
from pydantic import BaseModel, Field

from functions.api import services

router = APIRouter(prefix="/uploads", tags=["uploads"], route_class=KeyedRoute)

FirstPart = Annotated[int, Query(alias="from", ge=1, le=MAX_PARTS)]


class File(BaseModel, extra="forbid"):
    """A file that is to come."""

    filename: Filename
    content_type: ContentType = "application/octet-stream"
    size_bytes: Annotated[int, Field(strict=True, ge=1, le=MAX_OBJECT)]
    sha256: Sha256 | None = None
    collection: Collection | None = None


class UploadRequest(BaseModel, extra="forbid"):
    """The files of one upload."""

    files: Annotated[list[File], Field(min_length=1, max_length=100)]
    comments: Comments | None = None


class PostUpload(BaseModel):
    """Post a form with these fields and then the file to this address."""

    system_id: UUID
    method: Literal["POST"] = "POST"
    url: str
    fields: dict[str, str]
    expires_at: datetime


class PartAddress(BaseModel):
    """Where to PUT one part."""

    number: int
    url: str


class MultipartUpload(BaseModel):
    """PUT each part, keep the ETags, and complete."""

    system_id: UUID
    method: Literal["MULTIPART"] = "MULTIPART"
    part_size: int
    part_count: int
    parts: list[PartAddress]
    complete_url: str
    expires_at: datetime


class NoUpload(BaseModel):
    """There is nothing to send.

    `already_stored`: the library has these bytes, as `duplicate_of`. `already_received`: they came.
    `upload_over`: the upload was given up or has expired; announce the file anew, under another
    Idempotency-Key. `purged`: the object was erased since; only its place in the request is left.
    """

    system_id: UUID
    method: Literal["NONE"] = "NONE"
    reason: Literal["already_stored", "already_received", "upload_over", "purged"]
    duplicate_of: UUID | None


class Uploads(BaseModel):
    """Where each file goes, in the order of the request, however often it is repeated."""

    job_id: UUID
    uploads: list[PostUpload | MultipartUpload | NoUpload]


class ArrivedPart(BaseModel):
    """A part that S3 has."""

    number: int
    etag: str
    size: int


class Parts(BaseModel):
    """A page of part addresses."""

    part_size: int
    part_count: int
    parts: list[PartAddress]
    arrived: list[ArrivedPart]
    next_from: int | None


class CompletedPart(BaseModel, extra="forbid"):
    """A part that was sent, with the ETag of the answer."""

    number: Annotated[int, Field(strict=True, ge=1, le=MAX_PARTS)]
    etag: Annotated[str, Field(pattern=spellings.ETAG)]


class Completion(BaseModel, extra="forbid"):
    """All parts, in order."""

    parts: Annotated[list[CompletedPart], Field(min_length=1, max_length=MAX_PARTS)]


class Completed(BaseModel):
    """`completing` means that S3 is still at it: ask `status_url`."""

    system_id: UUID
    status: Literal["complete", "completing"]
    status_url: str


@router.post("", status_code=201)
def request_uploads(
    request: UploadRequest, caller: Uploader, idempotency_key: IdempotencyKey = None
) -> Uploads:
    """Announce up to 100 files and learn where to send them."""
    asked = Asked(
        owner=caller.owner,
        actor=caller.actor,
        request_id=caller.request_id,
        source="upload",
        files=[Announced(**file.model_dump()) for file in request.files],
        comments=request.comments,
        idempotency_key=idempotency_key,
    )
    recorded = put_on_record(services.database(), services.store().bucket, asked)
    services.dispatch().send(recorded.outgoing, caller.owner)
    addresses = hand_out(services.desk(), recorded.slots)
    return Uploads(
        job_id=recorded.job_id,
        uploads=[
            _shown(slot.id, address)
            for slot, address in zip(recorded.slots, addresses, strict=True)
        ],
    )


@router.get("/{system_id}/parts")
def list_parts(system_id: UUID, caller: Uploader, first: FirstPart = 1) -> Parts:
    """Addresses of up to 100 parts from number `from` on, and which of them have arrived."""
    page = multipart.parts_page(services.desk(), caller.owner, system_id, first)
    return Parts(
        part_size=page.plan.size,
        part_count=page.plan.count,
        parts=_part_addresses(page.parts),
        arrived=[ArrivedPart(**vars(part)) for part in page.arrived],
        next_from=page.next_from,
    )


@router.post("/{system_id}/complete", status_code=202)
def complete(system_id: UUID, completion: Completion, caller: Uploader) -> Completed:
    """Put the parts together. Repeating it changes nothing."""
    parts = [Part(part.number, part.etag.strip('"')) for part in completion.parts]
    done = multipart.complete(services.desk(), caller.owner, system_id, parts)
    return Completed(
        system_id=system_id,
        status="complete" if done else "completing",
        status_url=f"/api/v1/objects/{system_id}",
    )


@router.delete("/{system_id}", status_code=204)
def abort(system_id: UUID, caller: Uploader) -> None:
    """Give an announced upload up. Repeating it changes nothing."""
    announcements = multipart.abort(
        services.desk(),
        caller.owner,
        system_id,
        actor=caller.actor,
        request_id=caller.request_id,
    )
    services.dispatch().send(Outgoing((), announcements), caller.owner)


def _shown(system_id: UUID, address: Address) -> PostUpload | MultipartUpload | NoUpload:
    if isinstance(address, PresignedPost):
        return PostUpload(system_id=system_id, **vars(address))
    if isinstance(address, NothingToSend):
        return NoUpload.model_validate({"system_id": system_id, **vars(address)})
    return MultipartUpload(
        system_id=system_id,
        part_size=address.plan.size,
        part_count=address.plan.count,
        parts=_part_addresses(address.parts),
        complete_url=f"/api/v1/uploads/{system_id}/complete",
        expires_at=address.expires_at,
    )


def _part_addresses(parts: list[PresignedPart]) -> list[PartAddress]:
    return [PartAddress(number=part.number, url=part.url) for part in parts]
