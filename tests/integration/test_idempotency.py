"""Asking twice for the same thing, one after the other or at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from starlette.testclient import TestClient

from infra.topology import RAW_BUCKET
from tests.house import House
from tests.integration.outside import cut_off

FILE = {"filename": "a.txt", "content_type": "text/plain", "size_bytes": 3}
FILES = {"files": [FILE, {**FILE, "filename": "b.txt"}]}
DOCUMENTS = [{"name": "mammoth"}, {"name": "elephant"}]
AT_ONCE = 4


def post(client: TestClient, path: str, body: Any, key: str = "k-1") -> httpx2.Response:
    answer: httpx2.Response = client.post(
        f"/api/v1/{path}", json=body, headers={"Idempotency-Key": key}
    )
    return answer


def ids(answer: httpx2.Response) -> list[str]:
    told = answer.json()
    uploads = [upload["system_id"] for upload in told.get("uploads", [])]
    return [told["job_id"], *uploads, *told.get("system_ids", [])]


def jobs(house: House) -> int:
    count: int = house.rows("SELECT count(*) AS jobs FROM job")[0]["jobs"]
    return count


def stored(house: House) -> set[str]:
    listed = house.s3.list_objects_v2(Bucket=RAW_BUCKET).get("Contents", [])
    return {item["Key"] for item in listed}


@pytest.mark.parametrize(("path", "body"), [("uploads", FILES), ("ingest", DOCUMENTS)])
def test_the_same_request_gets_the_same_ids(house: House, path: str, body: Any) -> None:
    client = house.client()
    first = post(client, path, body)

    again = post(client, path, body)

    assert again.status_code == first.status_code
    assert ids(again) == ids(first)
    assert len(ids(first)) == 3
    assert jobs(house) == 1


def test_addresses_are_signed_anew_until_the_bytes_are_here(house: House) -> None:
    client = house.client()
    upload = post(client, "uploads", FILES).json()["uploads"][0]
    again = post(client, "uploads", FILES).json()["uploads"][0]
    assert again["fields"]["key"] == upload["fields"]["key"]

    house.put(upload["fields"]["key"], b"abc")
    house.run_queues()

    late = post(client, "uploads", FILES).json()["uploads"]
    assert late[0] == {
        "system_id": upload["system_id"],
        "method": "NONE",
        "reason": "already_received",
        "duplicate_of": None,
    }
    assert late[1]["method"] == "POST"


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        ("uploads", FILES, {"files": [FILE]}),
        ("uploads", FILES, {**FILES, "comments": "once more"}),
        ("ingest", DOCUMENTS, DOCUMENTS[:1]),
    ],
)
def test_another_request_under_the_same_key_is_refused(
    house: House, path: str, body: Any, other: Any
) -> None:
    client = house.client()
    post(client, path, body)

    refused = post(client, path, other)

    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_reused")
    assert jobs(house) == 1
    assert post(client, path, other, key="k-2").status_code in (201, 202)


def test_a_key_used_for_uploads_is_not_free_for_ingest(house: House) -> None:
    client = house.client()
    post(client, "uploads", FILES)

    assert post(client, "ingest", DOCUMENTS).status_code == 409


@pytest.mark.parametrize(("path", "body"), [("uploads", FILES), ("ingest", DOCUMENTS)])
def test_each_owner_has_keys_of_their_own(house: House, path: str, body: Any) -> None:
    ada, bob = house.client(owner="ada"), house.client(owner="bob")

    of_ada, of_bob = post(ada, path, body), post(bob, path, body)

    assert of_ada.status_code == of_bob.status_code
    assert not set(ids(of_ada)) & set(ids(of_bob))
    assert bob.get(f"/api/v1/ingest/{of_ada.json()['job_id']}/status").status_code == 404


@pytest.mark.parametrize(("path", "body"), [("uploads", FILES), ("ingest", DOCUMENTS)])
def test_the_same_request_many_times_at_once_makes_one_job(
    house: House, path: str, body: Any
) -> None:
    clients = [house.client() for _ in range(AT_ONCE)]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda client: post(client, path, body), clients))

    assert {answer.status_code for answer in answers} <= {201, 202}
    assert len({tuple(ids(answer)) for answer in answers}) == 1
    assert jobs(house) == 1


def test_one_large_file_asked_for_many_times_at_once_is_one_multipart_upload(house: House) -> None:
    client = house.client()
    body = {"files": [{"filename": "a.bin", "size_bytes": 200_000_000}]}

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: post(client, "uploads", body), range(AT_ONCE)))

    addresses = [
        urlsplit(part["url"]) for answer in answers for part in answer.json()["uploads"][0]["parts"]
    ]
    upload_ids = {parse_qs(address.query)["uploadId"][0] for address in addresses}
    open_now = house.s3.list_multipart_uploads(Bucket=RAW_BUCKET)["Uploads"]
    assert [upload["UploadId"] for upload in open_now] == list(upload_ids)


PURGED = {"method": "NONE", "reason": "purged", "duplicate_of": None}


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_an_upload_that_was_purged_keeps_its_place(house: House, gone: int) -> None:
    client = house.client()
    files = {"files": [{**FILE, "filename": f"{name}.txt"} for name in "abc"]}
    first = post(client, "uploads", files)
    system_ids = ids(first)[1:]
    for upload in first.json()["uploads"]:
        house.put(upload["fields"]["key"], upload["system_id"][-3:].encode())
    house.run_queues("intake")
    purge(client, system_ids[gone])

    again = post(client, "uploads", files)

    assert ids(again) == ids(first)
    uploads = again.json()["uploads"]
    assert uploads.pop(gone) == {"system_id": system_ids[gone], **PURGED}
    assert {upload["reason"] for upload in uploads} == {"already_received"}
    for system_id in system_ids:
        if system_id != system_ids[gone]:
            purge(client, system_id)
    assert [(upload["system_id"], upload["reason"]) for upload in repeat(client, files)] == [
        (system_id, "purged") for system_id in system_ids
    ]


def repeat(client: TestClient, files: Any) -> list[dict[str, Any]]:
    uploads: list[dict[str, Any]] = post(client, "uploads", files).json()["uploads"]
    return uploads


def purge(client: TestClient, system_id: str) -> None:
    assert client.delete(f"/api/v1/objects/{system_id}?purge=true").status_code == 204


def test_a_place_is_kept_while_the_purge_is_unfinished(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.client()
    system_ids = ids(post(client, "uploads", FILES))[1:]
    with monkeypatch.context() as outage:
        cut_off(outage, "ListObjectVersions")
        answer = client.delete(f"/api/v1/objects/{system_ids[0]}?purge=true")
        assert answer.status_code == 503

    [first, second] = repeat(client, FILES)

    assert first == {"system_id": system_ids[0], **PURGED}
    assert (second["system_id"], second["method"]) == (system_ids[1], "POST")


def test_a_document_that_was_purged_is_not_stored_again(house: House) -> None:
    client = house.client()
    first = post(client, "ingest", DOCUMENTS)
    [gone, kept] = first.json()["system_ids"]
    purge(client, gone)

    again = post(client, "ingest", DOCUMENTS)

    assert again.json() == first.json()
    assert stored(house) == {f"incoming/ada/{kept}"}


def test_what_could_not_be_stored_is_stored_by_asking_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.client()
    with monkeypatch.context() as outage:
        cut_off(outage, "PutObject")
        refused = post(client, "ingest", DOCUMENTS)
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")

    accepted = post(client, "ingest", DOCUMENTS)

    assert accepted.status_code == 202
    assert jobs(house) == 1
    assert stored(house) == {f"incoming/ada/{name}" for name in accepted.json()["system_ids"]}
