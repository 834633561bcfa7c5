"""One address for both functions that answer clients, whichever process they are in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from infra.local.gateway import by_path, client_of, elsewhere
from tests.e2e.stack import wait_for
from tests.integration.test_errors import assert_problem

NASTY = "q=%00&q=é&q=a+b%2B&q=%ff&q=[1]&q=\"'<>&q=a=b"


async def told(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what it was asked."""
    message = await receive()
    body = {
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "method": scope["method"],
        "body": message["body"].decode(),
        "key": dict(scope["headers"]).get(b"authorization", b"").decode(),
    }
    await JSONResponse(body, 201, {"X-Request-Id": "its own"})(scope, receive, send)


async def _the_api(request: Request) -> JSONResponse:
    return JSONResponse("the api")


other = Starlette(routes=[Route("/{path:path}", _the_api)])


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The address at which a server has the app."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    listening = server.config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    wait_for(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@contextmanager
def gateway(url: str) -> Iterator[TestClient]:
    """A gateway with search at that address."""
    speaking = client_of(url)
    with TestClient(by_path(other, elsewhere(speaking), other)) as client:
        yield client
        assert client.portal is not None
        client.portal.call(speaking.aclose)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with served(told) as url, gateway(url) as client:
        yield client


def test_paths_of_search_lead_there_and_all_others_do_not(client: TestClient) -> None:
    for path in ("search", "search/by-image", "searches/1", "timeline", "map", "search/%2e%2e"):
        assert client.get(f"/api/v1/{path}").status_code == 201, path
    for path in ("", "objects", "searching", "maps", "health/live", "objects/search"):
        assert client.get(f"/api/v1/{path}").json() == "the api", path


def test_a_request_arrives_as_it_was_sent(client: TestClient) -> None:
    answer = client.post(
        f"/api/v1/search/by-image?{NASTY}", content=b"x" * 100_000, headers={"Authorization": "me"}
    )

    assert (answer.status_code, answer.headers["X-Request-Id"]) == (201, "its own")
    asked = answer.json()
    assert (asked["path"], asked["method"], asked["key"]) == (
        "/api/v1/search/by-image",
        "POST",
        "me",
    )
    assert asked["query"] == answer.request.url.query.decode()
    assert len(asked["body"]) > 0


def test_what_is_too_large_or_does_not_answer_is_a_problem() -> None:
    with gateway("http://127.0.0.1:1") as client:
        large = client.post("/api/v1/search/by-image", content=bytes(5_000_000))
        lost = client.get("/api/v1/search")

    assert assert_problem(large, 413)["code"] == "body_too_large"
    assert assert_problem(lost, 503)["code"] == "unavailable"
