"""The console as `make up` serves it: its files and no others, and nothing that lets others in."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from functions.api.app import app as api
from infra.console_policy import content_security_policy
from infra.local import console
from infra.local.gateway import by_path
from tests.integration.test_errors import assert_problem

S3 = "http://127.0.0.1:4566"
BEYOND = (
    "/../README.md",
    "/../../pyproject.toml",
    "/%2e%2e/cli/__init__.py",
    "/js/..%2f..%2f..%2fREADME.md",
    "/js/%5c..%5c..%5cREADME.md",
    "//etc/passwd",
    "/%2fetc/passwd",
    "/js/%00",
    "/" + "a" * 5000,
    "/js",
    "/js/",
    "/nothing.js",
    "/apix",
    "/%ff",
)


@pytest.fixture
def client() -> TestClient:
    return TestClient(
        by_path(api, Starlette(), console.files(f"{S3}/raw?x=1")),
        raise_server_exceptions=False,
        follow_redirects=False,
    )


def test_every_file_is_there_and_says_what_may_be_loaded(client: TestClient) -> None:
    files = [path for path in console.FILES.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        answer = client.get(f"/{path.relative_to(console.FILES)}")
        assert (answer.status_code, answer.content) == (200, path.read_bytes()), path
        assert answer.headers["Content-Security-Policy"] == content_security_policy([S3])
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        again = client.get(answer.url, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["Cache-Control"] == "no-cache"
    assert client.get("/js/main.js").headers["Content-Type"].startswith("text/javascript")
    assert client.get("/style/tokens.css").headers["Content-Type"].startswith("text/css")


def test_the_first_page_is_at_the_root(client: TestClient) -> None:
    page, head = client.get("/"), client.head("/")

    assert page.content == (console.FILES / "index.html").read_bytes()
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(page.content))


def test_nothing_else_is_there(client: TestClient) -> None:
    for path in BEYOND:
        answer = client.get(f"http://testserver{path}")
        assert answer.status_code == 404, path
        assert "Content-Security-Policy" in answer.headers
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert client.request(method, "/").status_code == 405


def test_a_link_out_of_the_folder_is_not_followed(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("mammoth")
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "a.js").symlink_to(tmp_path / "secret")
    (tmp_path / "served" / "b.js").write_text("b")
    monkeypatch.setattr(console, "FILES", tmp_path / "served")

    serving = TestClient(console.files(S3))

    assert serving.get("/a.js").status_code == 404
    assert serving.get("/b.js").text == "b"


def test_below_api_the_console_has_no_say(client: TestClient) -> None:
    for path, status in (("/api/v1/nothing", 404), ("/api/", 404), ("/api/v1/objects", 401)):
        answer = client.get(path)
        assert_problem(answer, status)
        assert "Content-Security-Policy" not in answer.headers, path


def test_no_page_may_run_what_is_not_a_file_of_ours() -> None:
    rules = dict(
        rule.split(" ", 1) for rule in content_security_policy(["https://s3.example"]).split("; ")
    )

    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert all("unsafe" not in sources and "*" not in sources for sources in rules.values())
    for directive in ("img-src", "media-src", "connect-src"):
        assert rules[directive].endswith(" https://s3.example")
