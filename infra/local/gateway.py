"""API Gateway's part on one machine: one address, and behind it each function for its paths.

The API answers in this process. Search has a process of its own, so that this one loads no model.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from urllib.parse import quote
from uuid import uuid4

import httpx2
from mammothbox.web.envelope import BODY_LIMIT, too_large
from mammothbox.web.problems import problem
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.api.app import app as api
from infra.local import console
from infra.topology import SEARCH

_API = "/api/"
# A little longer than the function itself may take.
_PATIENCE_S = SEARCH.timeout_s + 1
# What is written in a query as it is; all else may have been sent without being quoted.
_IN_QUERIES = "%/?:@!$&'()*+,;=[]"
# What concerns one connection and not what is behind it.
_OF_ONE_CONNECTION = {b"connection", b"keep-alive", b"transfer-encoding", b"te", b"upgrade"}
_OF_THE_REQUEST = {*_OF_ONE_CONNECTION, b"content-length"}
_OF_THE_SERVER = {*_OF_THE_REQUEST, b"date", b"server", b"content-encoding"}


def by_path(api: ASGIApp, search: ASGIApp, console: ASGIApp) -> ASGIApp:
    """An app that hands each request to the function whose path it is, or to the console."""

    def behind(scope: Scope) -> ASGIApp:
        if scope["type"] != "http":
            return api
        if SEARCH.answers(scope["path"]):
            return search
        return api if scope["path"].startswith(_API) else console

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        await behind(scope)(scope, receive, send)

    return choose


def client_of(url: str) -> httpx2.AsyncClient:
    """Who speaks to the app at that address."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=20)
    return httpx2.AsyncClient(base_url=url, timeout=_PATIENCE_S, limits=limits, trust_env=False)


def elsewhere(client: httpx2.AsyncClient) -> ASGIApp:
    """An app that is the one which the client speaks to; without an answer, all is unavailable."""

    async def pass_on(scope: Scope, receive: Receive, send: Send) -> None:
        content = await _body(receive)
        if content is None:
            await _said(lambda request_id: too_large(request_id, scope["path"]))(
                scope, receive, send
            )
            return
        request = client.build_request(
            scope["method"],
            f"{quote(scope['path'])}?{quote(scope['query_string'], safe=_IN_QUERIES)}",
            headers=[pair for pair in scope["headers"] if pair[0] not in _OF_THE_REQUEST],
            content=content,
        )
        try:
            answer = await client.send(request)
        except httpx2.TransportError:
            await _said(_unavailable)(scope, receive, send)
            return
        headers = [(name.lower(), value) for name, value in answer.headers.raw]
        kept = [pair for pair in headers if pair[0] not in _OF_THE_SERVER]
        length = answer.headers.get("Content-Length", str(len(answer.content)))
        await send(
            {
                "type": "http.response.start",
                "status": answer.status_code,
                "headers": [*kept, (b"content-length", length.encode())],
            }
        )
        await send({"type": "http.response.body", "body": answer.content})

    return pass_on


async def _body(receive: Receive) -> bytes | None:
    """The whole body; `None` when it is more than the function would take."""
    content, more = b"", True
    while more:
        message: Message = await receive()
        content += bytes(message.get("body", b""))
        more = message.get("more_body", False)
        if len(content) > BODY_LIMIT:
            return None
    return content


def _said(what: Callable[[str], JSONResponse]) -> JSONResponse:
    """What the gateway itself has to say, with an id as every answer has one."""
    request_id = str(uuid4())
    answer = what(request_id)
    answer.headers["X-Request-Id"] = request_id
    return answer


def _unavailable(request_id: str) -> JSONResponse:
    return problem(
        request_id,
        503,
        "unavailable",
        "Search does not answer right now; try again in a moment.",
        headers={"Retry-After": "2"},
    )


app = by_path(
    api,
    elsewhere(client_of(os.environ.get("SEARCH_URL", "http://127.0.0.1:1"))),
    console.files(os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:1")),
)
