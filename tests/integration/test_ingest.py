"""Small bodies sent through the API itself: JSON, NDJSON and forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import UUID

import httpx2
import pytest
from starlette.testclient import TestClient

from functions.api.routes import ingest
from infra.topology import RAW_BUCKET
from tests.house import House, object_created
from tests.samples import PNG

MEBIBYTE = 1024**2
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client("uploader")


def send(client: TestClient, content: bytes | str, content_type: str = JSON["Content-Type"]) -> Any:
    return client.post("/api/v1/ingest", content=content, headers={"Content-Type": content_type})


def send_form(client: TestClient, **fields: str) -> httpx2.Response:
    """A form without files."""
    answer: httpx2.Response = client.post(
        "/api/v1/ingest", files=[(name, (None, value)) for name, value in fields.items()]
    )
    return answer


def accepted(answer: httpx2.Response) -> list[UUID]:
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "accepted"
    return [UUID(system_id) for system_id in answer.json()["system_ids"]]


def stored(house: House, system_id: UUID, owner: str = "ada") -> bytes:
    answer = house.s3.get_object(Bucket=RAW_BUCKET, Key=f"incoming/{owner}/{system_id}")
    body: bytes = answer["Body"].read()
    return body


def take_in(house: House) -> None:
    """Let S3 tell of everything that lies in the bucket, and intake see to it."""
    for item in house.s3.list_object_versions(Bucket=RAW_BUCKET).get("Versions", []):
        house.tell(object_created(item["Key"], item["VersionId"], item["Size"]))
    house.run_queues()


def assert_nothing_was_kept(house: House, client: TestClient) -> None:
    assert client.get("/api/v1/objects").json()["items"] == []
    assert "Contents" not in house.s3.list_objects_v2(Bucket=RAW_BUCKET)


def test_an_object_becomes_a_ready_document(house: House, client: TestClient) -> None:
    [system_id] = accepted(
        client.post("/api/v1/ingest?collection=animals", json={"name": "mammoth"})
    )

    take_in(house)

    asset = house.get(client, system_id)
    assert (asset["kind"], asset["status"]) == ("json", "ready")
    assert (asset["content_type"], asset["collection"]) == ("application/json", "animals")


VERBATIM = (
    b'{"a": 1.0, "a":1.00,"\\u00e9": "\xc3\xa9"}',
    b'{ "huge" : 1' + b"0" * 400 + b', "tiny": 1e-400 }',
    b'{"name":"a","name":"b",\n  "half": "\\ud800"}',
)


def test_each_element_of_an_array_is_kept_byte_for_byte(house: House, client: TestClient) -> None:
    system_ids = accepted(send(client, b" [" + b" ,\n ".join(VERBATIM) + b"]\n"))

    assert [stored(house, system_id) for system_id in system_ids] == list(VERBATIM)
    take_in(house)
    job = client.get(f"/api/v1/objects/{system_ids[0]}").json()["job_id"]
    status = client.get(f"/api/v1/ingest/{job}/status").json()
    # Two of them cannot be documents, with the key or half the character that they would lose.
    assert status["status"] == "partial"
    assert [UUID(item["system_id"]) for item in status["objects"]] == system_ids
    errors = [item["error"] and item["error"]["code"] for item in status["objects"]]
    assert errors == ["duplicate_key", None, "duplicate_key"]


def test_a_byte_order_mark_is_no_part_of_the_document(house: House, client: TestClient) -> None:
    [system_id] = accepted(send(client, b'\xef\xbb\xbf{"a": 1}'))

    assert stored(house, system_id) == b'{"a": 1}'


def test_ndjson_stays_one_file(house: House, client: TestClient) -> None:
    lines = b'{"a": 1.0}\n{"a": 2}\n'

    [system_id] = accepted(send(client, lines, "application/x-ndjson"))

    assert stored(house, system_id) == lines
    take_in(house)
    assert house.get(client, system_id)["status"] == "ready"
    assert accepted(send(client, lines, "application/jsonl"))


def test_a_form_brings_files_documents_and_comments(house: House, client: TestClient) -> None:
    answer = client.post(
        "/api/v1/ingest",
        files=[
            ("files[]", ("mammoth.png", PNG, "image/png")),
            ("files[]", ("été.txt", b"warm", "text/plain")),
        ],
        data={
            "payload": '[{"n": 1.0}, {"n": 2}]',
            "comments": "from the attic",
            "collection": "attic",
        },
    )

    system_ids = accepted(answer)
    take_in(house)
    found = [house.get(client, system_id) for system_id in system_ids]
    assert [asset["filename"] for asset in found] == ["mammoth.png", "été.txt", None, None]
    assert [asset["kind"] for asset in found] == ["image", "other", "json", "json"]
    assert {asset["status"] for asset in found} == {"ready"}
    assert {asset["collection"] for asset in found} == {"attic"}
    assert {asset["comments"] for asset in found} == {"from the attic"}
    assert stored(house, system_ids[2]) == b'{"n": 1.0}'
    status = client.get(f"/api/v1/ingest/{answer.json()['job_id']}/status").json()
    assert status["comments"] == "from the attic"


def test_the_payload_of_a_form_may_be_a_file(house: House, client: TestClient) -> None:
    payload = {"payload": ("a.json", b'{"n": 1.0}', "application/json")}

    [system_id] = accepted(client.post("/api/v1/ingest", files=payload))

    assert stored(house, system_id) == b'{"n": 1.0}'


def test_an_operator_sends_for_another_owner(house: House) -> None:
    operator = house.client("operator", owner="ops")

    [system_id] = accepted(send_form(operator, payload="{}", owner="ada"))

    assert stored(house, system_id) == b"{}"
    assert house.get(house.client(owner="ada"), system_id)["owner"] == "ada"
    assert operator.get(f"/api/v1/objects/{system_id}").status_code == 404
    assert operator.get(f"/api/v1/objects/{system_id}?owner=ada").status_code == 200


def test_nobody_else_sends_for_another_owner(house: House, client: TestClient) -> None:
    for refused in (
        send_form(house.client("admin"), payload="{}", owner="bob"),
        client.post("/api/v1/ingest?owner=bob", json={}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert_nothing_was_kept(house, client)
    assert send_form(client, payload="{}", owner="ada").status_code == 202


def test_an_owner_that_cannot_be_is_refused(house: House) -> None:
    operator = house.client("operator")

    for owner in ("../bob", "Bob", "", "b" * 64):
        refused = send_form(operator, payload="{}", owner=owner)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_owner"), owner


def test_four_mebibytes_fit_and_not_one_byte_more(house: House, client: TestClient) -> None:
    largest = b'{"a": "' + b"x" * (4 * MEBIBYTE - 9) + b'"}'

    def in_pieces() -> Iterator[bytes]:
        for start in range(0, len(largest), MEBIBYTE):
            yield largest[start : start + MEBIBYTE]
        yield b" "

    for refused in (
        send(client, largest + b" "),
        client.post("/api/v1/ingest", content=in_pieces(), headers=JSON),
    ):
        assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
        assert "POST /api/v1/uploads" in refused.json()["detail"]
    assert_nothing_was_kept(house, client)
    accepted(send(client, largest))


def test_an_endless_announcement_is_refused_like_an_endless_document(client: TestClient) -> None:
    pieces = (b" " * MEBIBYTE for _ in range(5))

    refused = client.post("/api/v1/uploads", content=pieces, headers=JSON)

    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")


BAD_JSON: list[tuple[bytes, str, str]] = [
    (b"", "empty_payload", "send a JSON object"),
    (b"nope", "not_an_object", "character 0"),
    (b"[]", "empty_payload", "at least one JSON object"),
    (b"[1]", "not_an_object", "character 1"),
    (b'[{"a": 1}, null]', "not_an_object", "character 11"),
    # At the comma or at the brace behind it, as this Python's parser sees it.
    (b'{"a":1,}', "invalid_json", "character [67]"),
    (b'[{"a":1} {"b":2}]', "invalid_json", "character 9"),
    (b'[{"a":1}', "invalid_json", "character 8"),
    (b'{"a":1} x', "invalid_json", "character 8"),
    (b'{"a": "\n"}', "invalid_json", "character 7"),
    (b'{"a": NaN}', "invalid_json", "NaN"),
    (b'{"a": [-Infinity]}', "invalid_json", "-Infinity is not a JSON number"),
    (b'{"a":' + b"[" * 100_000, "too_deep", "too deeply"),
    (b'{"a": "\xff"}', "invalid_utf8", "byte 7"),
    (b"[" + b",".join([b"{}"] * 501) + b"]", "too_many_objects", "500"),
]


def test_json_that_cannot_be_kept_is_refused_saying_where(house: House, client: TestClient) -> None:
    for content, code, where in BAD_JSON:
        refused = send(client, content)
        assert (refused.status_code, refused.json()["code"]) == (422, code), content[:40]
        assert re.search(where, refused.json()["detail"]), content[:40]
    assert_nothing_was_kept(house, client)


def test_five_hundred_documents_fit_one_request(client: TestClient) -> None:
    assert len(set(accepted(send(client, b"[" + b",".join([b"{}"] * 500) + b"]")))) == 500


def test_another_type_is_pointed_to_uploads(client: TestClient) -> None:
    for content_type in ("text/plain", "image/png", "application/x-www-form-urlencoded", ""):
        refused = send(client, b"<a/>", content_type)
        assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")
        assert "POST /api/v1/uploads" in refused.json()["detail"]


def test_an_empty_file_refuses_the_whole_form(house: House, client: TestClient) -> None:
    refused = client.post(
        "/api/v1/ingest",
        files=[("files[]", ("full.txt", b"x")), ("files[]", ("empty.txt", b""))],
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "empty_file")
    assert "empty.txt" in refused.json()["detail"]
    assert_nothing_was_kept(house, client)


def test_an_empty_ndjson_file_is_refused(client: TestClient) -> None:
    refused = send(client, b" \n ", "application/x-ndjson")

    assert (refused.status_code, refused.json()["code"]) == (422, "empty_payload")


FORM = "multipart/form-data; boundary=b"


def form(*parts: bytes) -> bytes:
    return b"".join(b"--b\r\nContent-Disposition: form-data; " + part for part in parts) + b"--b--"


BAD_FORMS: list[tuple[list[bytes], str]] = [
    ([], "empty_request"),
    ([b'name="comments"\r\n\r\nhi\r\n'], "empty_request"),
    ([b'name="file"; filename="a"\r\n\r\nhi\r\n'], "unknown_field"),
    ([b'name="files[]"\r\n\r\nhi\r\n'], "not_a_file"),
    ([b'name="payload"\r\n\r\n{"a": }\r\n'], "invalid_json"),
    ([b'name="payload"\r\n\r\n{"a": "\xff"}\r\n'], "invalid_utf8"),
    ([b'name="payload"\r\n\r\n{}\r\n', b'name="comments"\r\n\r\n\x00\r\n'], "invalid_request"),
    ([b'name="files[]"; filename="' + b"n" * 1025 + b'"\r\n\r\nhi\r\n'], "invalid_request"),
    ([b'name="files[]"; filename="caf\xe9.txt"\r\n\r\nhi\r\n'], "invalid_utf8"),
    ([b'name="caf\xe9"\r\n\r\nhi\r\n'], "invalid_utf8"),
    ([b'name="payload"\r\n\r\n{}\r\n', b'name="comments"\r\n\r\n\xe9\r\n'], "invalid_utf8"),
    ([b'name="payload"\r\n\r\n{}\r\n'] * 2, "repeated_field"),
    (
        [b'name="payload"\r\n\r\n{}\r\n', *[b'name="comments"\r\n\r\nhi\r\n'] * 2],
        "repeated_field",
    ),
    (
        [
            b'name="payload"\r\n\r\n{}\r\n',
            b'name="comments"; filename="a"\r\n\r\nhi\r\n',
        ],
        "not_a_text",
    ),
    ([b'name="files[]"; filename="a"\r\n\r\nhi\r\n'] * 501, "too_many_objects"),
    ([b'name="files[]"; filename="a"\r\n\r\nhi\r\n'] * 1001, "too_many_parts"),
    (
        [b'name="files[]"; filename="a"\r\nContent-Transfer-Encoding: rot13\r\n\r\nhi\r\n'],
        "invalid_form",
    ),
    (
        [b'name="files[]"; filename="a"\r\nContent-Type: nonsense\r\n\r\nhi\r\n'],
        "invalid_request",
    ),
]


def test_a_form_that_is_not_right_says_so(house: House, client: TestClient) -> None:
    for parts, code in BAD_FORMS:
        refused = send(client, form(*parts), FORM)
        assert (refused.status_code, refused.json().get("code")) == (422, code), parts
    assert_nothing_was_kept(house, client)


def test_a_form_that_is_none_is_refused(client: TestClient) -> None:
    for content_type in (FORM, "multipart/form-data", "multipart/form-data; boundary="):
        refused = send(client, b"--c\r\nnothing of the kind", content_type)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_form"), content_type


def test_a_form_that_was_cut_off_is_refused_wherever_that_was(
    house: House, client: TestClient
) -> None:
    whole = form(
        b'name="files[]"; filename="a"\r\n\r\none\r\n',
        b'name="files[]"; filename="b"\r\n\r\ntwo\r\n',
    )

    for length in range(0, len(whole) - 1, 7):
        refused = send(client, whole[:length], FORM)
        assert (refused.status_code, refused.json()["code"]) == (422, "incomplete_form"), length
    assert_nothing_was_kept(house, client)
    assert len(accepted(send(client, whole, FORM))) == 2


def test_a_field_that_cannot_be_is_named(client: TestClient) -> None:
    payload = b'name="payload"\r\n\r\n{}\r\n'
    for parts, field in (
        ([payload, b'name="comments"\r\n\r\n\x00\r\n'], "body.comments"),
        ([payload, b'name="collection"\r\n\r\na\tb\r\n'], "body.collection"),
        ([b'name="files[]"; filename=""\r\n\r\nhi\r\n'], "body.files[].0.filename"),
        (
            [
                b'name="files[]"; filename="a"\r\n\r\nhi\r\n',
                b'name="files[]"; filename="b"\r\nContent-Type: nonsense\r\n\r\nhi\r\n',
            ],
            "body.files[].1.content_type",
        ),
    ):
        refused = send(client, form(*parts), FORM)
        assert refused.status_code == 422
        assert [error["field"] for error in refused.json()["errors"]] == [field]
        assert refused.json()["detail"].startswith(f"{field}: ")


def test_a_name_of_a_file_is_the_utf_8_that_was_sent(house: House, client: TestClient) -> None:
    part = 'name="files[]"; filename="ma\u0308mmut 🦣.txt"\r\n\r\nhi\r\n'.encode()

    [system_id] = accepted(send(client, form(part), FORM))

    assert house.get(client, system_id)["filename"] == "ma\u0308mmut 🦣.txt"


@pytest.mark.parametrize(
    ("step", "content", "content_type"),
    [
        ("split_json", b"[{}]", JSON["Content-Type"]),
        ("parts_of", form(b'name="payload"\r\n\r\n{}\r\n'), FORM),
    ],
)
def test_while_a_body_is_taken_apart_others_are_answered(
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    content: bytes,
    content_type: str,
) -> None:
    begun, goes_on = Event(), Event()
    take_apart = getattr(ingest, step)

    def take_its_time(*sent: Any) -> Any:
        begun.set()
        assert goes_on.wait(20), "nobody else was answered meanwhile"
        return take_apart(*sent)

    monkeypatch.setattr(ingest, step, take_its_time)
    # As a context, a client has all its requests served by one event loop.
    with client, ThreadPoolExecutor(1) as pool:
        sent = pool.submit(send, client, content, content_type)
        assert begun.wait(20)
        assert client.get("/api/v1/health/live").status_code == 200
        goes_on.set()
        accepted(sent.result())
