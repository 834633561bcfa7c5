"""The one shape of every error: RFC 9457 problem details. The only map of exceptions to HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from mammothbox.errors import Refused, Retryable, Unavailable
from mammothbox.observability import logger
from mammothbox.web.addresses import DOCS, OPENAPI
from mammothbox.web.spellings import IN_WORDS

MEDIA_TYPE = "application/problem+json"
_LONGEST_PATH = 200


class FieldError(BaseModel):
    """What is wrong with one field of a request."""

    field: str
    message: str


class Problem(BaseModel):
    """Why a request was not served, and what to do about it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldError] = []


def problem(
    request_id: str,
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[FieldError] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """An answer in the one shape."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        request_id=request_id,
        errors=errors or [],
    )
    return JSONResponse(body.model_dump(), status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Let every exception that a route may raise end in the one shape."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(Retryable, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _id(request: Request) -> str:
    return str(request.state.request_id)


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)  # noqa: S101 - registered for this class
    headers = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else None
    return problem(_id(request), error.status, error.code, error.detail, headers=headers)


def _unavailable(request: Request, error: Exception) -> JSONResponse:
    logger.warning("unavailable", extra={"error": str(error)})
    return problem(
        _id(request),
        503,
        "unavailable",
        "Something this needs does not answer right now; try again in a moment.",
        headers={"Retry-After": "2"},
    )


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    if not _is_json(request) and any(item["loc"] == ("body",) for item in error.errors()):
        return problem(
            _id(request),
            415,
            "unsupported_media_type",
            "Send JSON, with the header 'Content-Type: application/json'.",
        )
    errors = [_field_error(item) for item in error.errors()]
    return problem(_id(request), 422, "invalid_request", _said(errors), errors=errors)


def _said(errors: list[FieldError]) -> str:
    """The first of them. Parameters are called what the client calls them."""
    if not errors:
        return "The request is not valid."
    return f"{errors[0].field.removeprefix('query.')}: {errors[0].message}"


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().endswith("json")


def _field_error(item: dict[str, Any]) -> FieldError:
    # The input itself is left out: it may be long, and it may be a secret.
    if item["type"] == "json_invalid":
        where, why = item["loc"][-1], item["ctx"]["error"]
        # Pydantic, which reads some bodies by itself, tells the place in its own words.
        at = f" at character {where}" if isinstance(where, int) else ""
        return FieldError(field="body", message=f"Invalid JSON{at}: {why}.")
    field = ".".join(str(part) for part in item["loc"])
    if item["type"] == "string_pattern_mismatch":
        words = IN_WORDS.get(item["ctx"]["pattern"], item["msg"])
        return FieldError(field=field, message=words)
    return FieldError(field=field, message=item["msg"].removeprefix("Value error, "))


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    path = request.scope["path"][:_LONGEST_PATH]
    if error.status_code == HTTPStatus.NOT_FOUND:
        where = f"{DOCS} and {OPENAPI} list every route"
        return problem(_id(request), 404, "not_found", f"There is no route {path}: {where}.")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(_methods(request))
        return problem(
            _id(request),
            405,
            "method_not_allowed",
            f"{path} takes {allowed}, not {request.method}.",
            headers={"Allow": allowed},
        )
    # FastAPI says only that it could not parse a body, and keeps why as the cause.
    if error.__cause__ is not None:
        code, detail = _unreadable(error.__cause__)
        errors = [FieldError(field="body", message=detail)]
        return problem(_id(request), 422, code, detail, errors=errors)
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    return problem(_id(request), error.status_code, code, error.detail)


def _methods(request: Request) -> list[str]:
    """What the path can be asked for, by any route."""
    methods = {
        method
        for route in iter_route_contexts(request.app.routes)
        if route.path_regex.match(request.scope["path"])
        for method in route.methods or ()
    }
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def _unreadable(cause: BaseException) -> tuple[str, str]:
    if isinstance(cause, UnicodeDecodeError):
        return "invalid_utf8", f"JSON is UTF-8: byte {cause.start} of the body is not. Save it so."
    if isinstance(cause, RecursionError):
        return "too_deep", "The JSON text is nested too deeply; this route takes a few levels."
    if isinstance(cause, ValueError):
        return "invalid_json", "The JSON text has a number of too many digits; send fewer of them."
    return "unreadable_body", "The body cannot be read; send it again, as JSON."
