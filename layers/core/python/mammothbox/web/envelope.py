"""What surrounds every request: its id, its log context, a limit on its body, a last net.

A HEAD is answered as the GET it stands for, without the body.
"""

from __future__ import annotations

import re
import time
from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mammothbox.observability import count, logger, record_milliseconds
from mammothbox.settings import MEBIBYTE
from mammothbox.web.problems import problem

# API Gateway and Lambda let through 6 MB of base64: about this much.
BODY_LIMIT = 4 * MEBIBYTE
_MOST_DIGITS = 12
_INGEST = ("/api/v1/uploads", "/api/v1/ingest")
_BY_IMAGE = "/api/v1/search/by-image"
_CLIENTS_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class _BodyTooLarge(Exception):
    """More bytes came than fit."""


class Envelope:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        body = _LimitedBody(receive)
        is_head = scope["method"] == "HEAD"
        answering = _Answering(_without_bodies(send) if is_head else send, request_id, body)
        began = time.perf_counter()
        with logger.append_context_keys(request_id=request_id):
            try:
                _check_declared_length(scope)
                asked = {**scope, "method": "GET"} if is_head else scope
                await self._app(asked, body.receive, answering.send)
            except _BodyTooLarge:
                await too_large(request_id, scope["path"])(scope, receive, answering.send_anyway)
            except Exception:
                logger.exception("unforeseen")
                if answering.began:
                    raise
                await _internal_error(request_id)(scope, receive, answering.send)
            _log(scope, answering.status, (time.perf_counter() - began) * 1000)


class _LimitedBody:
    """What the client sends, up to the limit."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._seen = 0

    @property
    def is_too_large(self) -> bool:
        return self._seen > BODY_LIMIT

    async def receive(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self.is_too_large:
            raise _BodyTooLarge
        return message


class _Answering:
    """Passes the answer on, with the headers every answer has."""

    def __init__(self, send: Send, request_id: str, body: _LimitedBody) -> None:
        self._send = send
        self._request_id = request_id
        self._body = body
        self.status = 500
        self.began = False

    async def send(self, message: Message) -> None:
        if self._body.is_too_large:
            # FastAPI takes whatever reading a body raises for a fault in that body.
            raise _BodyTooLarge
        await self.send_anyway(message)

    async def send_anyway(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.began = True
            self.status = message["status"]
            message["headers"] = [
                *message.get("headers", []),
                (b"x-request-id", self._request_id.encode("ascii")),
                (b"x-content-type-options", b"nosniff"),
                (b"referrer-policy", b"no-referrer"),
            ]
        await self._send(message)


def _without_bodies(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head


def _request_id(scope: Scope) -> str:
    """API Gateway's id, or the client's if it is a sane one, or a new one."""
    event: MutableMapping[str, Any] = scope.get("aws.event", {})
    given = event.get("requestContext", {}).get("requestId")
    if not given:
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if _CLIENTS_ID.fullmatch(given) else str(uuid4())


def _check_declared_length(scope: Scope) -> None:
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if declared.isdigit() and (len(declared) > _MOST_DIGITS or int(declared) > BODY_LIMIT):
        raise _BodyTooLarge


def too_large(request_id: str, path: str) -> JSONResponse:
    """The answer to a body that has more than `BODY_LIMIT`, sent to that path."""
    instead = (
        "make the picture smaller: a model sees a few hundred pixels of it."
        if path == _BY_IMAGE
        else "announce larger files with POST /api/v1/uploads."
    )
    return problem(
        request_id,
        413,
        "body_too_large",
        f"At most 4 MiB fit one request; {instead}",
        headers={"Connection": "close"},
    )


def _internal_error(request_id: str) -> ASGIApp:
    return problem(
        request_id,
        500,
        "internal_error",
        "This is our fault. Tell us the request_id; trying again may help.",
    )


def _log(scope: Scope, status: int, milliseconds: float) -> None:
    path, method = scope["path"], scope["method"]
    logger.info(
        "request",
        extra={
            "method": method,
            "path": path,
            "status": status,
            "milliseconds": round(milliseconds, 1),
        },
    )
    if method == "POST" and path in _INGEST:
        count("ingest.requests", status=str(status))
        record_milliseconds("ingest.latency", milliseconds)
