"""Whatever a client sends, the answer is one that says what to do, in one shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mammothbox.catalog.api_keys import ROLES, Role
from mammothbox.searching.query_filters import KEYS
from starlette.testclient import TestClient

from functions.api.app import CONTRACT
from functions.api.app import app as api
from functions.search.app import app as search
from infra import openapi
from tests.house import House, app
from tests.integration.outside import cut_off

BASE = "/api/v1"
LEAST_ROLE: dict[tuple[str, str], Role | None] = {
    ("GET", "/health/live"): None,
    ("GET", "/health/ready"): None,
    ("POST", "/uploads"): "uploader",
    ("GET", "/uploads/{system_id}/parts"): "uploader",
    ("POST", "/uploads/{system_id}/complete"): "uploader",
    ("DELETE", "/uploads/{system_id}"): "uploader",
    ("POST", "/ingest"): "uploader",
    ("GET", "/ingest/{job_id}/status"): "viewer",
    ("GET", "/objects"): "viewer",
    ("GET", "/objects/{system_id}"): "viewer",
    ("PATCH", "/objects/{system_id}"): "uploader",
    ("DELETE", "/objects/{system_id}"): "admin",
    ("GET", "/objects/{system_id}/metadata"): "viewer",
    ("GET", "/objects/{system_id}/thumbnail"): "viewer",
    ("GET", "/objects/{system_id}/content"): "viewer",
    ("GET", "/objects/{system_id}/lineage"): "viewer",
    ("POST", "/objects/{system_id}/restore"): "admin",
    ("POST", "/objects/{system_id}/replay"): "uploader",
    ("GET", "/objects/{system_id}/similar"): "viewer",
    ("POST", "/objects/{system_id}/move"): "uploader",
    ("GET", "/clusters"): "viewer",
    ("GET", "/clusters/suggestions"): "viewer",
    ("GET", "/clusters/{cluster_id}"): "viewer",
    ("GET", "/clusters/{cluster_id}/preview"): "viewer",
    ("PATCH", "/clusters/{cluster_id}"): "admin",
    ("GET", "/decisions"): "viewer",
    ("POST", "/decisions/{decision_id}/undo"): "admin",
    ("GET", "/links"): "viewer",
    ("POST", "/links"): "admin",
    ("DELETE", "/links/{link_id}"): "admin",
    ("GET", "/duplicates"): "viewer",
    ("POST", "/duplicates/{pair_id}"): "admin",
    ("GET", "/collections"): "viewer",
    ("GET", "/collections/{name}"): "viewer",
    ("PATCH", "/collections/{name}"): "admin",
    ("GET", "/collections/{name}/documents"): "viewer",
    ("GET", "/collections/{name}/documents/{document_id}"): "viewer",
    ("GET", "/collections/{name}/drift"): "viewer",
    ("GET", "/collections/{name}/refusals"): "viewer",
    ("GET", "/schemas"): "viewer",
    ("GET", "/schemas/{schema_id}"): "viewer",
    ("PATCH", "/schemas/{schema_id}"): "admin",
    ("POST", "/schemas/{schema_id}/approve"): "admin",
    ("POST", "/schemas/{schema_id}/reject"): "admin",
    ("POST", "/schemas/{schema_id}/rollback"): "admin",
    ("GET", "/search"): "viewer",
    ("POST", "/search/by-image"): "viewer",
    ("GET", "/searches"): "viewer",
    ("POST", "/searches"): "uploader",
    ("GET", "/searches/{search_id}"): "viewer",
    ("DELETE", "/searches/{search_id}"): "uploader",
    ("PATCH", "/searches/{search_id}"): "uploader",
    ("GET", "/tags"): "viewer",
    ("GET", "/timeline"): "viewer",
    ("GET", "/timeline/objects"): "viewer",
    ("GET", "/map"): "viewer",
    ("GET", "/keys"): "admin",
    ("GET", "/keys/current"): "viewer",
    ("POST", "/keys"): "admin",
    ("DELETE", "/keys/{key_id}"): "admin",
    ("GET", "/usage"): "admin",
    ("GET", "/admin/usage"): "operator",
    ("GET", "/admin/throughput"): "admin",
    ("GET", "/admin/failures"): "admin",
    ("GET", "/admin/failures/{stage}/{code}"): "admin",
    ("POST", "/admin/replay"): "admin",
    ("GET", "/admin/stats"): "operator",
    ("GET", "/admin/queues"): "operator",
    ("GET", "/admin/dlq/{queue}"): "operator",
    ("POST", "/admin/dlq/{queue}/redrive"): "operator",
    ("DELETE", "/admin/dlq/{queue}/{message_id}"): "operator",
    ("GET", "/admin/spaces"): "operator",
    ("POST", "/admin/spaces/{name}/fill"): "operator",
    ("DELETE", "/admin/spaces/{name}/fill"): "operator",
    ("POST", "/admin/spaces/{name}/activate"): "operator",
}
PRIVATE = {operation: role for operation, role in LEAST_ROLE.items() if role is not None}
PUBLIC = {
    f"{BASE}/health/live",
    f"{BASE}/health/ready",
    f"{BASE}/openapi.json",
    f"{BASE}/docs",
    "/docs/oauth2-redirect",
}
# Whoever asks, it is about their own key.
OF_THE_KEY = {("GET", "/keys/current")}
BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", "/objects/{system_id}"): {"rating": 3},
    ("POST", "/objects/{system_id}/move"): {"cluster_id": None},
    ("PATCH", "/clusters/{cluster_id}"): {"action": "confirm"},
    ("PATCH", "/collections/{name}"): {"contract": "freeze"},
    ("PATCH", "/schemas/{schema_id}"): {"storage": "jsonb"},
    ("POST", "/search/by-image"): {"system_id": str(uuid4())},
    ("PATCH", "/searches/{search_id}"): {"name": "b"},
    ("POST", "/searches"): {"name": "a", "query": "tag:beach"},
    ("POST", "/admin/replay"): {"code": "nothing"},
    ("POST", "/keys"): {"name": "a", "role": "viewer"},
    ("POST", "/links"): {"kind": "must", "system_ids": [str(uuid4()), str(uuid4())]},
    ("POST", "/duplicates/{pair_id}"): {"verdict": "dismiss"},
    ("POST", "/uploads"): {"files": [{"filename": "a", "size_bytes": 1}]},
    ("POST", "/ingest"): {"a": 1},
    ("POST", "/uploads/{system_id}/complete"): {"parts": [{"number": 1, "etag": "0"}]},
}


_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


def call(client: TestClient, method: str, path: str, identifier: object) -> httpx2.Response:
    """A call with a sound body, and this in the place of every id."""
    body = BODIES.get((method, path.partition("?")[0].removeprefix(BASE)))
    path = _PLACEHOLDER.sub(quote(str(identifier), safe=""), path)
    path = path if path.startswith(BASE) or path in PUBLIC else BASE + path
    answer: httpx2.Response = client.request(method, path, json=body)
    return answer


def assert_problem(answer: httpx2.Response, status: int | None = None) -> dict[str, Any]:
    """The one shape of every error."""
    assert status is None or answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert set(problem) == {
        "type",
        "title",
        "status",
        "detail",
        "code",
        "request_id",
        "errors",
    }
    assert problem["status"] == answer.status_code
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["detail"]
    assert problem["title"]
    assert all(set(error) == {"field", "message"} for error in problem["errors"])
    return problem


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of the contract."""
    for path, methods in openapi.document()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path.removeprefix(BASE), operation


# --- who may do what


def test_this_module_knows_every_operation() -> None:
    assert {(method, path) for method, path, _ in operations()} == set(LEAST_ROLE)


def test_every_route_is_denied_without_a_key(house: House) -> None:
    nobody = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    routes = [
        (method, route.path or "")
        for served in (api, search)
        for route in iter_route_contexts(served.routes)
        for method in route.methods or ()
    ]
    assert len(routes) >= len(LEAST_ROLE)

    for method, path in routes:
        answer = call(nobody, method, path, uuid4())
        if path in PUBLIC:
            assert answer.status_code in (200, 307), path
        else:
            problem = assert_problem(answer, 401)
            assert problem["code"] == "unauthenticated"
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_every_operation_asks_for_its_role(house: House) -> None:
    clients = {role: house.client(role) for role in ROLES}

    for (method, path), least in PRIVATE.items():
        for role in ROLES:
            answer = call(clients[role], method, path, uuid4())
            if ROLES.index(role) < ROLES.index(least):
                assert assert_problem(answer, 403)["code"] == "forbidden", (method, path, role)
            else:
                assert answer.status_code not in (401, 403, 500), (method, path, role)


def test_only_an_operator_acts_for_another_owner(house: House) -> None:
    admin, operator = house.client("admin"), house.client("operator", owner="ops")
    for (method, path), least in PRIVATE.items():
        if least != "operator" and (method, path) not in OF_THE_KEY:
            assert_problem(call(admin, method, f"{path}?owner=bob", uuid4()), 403)
            answer = call(operator, method, f"{path}?owner=B/../", uuid4())
            assert assert_problem(answer, 422)["code"] == "invalid_owner"
    body = {"files": [{"filename": "a", "size_bytes": 1}]}

    answer = operator.post(f"{BASE}/uploads?owner=ada", json=body)

    system_id = answer.json()["uploads"][0]["system_id"]
    assert house.get(admin, UUID(system_id))["owner"] == "ada"


def test_a_key_that_does_not_open_says_why(house: House) -> None:
    client = TestClient(app, raise_server_exceptions=False)
    expired = house.key(until=datetime.now(UTC) - timedelta(seconds=1))
    revoked = house.key()
    house.rows("UPDATE api_key SET revoked_at = now() WHERE expires_at IS NULL")
    sound = house.key(until=datetime.now(UTC) + timedelta(hours=1))

    for header, code in (
        (f"Bearer {expired}", "expired_key"),
        (f"Bearer {revoked}", "invalid_key"),
        ("Bearer mbx_nobody", "invalid_key"),
        (f"Bearer {sound}x", "invalid_key"),
        ("Bearer \xff\xfe", "invalid_key"),
        ("Bearer", "unauthenticated"),
        (f"Basic {sound}", "unauthenticated"),
        (sound, "unauthenticated"),
        ("", "unauthenticated"),
    ):
        answer = client.get(
            f"{BASE}/objects", headers=[(b"Authorization", header.encode("latin-1"))]
        )
        assert assert_problem(answer, 401)["code"] == code, header
    answer = client.get(f"{BASE}/objects", headers={"Authorization": f"Bearer {sound}"})
    assert answer.status_code == 200


def test_a_stranger_does_not_make_us_read_what_they_send(house: House) -> None:
    nobody = TestClient(app, raise_server_exceptions=False)
    for method, path in PRIVATE:
        for content in (b"{", b"\xff", b"[" * 100_000):
            answer = nobody.request(
                method,
                f"{BASE}{path}?nonsense=1",
                content=content,
                headers={"Content-Type": "application/json"},
            )
            assert assert_problem(answer, 401)["code"] == "unauthenticated", (method, path)


# --- heads


def test_a_head_is_a_get_without_the_body(house: House) -> None:
    operator = house.client("operator")
    system_id = house.upload(operator, b"abc", filename="a.txt")
    house.run_queues("intake")
    job_id = house.get(operator, system_id)["job_id"]
    reads = [path for method, path in LEAST_ROLE if method == "GET"]
    for path in (*reads, f"{BASE}/openapi.json", f"{BASE}/docs", "/", "/nothing"):
        identifier = job_id if "{job_id}" in path else system_id
        url = path if path.startswith((BASE, "/nothing")) or path == "/" else BASE + path
        url = url.replace("{system_id}", str(identifier)).replace("{job_id}", str(identifier))
        get = operator.get(url)

        head = operator.head(url)

        assert head.status_code == get.status_code, path
        assert head.content == b"", path
        for name in ("Content-Type", "Cache-Control"):
            assert head.headers.get(name) == get.headers.get(name), path
        assert int(head.headers["Content-Length"]) > 0 or not get.content
        assert head.headers["X-Request-Id"]


def test_a_head_is_denied_like_its_get(house: House) -> None:
    nobody = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    for method, path in PRIVATE:
        if method == "GET":
            head = call(nobody, "HEAD", path, uuid4())
            assert (head.status_code, head.content) == (401, b""), path
    assert nobody.head(f"{BASE}/health/live").status_code == 200
    assert nobody.head(f"{BASE}/uploads").headers["Allow"] == "POST"


# --- what cannot be


def test_a_parameter_that_no_route_knows_is_refused_everywhere(house: House) -> None:
    operator = house.client("operator")
    for method, path in LEAST_ROLE:
        answer = call(operator, method, f"{path}?limitt=5", uuid4())
        problem = assert_problem(answer, 422)
        assert [error["field"] for error in problem["errors"]] == ["query.limitt"], (method, path)
        assert "no such parameter" in problem["detail"]
    listed = operator.get(f"{BASE}/objects?limitt=5").json()["detail"]
    assert listed.startswith("limitt: no such parameter")
    blank = operator.post(f"{BASE}/searches", json={"name": " "})
    assert assert_problem(blank, 422)["detail"] == "body.name: must not be blank"
    assert "known are" in listed
    assert "limit" in listed


def test_every_parameter_of_the_contract_is_known(house: House) -> None:
    operator = house.client("operator")
    for method, path, operation in operations():
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query":
                answer = call(operator, method, f"{path}?{parameter['name']}=x", uuid4())
                assert "no such parameter" not in answer.text, (method, path, parameter)


def test_a_time_is_written_in_rfc_3339_or_refused(house: House) -> None:
    client = house.client()
    for name, value in (
        ("from", "1"),
        ("from", "1767225600"),
        ("to", "1767225600000.5"),
        ("to", "2026-03-01"),
        ("from", "2026-03-01T12:00Z"),
        ("from", "2026-03-01T12:00:00"),
        ("to", "2026-03-01T12:00:00 02:00"),
        ("to", "٢٠٢٦-03-01T12:00:00Z"),
        ("from", "2026-02-30T12:00:00Z"),
        ("from", ""),
        ("taken_from", "1"),
        ("taken_to", "2026-03-01"),
        ("taken_from", "2026-03-01T12:00:00Z"),
        ("taken_to", "2026-03-01T12:00:00+02:00"),
    ):
        problem = assert_problem(client.get(f"{BASE}/objects", params={name: value}), 422)
        assert [error["field"] for error in problem["errors"]] == [f"query.{name}"], (name, value)
    for name, value in (
        ("from", "2026-03-01T12:00:00Z"),
        ("to", "2026-03-01t12:00:00.123456789-03:30"),
        ("taken_from", "2026-03-01T12:00:00"),
        ("taken_to", "2026-03-01 12:00:00.5"),
    ):
        assert client.get(f"{BASE}/objects", params={name: value}).status_code == 200, value


def test_ids_that_are_none_and_ids_of_nothing(house: House) -> None:
    operator = house.client("operator")
    for method, path in PRIVATE:
        if "{queue}" in path or "{name}" in path:
            assert_problem(call(operator, method, path, "nobodys"), 404)
        elif "{code}" in path:
            # Nothing failed for that reason, which is no fault.
            assert call(operator, method, path, "embed").json()["items"] == []
        elif "{" in path:
            problem = assert_problem(call(operator, method, path, "../nonsense"), None)
            assert problem["status"] in (404, 422)
            problem = assert_problem(call(operator, method, path, "nonsense"), 422)
            assert problem["errors"][0]["field"] in {
                f"path.{name.strip('{}')}" for name in _PLACEHOLDER.findall(path)
            }
            nothing = call(operator, method, path, uuid4())
            assert assert_problem(nothing, 404)["code"] == "not_found"


def test_routes_and_methods_that_are_none(house: House) -> None:
    client = house.client()
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("GET", f"{BASE}/nothing", 404),
        ("GET", f"{BASE}/%00%ff", 404),
        ("PUT", f"{BASE}/objects", 405),
        ("PATCH", f"{BASE}/health/live", 405),
        ("TRACE", f"{BASE}/uploads", 405),
    ):
        for host in ("testserver", "[", "a b", "é:x", ""):
            answer = client.request(method, path, headers=[(b"Host", host.encode("latin-1"))])
            assert_problem(answer, status)


def test_what_there_is_instead_is_told(house: House) -> None:
    client = house.client()
    for path in ("/nothing", f"{BASE}/object", f"{BASE}/objects/"):
        problem = assert_problem(client.get(path), 404)
        assert path in problem["detail"]
        assert f"{BASE}/docs" in problem["detail"]
        assert f"{BASE}/openapi.json" in problem["detail"]
    for method, path, allowed in (
        ("PUT", "/objects", "GET, HEAD"),
        ("POST", f"/objects/{uuid4()}", "DELETE, GET, HEAD, PATCH"),
        ("GET", "/ingest", "POST"),
        ("DELETE", "/health/live", "GET, HEAD"),
    ):
        answer = client.request(method, BASE + path)
        assert answer.headers["Allow"] == allowed
        assert f"{path} takes {allowed}" in assert_problem(answer, 405)["detail"]


BAD_FILES: list[tuple[dict[str, Any], str]] = [
    ({"filename": "a\0b"}, "filename"),
    ({"filename": "a\nb"}, "filename"),
    ({"filename": ""}, "filename"),
    ({"filename": "n" * 1025}, "filename"),
    ({"filename": "é" * 513}, "filename"),
    ({"filename": "half \ud800"}, "filename"),
    ({"size_bytes": 0}, "size_bytes"),
    ({"size_bytes": -1}, "size_bytes"),
    ({"size_bytes": 6 * 1000**4}, "size_bytes"),
    ({"size_bytes": 10**30}, "size_bytes"),
    ({"size_bytes": 1.5}, "size_bytes"),
    ({"size_bytes": "12"}, "size_bytes"),
    ({"size_bytes": True}, "size_bytes"),
    ({"size_bytes": None}, "size_bytes"),
    ({"sha256": "A" * 64}, "sha256"),
    ({"sha256": "0" * 63}, "sha256"),
    ({"content_type": "nonsense"}, "content_type"),
    ({"content_type": "text/plain\r\nX-Evil: 1"}, "content_type"),
    ({"content_type": "text/plain; é"}, "content_type"),
    ({"collection": "c" * 129}, "collection"),
    ({"collection": "\0"}, "collection"),
]


def test_a_file_that_cannot_be_is_refused_by_its_field(house: House) -> None:
    client = house.client()
    sound = {"filename": "a.txt", "size_bytes": 3}

    for file, field in BAD_FILES:
        answer = client.post(
            f"{BASE}/uploads",
            # As ASCII, so that half a surrogate pair passes.
            content=json.dumps({"files": [sound, {**sound, **file}]}),
            headers={"Content-Type": "application/json"},
        )
        errors = assert_problem(answer, 422)["errors"]
        assert [error["field"] for error in errors] == [f"body.files.1.{field}"], file

    assert client.get(f"{BASE}/objects").json()["items"] == []


def test_a_name_is_only_a_name(house: House) -> None:
    client = house.client()
    for filename in ("../../etc/passwd", "\u202egpj.exe", "é" * 512, "a/b\\c:*?", " ", "…", "🦣"):
        asset_id = house.upload(client, b"abc", filename=filename)
        assert house.get(client, asset_id)["filename"] == filename


UNREADABLE: list[tuple[bytes, str, str]] = [
    (b"", "invalid_request", "required"),
    (b"{", "invalid_request", "character 1"),
    (b'{"files": ]', "invalid_request", "character 10"),
    (b'{"files": "\xff"}', "invalid_utf8", "byte 11"),
    (b'{"files": ' + b"[" * 100_000, "too_deep", "too deeply"),
    (b'{"files": ' + b"9" * 5000 + b"}", "invalid_json", "digits"),
]


def test_a_body_that_is_not_json_is_refused_saying_what_is_wrong(house: House) -> None:
    client = house.client()
    for content, code, why in UNREADABLE:
        answer = client.post(
            f"{BASE}/uploads", content=content, headers={"Content-Type": "application/json"}
        )
        problem = assert_problem(answer, 422)
        assert problem["code"] == code, content[:20]
        assert why in problem["detail"]
        assert [error["field"] for error in problem["errors"]] == ["body"]


# --- anything at all


@pytest.fixture
def operator(house: House) -> TestClient:
    return house.client("operator")


NASTY = [
    "\0",
    "\ud800",
    "..",
    "../../etc/passwd",
    "\u202egpj.exe",
    "n" * 1025,
    "%00%ff",
    "0",
    "-1",
    "1e400",
    "9" * 400,
    "18446744073709551616",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "NaN",
    "null",
    "true",
    "' OR 1=1 --",
    "AAAA",
    "00000000-0000-0000-0000-000000000000",
]
junk = st.text(max_size=40) | st.sampled_from(NASTY)
junk_value = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | junk
    | st.characters(categories=["Cs"]),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(junk, values, max_size=3),
    max_leaves=8,
)
almost_files = st.fixed_dictionaries(
    {"filename": junk | st.just("a"), "size_bytes": junk_value | st.just(1)},
    optional={name: junk_value for name in ("content_type", "sha256", "collection")},
)
almost_body = (
    st.fixed_dictionaries(
        {"files": st.lists(almost_files, max_size=2)}, optional={"comments": junk_value}
    )
    | st.fixed_dictionaries({"stages": st.lists(junk, max_size=2) | junk_value})
    | st.fixed_dictionaries(
        {"parts": st.lists(st.fixed_dictionaries({"number": junk_value, "etag": junk}), max_size=2)}
    )
    | junk_value
)
content = (
    st.binary(max_size=60)
    | almost_body.map(lambda body: json.dumps(body).encode())
    | almost_body.map(lambda body: json.dumps(body, ensure_ascii=False).encode(errors="replace"))
)
content_type = st.sampled_from(
    [
        "application/json",
        "application/x-ndjson",
        "multipart/form-data; boundary=b",
        "multipart/form-data; boundary=b; charset=nonsense",
        "multipart/form-data",
        "text/plain",
        "",
    ]
)
header = st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1, max_size=30)
OPERATIONS = [*operations()]


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A call of some operation with anything in every place that takes something."""
    method, path, operation = draw(st.sampled_from(OPERATIONS))
    query = {}
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            value = draw(junk | st.uuids().map(str))
            path = path.replace(f"{{{parameter['name']}}}", _quoted(value) or "x")
        elif parameter["in"] == "query" and draw(st.booleans()):
            query[parameter["name"]] = _quoted(draw(junk))
    if draw(st.integers(0, 9)) == 0:
        query[_quoted(draw(junk))] = _quoted(draw(junk))
    url = BASE + path + "?" + "&".join(f"{name}={value}" for name, value in query.items())
    body = draw(content)
    headers = {"Content-Type": draw(content_type).encode()}
    if headers["Content-Type"].startswith(b"multipart") and draw(st.booleans()):
        name = draw(st.sampled_from(["files[]", "payload", "comments", "owner", "x"]))
        body = f'--b\r\nContent-Disposition: form-data; name="{name}"'.encode() + (
            draw(st.sampled_from([b"", b'; filename="a"'])) + b"\r\n\r\n" + body + b"\r\n--b--"
        )
    for name in ("Idempotency-Key", "X-Request-Id"):
        if draw(st.booleans()):
            headers[name] = draw(header).encode("latin-1")
    return {"method": method, "url": url, "content": body, "headers": headers}


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(request=requests())
def test_nothing_a_client_sends_is_our_fault(operator: TestClient, request: dict[str, Any]) -> None:
    answer = operator.request(**request)

    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert_problem(answer)


# --- what does not answer


def test_without_a_database_the_answer_is_to_try_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = {role: house.client(role) for role in ROLES}
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@127.0.0.1:1/nowhere")

    for (method, path), role in PRIVATE.items():
        answer = call(clients[role], method, path, uuid4())
        assert assert_problem(answer, 503)["code"] == "unavailable"
        assert int(answer.headers["Retry-After"]) > 0
        assert "nowhere" not in answer.text
    assert clients["viewer"].get(f"{BASE}/health/live").status_code == 200
    ready = clients["viewer"].get(f"{BASE}/health/ready")
    # The active space stands in the database, so nobody can tell whether there is one.
    errors = assert_problem(ready, 503)["errors"]
    assert [error["field"] for error in errors] == ["database", "active space"]
    assert int(ready.headers["Retry-After"]) > 0


def test_operators_too_are_told_to_try_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    client = house.client("operator")
    monkeypatch.setenv("OPERATOR_DATABASE_URL", "postgresql://operator@127.0.0.1:1/nowhere")

    assert_problem(client.get(f"{BASE}/admin/queues"), 503)


def test_readiness_names_what_does_not_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get(f"{BASE}/health/ready").json() == {"status": "ok"}

    for calls, named in (
        (["HeadBucket"], ["buckets"]),
        (["GetQueueAttributes"], ["queues"]),
        (["HeadBucket", "GetQueueAttributes"], ["buckets", "queues"]),
    ):
        with monkeypatch.context() as outage:
            for name in calls:
                cut_off(outage, name)
            problem = assert_problem(client.get(f"{BASE}/health/ready"), 503)
        assert problem["code"] == "not_ready"
        assert [error["field"] for error in problem["errors"]] == named


def test_without_an_active_space_the_house_is_not_ready(house: House) -> None:
    house.rows("UPDATE embedding_space SET state = 'retired'")

    ready = TestClient(app, raise_server_exceptions=False).get(f"{BASE}/health/ready")

    errors = assert_problem(ready, 503)["errors"]
    assert [error["field"] for error in errors] == ["active space"]
    assert "run the migrations" in errors[0]["message"]


def test_an_accident_is_a_problem_too_and_keeps_its_words(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.client("operator")
    cut_off(monkeypatch, "GetQueueAttributes", ValueError("the password is mammoth"))

    problem = assert_problem(client.get(f"{BASE}/admin/queues"), 500)

    assert problem["code"] == "internal_error"
    assert "mammoth" not in str(problem)


# --- the contract


def test_the_committed_contract_is_the_apps() -> None:
    committed = CONTRACT.read_text("utf-8")
    assert committed == openapi.contract(), "run `make openapi` and commit the file"


def test_the_contract_tells_the_language_of_queries() -> None:
    told = [
        parameter["description"]
        for _, _, operation in operations()
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "query"
    ]
    assert len(told) == 5
    assert all(f"`{key}:` {takes}" in text for text in told for key, takes in KEYS.items())


def test_every_operation_says_what_its_errors_look_like() -> None:
    for method, path, operation in operations():
        problem = operation["responses"]["default"]["content"]["application/problem+json"]
        assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}, (method, path)


def test_how_a_text_is_spelt_is_told_in_words(house: House) -> None:
    client = house.client()
    file = {"filename": "a", "size_bytes": 1}

    for field, bad, word in (
        ("sha256", "ABC", "64 hexadecimal digits"),
        ("content_type", "image", "such as image/jpeg"),
    ):
        told = client.post(f"{BASE}/uploads", json={"files": [{**file, field: bad}]}).json()
        assert told["errors"][0]["field"] == f"body.files.0.{field}"
        assert word in told["detail"] and "pattern" not in told["detail"]
    unkeyed = client.post(
        f"{BASE}/uploads", json={"files": [file]}, headers={"Idempotency-Key": "a b"}
    )
    assert "such as a UUID" in unkeyed.json()["detail"]
