"""Small bodies through the API itself, and how the job of any request stands."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from mammothbox.catalog import assets, document_parts, jobs, stages
from mammothbox.errors import NotFound, Refused
from mammothbox.uploads.ingest import MOST_OBJECTS, Body, ingest, split_json
from mammothbox.uploads.request import Asked
from mammothbox.web.callers import Caller, KeyedRoute, Uploader, Viewer
from mammothbox.web.fields import Collection, Comments, ContentType, Filename, IdempotencyKey
from mammothbox.web.forms import Part, parts_of
from pydantic import BaseModel, TypeAdapter, ValidationError

from functions.api import services
from functions.api.shapes import JobObject, JobStatus, job_status

Valid = TypeVar("Valid")

router = APIRouter(prefix="/ingest", tags=["ingest"], route_class=KeyedRoute)

_FILES = ("files[]", "files")
_NDJSON = ("application/x-ndjson", "application/jsonl")
_FORM = {
    "type": "object",
    "properties": {
        "files[]": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "payload": {"type": "string", "description": "A JSON object, or an array of objects."},
        "comments": {"type": "string"},
        "collection": {"type": "string"},
        "owner": {"type": "string", "description": "For operators only."},
    },
}
_REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": ["object", "array"]}},
            "application/x-ndjson": {"schema": {"type": "string"}},
            "multipart/form-data": {"schema": _FORM},
        },
    }
}


class Fields(BaseModel):
    """What comes with the objects: in fields of a form, or in a plain body's address."""

    comments: Comments | None = None
    collection: Collection | None = None
    owner: str | None = None


class Accepted(BaseModel):
    """What was accepted; `GET /ingest/{job_id}/status` tells the rest.

    A repeated request gets the same ids in the same places, those of objects erased since too.
    """

    job_id: UUID
    system_ids: list[UUID]
    status: Literal["accepted"] = "accepted"


async def _read(request: Request) -> bytes:
    return await request.body()


Content = Annotated[bytes, Depends(_read)]


@router.post("", status_code=202, openapi_extra=_REQUEST)
def ingest_body(
    request: Request,
    caller: Uploader,
    content: Content,
    idempotency_key: IdempotencyKey = None,
    collection: Annotated[Collection | None, Query()] = None,
) -> Accepted:
    """Take a JSON object, an array of up to 500, an NDJSON file, or a form with files."""
    header = request.headers.get("content-type", "")
    content_type = header.partition(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        parts = parts_of(header, content)
        fields = _fields(parts)
        fields.collection = fields.collection or collection
        bodies = _bodies(parts, fields.collection)
    elif content_type in ("application/json", *_NDJSON):
        fields = Fields(collection=collection)
        bodies = _plain_bodies(content, content_type, collection)
    else:
        raise Refused(
            415,
            "unsupported_media_type",
            "Send application/json, application/x-ndjson or multipart/form-data; announce any"
            " other file with POST /api/v1/uploads.",
        )
    return _accept(caller, fields, bodies, idempotency_key)


@router.get("/{job_id}/status")
def status(job_id: UUID, caller: Viewer) -> JobStatus:
    """How the job and each of its objects stand."""
    with services.database().transaction(caller.owner) as connection:
        job = jobs.get(connection, caller.owner, job_id)
        if job is None:
            raise NotFound("job", job_id)
        of_job = assets.of_job(connection, caller.owner, job_id)
        rows = stages.of_assets(connection, caller.owner, [asset.id for asset in of_job])
        in_json = [asset.id for asset in of_job if asset.kind == "json"]
        refused = document_parts.refused(connection, caller.owner, in_json) if in_json else {}
    objects = [JobObject.of(asset, rows, refused.get(asset.id, 0)) for asset in of_job]
    return job_status(job, objects)


def _accept(
    caller: Caller, fields: Fields, bodies: list[Body], idempotency_key: str | None
) -> Accepted:
    asked = Asked(
        owner=caller.acting_for(fields.owner),
        actor=caller.actor,
        request_id=caller.request_id,
        source="ingest",
        files=[body.announced() for body in bodies],
        comments=fields.comments,
        idempotency_key=idempotency_key,
    )
    store = services.store()
    recorded = ingest(services.database(), store, store.bucket, asked, bodies)
    return Accepted(job_id=recorded.job_id, system_ids=[slot.id for slot in recorded.slots])


def _fields(parts: list[Part]) -> Fields:
    texts: dict[str, str] = {}
    seen: set[str] = set()
    for part in parts:
        if part.name in _FILES:
            continue
        if part.name not in (*Fields.model_fields, "payload"):
            raise Refused(
                422, "unknown_field", f"There is no field {part.name!r}; send files with 'files[]'."
            )
        if part.name in seen:
            raise Refused(
                422, "repeated_field", f"Send {part.name!r} once; an array holds many objects."
            )
        seen.add(part.name)
        if part.name != "payload":
            if part.filename is not None:
                raise Refused(
                    422,
                    "not_a_text",
                    f"{part.name!r} is a text field; send it without a file name.",
                )
            texts[part.name] = part.text()
    return _valid(TypeAdapter(Fields), texts, "body")


def _bodies(parts: list[Part], collection: str | None) -> list[Body]:
    files = [part for part in parts if part.name in _FILES]
    if len(files) > MOST_OBJECTS:
        raise Refused(422, "too_many_objects", f"At most {MOST_OBJECTS} files fit one request.")
    bodies = [_file(part, position, collection) for position, part in enumerate(files)]
    for part in parts:
        if part.name == "payload":
            bodies += _objects(part.content, collection)
    if not bodies:
        raise Refused(422, "empty_request", "Send at least one part 'files[]' or a 'payload'.")
    return bodies


def _file(part: Part, position: int, collection: str | None) -> Body:
    if part.filename is None:
        raise Refused(422, "not_a_file", "A part named 'files[]' needs a file name.")
    where = ("body", "files[]", position)
    filename = _valid(TypeAdapter(Filename), part.filename, *where, "filename")
    if not part.content:
        raise Refused(422, "empty_file", f"{filename!r} has no bytes: there is nothing to keep.")
    given = part.content_type or "application/octet-stream"
    content_type = _valid(TypeAdapter(ContentType), given, *where, "content_type")
    return Body(part.content, content_type, filename, collection)


def _plain_bodies(content: bytes, content_type: str, collection: str | None) -> list[Body]:
    if content_type not in _NDJSON:
        return _objects(content, collection)
    if not content.strip():
        raise Refused(422, "empty_payload", "The NDJSON file is empty.")
    return [Body(content, "application/x-ndjson", None, collection)]


def _objects(content: bytes, collection: str | None) -> list[Body]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(422, "invalid_utf8", f"JSON is UTF-8: byte {error.start} is not.") from None
    return [
        Body(element.encode(), "application/json", None, collection) for element in split_json(text)
    ]


def _valid(adapter: TypeAdapter[Valid], value: object, *where: str | int) -> Valid:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise RequestValidationError(
            [{**item, "loc": (*where, *item["loc"])} for item in error.errors()]
        ) from None
