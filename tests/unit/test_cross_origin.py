"""Pages of other sites ask the API only where a deployment names them."""

from __future__ import annotations

import json

import pytest
from mammothbox.web.application import build
from starlette.testclient import TestClient

CONSOLE = "https://console.example"
ASKING = {"Origin": CONSOLE, "Access-Control-Request-Method": "POST"}
ALLOWED = "access-control-allow-origin"


def test_no_other_site_is_let_in_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CORS_ORIGINS", raising=False)

    answer = TestClient(build()).options("/api/v1/uploads", headers=ASKING)

    assert ALLOWED not in answer.headers


def test_a_site_that_is_named_is_let_in_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", json.dumps([CONSOLE]))
    client = TestClient(build())

    assert client.options("/api/v1/uploads", headers=ASKING).headers[ALLOWED] == CONSOLE
    # Errors too, so that the page can show them.
    assert client.get("/api/v1/nothing", headers=ASKING).headers[ALLOWED] == CONSOLE
    stranger = {**ASKING, "Origin": "https://stranger.example"}
    assert ALLOWED not in client.options("/api/v1/uploads", headers=stranger).headers
