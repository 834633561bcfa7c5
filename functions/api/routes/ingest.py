"""Small bodies through the API itself, and how the job of any request stands."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from mammothbox.catalog import assets, jobs, stages
from mammothbox.errors import NotFound, Refused
from mammothbox.uploads.ingest import MOST_OBJECTS, Body, ingest, split_json
from mammothbox.uploads.request import Asked
from pydantic import BaseModel, TypeAdapter, ValidationError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from functions.api import services
from functions.api.callers import Caller, Uploader, Viewer
from functions.api.envelope import BODY_LIMIT
from functions.api.fields import Collection, Comments, ContentType, Filename, IdempotencyKey
from functions.api.shapes import JobObject, JobStatus, job_status

Valid = TypeVar("Valid")

router = APIRouter(prefix="/ingest", tags=["ingest"])

# A field of a form may be as large as the whole body may.
_MAX_FIELD = BODY_LIMIT
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


class Form(BaseModel):
    """The fields of a form, or of a plain body's address."""

    comments: Comments | None = None
    collection: Collection | None = None
    owner: str | None = None
    payload: str | None = None


class Accepted(BaseModel):
    """What was accepted; `GET /ingest/{job_id}/status` tells the rest."""

    job_id: UUID
    system_ids: list[UUID]
    status: Literal["accepted"] = "accepted"


@router.post("", status_code=202, openapi_extra=_REQUEST)
async def ingest_body(
    request: Request,
    caller: Uploader,
    idempotency_key: IdempotencyKey = None,
    collection: Annotated[Collection | None, Query()] = None,
) -> Accepted:
    """Take a JSON object, an array of up to 500, an NDJSON file, or a form with files."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        content = await request.body()
        async with request.form(max_files=MOST_OBJECTS, max_part_size=_MAX_FIELD) as sent:
            _check_is_whole(request, content)
            _check_is_utf8(sent, content)
            form = _fields(sent)
            form.collection = form.collection or collection
            bodies = await _bodies(sent, form)
    elif content_type in ("application/json", *_NDJSON):
        form = Form(collection=collection)
        bodies = _plain_bodies(await request.body(), content_type, collection)
    else:
        raise Refused(
            415,
            "unsupported_media_type",
            "Send application/json, application/x-ndjson or multipart/form-data; announce any"
            " other file with POST /api/v1/uploads.",
        )
    return await run_in_threadpool(_accept, caller, form, bodies, idempotency_key)


@router.get("/{job_id}/status")
def status(job_id: UUID, caller: Viewer) -> JobStatus:
    """How the job and each of its objects stand."""
    with services.database().transaction(caller.owner) as connection:
        job = jobs.get(connection, caller.owner, job_id)
        if job is None:
            raise NotFound("job", job_id)
        of_job = assets.of_job(connection, caller.owner, job_id)
        rows = stages.of_assets(connection, caller.owner, [asset.id for asset in of_job])
    return job_status(job, [JobObject.of(asset, rows) for asset in of_job])


def _accept(
    caller: Caller, form: Form, bodies: list[Body], idempotency_key: str | None
) -> Accepted:
    asked = Asked(
        owner=caller.acting_for(form.owner),
        actor=caller.actor,
        request_id=caller.request_id,
        source="ingest",
        files=[body.announced() for body in bodies],
        comments=form.comments,
        idempotency_key=idempotency_key,
    )
    store = services.store()
    recorded = ingest(services.database(), store, store.bucket, asked, bodies)
    return Accepted(job_id=recorded.job_id, system_ids=[asset.id for asset in recorded.assets])


def _check_is_whole(request: Request, content: bytes) -> None:
    # Starlette takes what it has of a form that was cut off for all of it.
    _, options = parse_options_header(request.headers["content-type"])
    if b"--" + options.get(b"boundary", b"") + b"--" not in content:
        raise Refused(
            422, "incomplete_form", "The form's closing boundary is missing; send it again."
        )


def _check_is_utf8(sent: FormData, content: bytes) -> None:
    # Starlette reads a field that is not UTF-8 as Latin-1, which would change it unseen.
    for name, value in sent.multi_items():
        if isinstance(value, str) and value.encode("utf-8", "surrogatepass") not in content:
            raise Refused(422, "invalid_utf8", f"The field {name!r} is not UTF-8.")


def _fields(sent: FormData) -> Form:
    known = {"files[]", "files", *Form.model_fields}
    unknown = sorted(set(sent) - known)
    if unknown:
        raise Refused(
            422, "unknown_field", f"There is no field {unknown[0]!r}; send files with 'files[]'."
        )
    for name in Form.model_fields:
        values = sent.getlist(name)
        if len(values) > 1:
            raise Refused(
                422, "repeated_field", f"Send {name!r} once; an array holds many objects."
            )
        if name != "payload" and any(isinstance(value, UploadFile) for value in values):
            raise Refused(
                422, "not_a_text", f"{name!r} is a text field; send it without a file name."
            )
    texts = {name: sent.get(name) for name in Form.model_fields if name in sent}
    return _valid(
        TypeAdapter(Form),
        {name: value for name, value in texts.items() if not isinstance(value, UploadFile)},
    )


async def _bodies(sent: FormData, form: Form) -> list[Body]:
    bodies = []
    for part in (*sent.getlist("files[]"), *sent.getlist("files")):
        if not isinstance(part, UploadFile):
            raise Refused(422, "not_a_file", "A part named 'files[]' needs a file name.")
        bodies.append(_file(await part.read(), part, form.collection))
    payload = sent.get("payload")
    if isinstance(payload, UploadFile):
        bodies += _objects(await payload.read(), form.collection)
    elif payload is not None:
        bodies += _objects(payload.encode("utf-8", "surrogatepass"), form.collection)
    if not bodies:
        raise Refused(422, "empty_request", "Send at least one part 'files[]' or a 'payload'.")
    return bodies


def _file(content: bytes, part: UploadFile, collection: str | None) -> Body:
    filename = _valid(TypeAdapter(Filename), part.filename)
    if not content:
        raise Refused(422, "empty_file", f"{filename!r} has no bytes: there is nothing to keep.")
    content_type = _valid(TypeAdapter(ContentType), part.content_type or "application/octet-stream")
    return Body(content, content_type, filename, collection)


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


def _valid(adapter: TypeAdapter[Valid], value: object) -> Valid:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None
