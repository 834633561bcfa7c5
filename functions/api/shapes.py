"""How jobs, objects and stages look to clients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from mammothbox.catalog.assets import Asset
from mammothbox.catalog.jobs import Job
from mammothbox.catalog.shown import Shown
from mammothbox.catalog.stages import StageRow
from mammothbox.web.media_shapes import Media, MediaDetail
from pydantic import BaseModel, Field

_REFUSED = "How many documents of JSON could not be kept; the others of the file were."

State = Literal["awaiting_upload", "queued", "processing", "ready", "duplicate", "failed"]


class Fault(BaseModel):
    """Why something failed, and whether trying again may help."""

    code: str
    detail: str
    retryable: bool


class Stage(BaseModel):
    """One piece of work on an object."""

    name: str
    space: str
    part: int
    state: Literal["queued", "running", "done", "failed", "dead", "skipped"]
    attempt: int
    ms: int | None
    error: Fault | None

    @classmethod
    def of(cls, row: StageRow) -> Stage:
        return cls(
            name=row.name,
            space=row.space,
            part=row.part,
            state=row.state,
            attempt=row.attempt,
            ms=row.milliseconds,
            error=_fault(row.error_code, row.error_detail, row.retryable),
        )


class JobObject(BaseModel):
    """An object of a job."""

    system_id: UUID
    state: State
    kind: str | None
    documents_refused: int = Field(description=_REFUSED)
    stages: list[Stage]
    error: Fault | None

    @classmethod
    def of(cls, asset: Asset, rows: Sequence[StageRow], refused: int) -> JobObject:
        return cls(
            system_id=asset.id,
            state=asset.status,
            kind=asset.kind,
            documents_refused=refused,
            stages=[Stage.of(row) for row in rows if row.asset_id == asset.id],
            error=_fault(asset.error_code, asset.error_detail, asset.error_retryable),
        )


class Progress(BaseModel):
    """How many objects of a job are where."""

    queued: int
    processing: int
    done: int
    failed: int


class JobStatus(BaseModel):
    """A job. Once finished, `status` and `progress` stay; `objects` show how they are now."""

    job_id: UUID
    status: Literal["queued", "processing", "done", "partial", "failed"]
    progress: Progress
    created_at: datetime
    finished_at: datetime | None
    comments: str | None
    objects: list[JobObject]


class Object(Media):
    """An asset of the library."""

    system_id: UUID
    job_id: UUID
    owner: str
    kind: Literal["image", "video", "audio", "json", "other"] | None
    status: State
    filename: str | None
    content_type: str | None
    size_bytes: int | None
    sha256: str | None
    verified: bool
    duplicate_of: UUID | None
    collection: str | None
    schema_id: UUID | None = Field(
        description="Of JSON: the schema that is in force for its collection."
    )
    documents_refused: int = Field(description=_REFUSED)
    comments: str | None
    rating: int | None
    created_at: datetime
    updated_at: datetime
    trashed_at: datetime | None
    thumbnail: str | None = Field(description="A small picture of it; works for a few minutes.")
    error: Fault | None


class RefusedDocument(BaseModel):
    """A document of an object that could not be kept, and why."""

    position: int = Field(description="Where it begins, in bytes of the unpacked file.")
    code: str
    detail: str


class ObjectDetail(Object, MediaDetail):
    """An asset with its stages, and an address for its bytes that works for a few minutes."""

    refused: list[RefusedDocument] = Field(
        description="The first documents of it that could not be kept."
        " `GET /collections/{name}/refusals` has those of all files."
    )

    uri: str | None
    crc64nvme: str | None
    tags_removed: list[str] = Field(description="Labels that a hand took away for good.")
    stages: list[Stage]


def job_status(job: Job, objects: list[JobObject]) -> JobStatus:
    """The job with its objects."""
    progress = _final_progress(job) if job.finished_at else _progress(objects)
    return JobStatus(
        job_id=job.id,
        status=_status(job, objects),
        progress=progress,
        created_at=job.created_at,
        finished_at=job.finished_at,
        comments=job.comments,
        objects=objects,
    )


def object_fields(asset: Asset, known: Shown) -> dict[str, object]:
    """What a list shows of an asset, beside what is known of media."""
    shown = {name: getattr(asset, name) for name in Object.model_fields if hasattr(asset, name)}
    return {
        **shown,
        "system_id": asset.id,
        "schema_id": known.schema_id,
        "documents_refused": known.documents_refused,
        "error": _fault(asset.error_code, asset.error_detail, asset.error_retryable),
    }


def _fault(code: str | None, detail: str | None, retryable: bool | None) -> Fault | None:
    if code is None:
        return None
    return Fault(code=code, detail=detail or "", retryable=bool(retryable))


def _status(
    job: Job, objects: Sequence[JobObject]
) -> Literal["queued", "processing", "done", "partial", "failed"]:
    if job.finished_at is None:
        waiting = all(item.state in ("awaiting_upload", "queued") for item in objects)
        return "queued" if waiting else "processing"
    if job.failed == 0:
        return "done"
    return "failed" if job.failed == job.objects else "partial"


def _final_progress(job: Job) -> Progress:
    return Progress(queued=0, processing=0, done=job.objects - job.failed, failed=job.failed)


def _progress(objects: Sequence[JobObject]) -> Progress:
    states = [item.state for item in objects]
    return Progress(
        queued=states.count("awaiting_upload") + states.count("queued"),
        processing=states.count("processing"),
        done=states.count("ready") + states.count("duplicate"),
        failed=states.count("failed"),
    )
