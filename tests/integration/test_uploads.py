"""Announcing files and sending them: one form, many parts, or nothing at all."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from mammothbox.storage import multipart
from starlette.testclient import TestClient

from infra.topology import RAW_BUCKET
from tests.house import House, forget_everything, object_created
from tests.integration.outside import happen_during, listen

MEBIBYTE = 1024**2
PART = 8 * MEBIBYTE
TERABYTE = 1000**4
TEXT = b"What the mammoth saw."


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client("uploader")


@pytest.fixture
def two_parts(house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A multipart upload of two parts, without the hundred megabytes it would take."""
    monkeypatch.setenv("SINGLE_UPLOAD_LIMIT", str(MEBIBYTE))
    return announce(client, PART + 100)


def announce(client: TestClient, size: int, **file: Any) -> dict[str, Any]:
    """The one upload of a request for one file."""
    body = {"files": [{"filename": "a.bin", "size_bytes": size, **file}]}
    answer = client.post("/api/v1/uploads", json=body)
    assert answer.status_code == 201, answer.text
    upload: dict[str, Any] = answer.json()["uploads"][0]
    return upload


def send_part(house: House, upload: dict[str, Any], number: int) -> dict[str, Any]:
    """PUT a part to its address, and what its completion says of it."""
    address = urlsplit(upload["parts"][number - 1]["url"])
    last = number == upload["part_count"]
    answer = house.s3.upload_part(
        Bucket=RAW_BUCKET,
        Key=address.path.removeprefix("/"),
        UploadId=parse_qs(address.query)["uploadId"][0],
        PartNumber=number,
        Body=b"z" * 100 if last else b"a" * PART,
    )
    return {"number": number, "etag": answer["ETag"]}


def complete(client: TestClient, upload: dict[str, Any], parts: list[dict[str, Any]]) -> Any:
    return client.post(upload["complete_url"], json={"parts": parts})


def open_uploads(house: House) -> int:
    return len(house.s3.list_multipart_uploads(Bucket=RAW_BUCKET).get("Uploads", []))


def test_the_form_lets_exactly_the_announced_file_through(client: TestClient) -> None:
    sha256 = hashlib.sha256(TEXT).hexdigest()
    before = datetime.now(UTC)

    answer = client.post(
        "/api/v1/uploads",
        headers={"X-Request-Id": "trunk-1"},
        json={
            "files": [
                {
                    "filename": "../a.txt",
                    "content_type": "text/plain",
                    "size_bytes": len(TEXT),
                    "sha256": sha256,
                }
            ]
        },
    )

    upload = answer.json()["uploads"][0]
    assert upload["method"] == "POST"
    policy = json.loads(base64.b64decode(upload["fields"]["policy"]))
    key = f"incoming/ada/{upload['system_id']}"
    for exactly in (
        {"bucket": RAW_BUCKET},
        {"key": key},
        {"Content-Type": "text/plain"},
        {"x-amz-meta-sha256": sha256},
        {"x-amz-meta-request-id": "trunk-1"},
        ["content-length-range", len(TEXT), len(TEXT)],
    ):
        assert exactly in policy["conditions"]
    assert upload["fields"]["key"] == key
    assert upload["fields"]["x-amz-meta-request-id"] == answer.headers["X-Request-Id"] == "trunk-1"
    expires = datetime.fromisoformat(policy["expiration"])
    assert before < expires <= datetime.now(UTC) + timedelta(minutes=15)
    shown = datetime.fromisoformat(upload["expires_at"])
    assert abs(shown - expires) < timedelta(seconds=5)


def test_what_the_owner_has_is_not_sent_again(house: House, client: TestClient) -> None:
    original = house.upload(client, TEXT, filename="first.txt")
    house.run_queues()
    listener = listen(house)
    sha256 = hashlib.sha256(TEXT).hexdigest()

    again = announce(client, len(TEXT), filename="second.txt", sha256=sha256)

    assert again == {
        "system_id": again["system_id"],
        "method": "NONE",
        "reason": "already_stored",
        "duplicate_of": str(original),
    }
    asset = house.get(client, again["system_id"])
    assert (asset["status"], asset["filename"]) == ("duplicate", "second.txt")
    assert (asset["sha256"], asset["kind"]) == (sha256, "other")
    assert urlsplit(asset["uri"]).path.endswith(f"/{original}")
    job = client.get(f"/api/v1/ingest/{asset['job_id']}/status").json()
    assert job["status"] == "done"
    heard = listener.heard()
    assert [(event["type"], event["system_id"]) for event in heard] == [
        ("asset.duplicate", again["system_id"])
    ]
    assert heard[0]["duplicate_of"] == str(original)
    assert house.rows("SELECT id FROM outbox WHERE sent_at IS NULL") == []


@pytest.mark.parametrize("more", [-1, 1])
def test_the_same_hash_with_another_size_is_sent(
    house: House, client: TestClient, more: int
) -> None:
    """One of the two declarations is wrong, and only the bytes tell which."""
    house.upload(client, TEXT)
    house.run_queues("intake")
    sha256 = hashlib.sha256(TEXT).hexdigest()

    assert announce(client, len(TEXT) + more, sha256=sha256)["method"] == "POST"
    assert announce(client, len(TEXT), sha256=sha256)["reason"] == "already_stored"


@pytest.mark.parametrize(("size", "wait"), [(len(TEXT), "25 hours"), (200_000_000, "8 days")])
def test_after_an_upload_has_expired_no_address_is_given_for_it(
    house: House, client: TestClient, size: int, wait: str
) -> None:
    first = announce_as(client, size, key="k-1")
    assert announce_as(client, size, key="k-1")["method"] == first["method"] != "NONE"
    house.rows("UPDATE asset SET created_at = created_at - %s::interval", wait)
    house.sweep()

    again = announce_as(client, size, key="k-1")

    assert again == {
        "system_id": first["system_id"],
        "method": "NONE",
        "reason": "upload_over",
        "duplicate_of": None,
    }
    assert open_uploads(house) == 0
    assert announce_as(client, size, key="k-2")["method"] == first["method"]


def test_after_an_upload_was_given_up_no_address_is_given_for_it(client: TestClient) -> None:
    upload = announce_as(client, len(TEXT), key="k-1")
    client.delete(f"/api/v1/uploads/{upload['system_id']}")

    assert announce_as(client, len(TEXT), key="k-1")["reason"] == "upload_over"


def announce_as(client: TestClient, size: int, key: str) -> dict[str, Any]:
    """The one upload of a request for one file, under an idempotency key."""
    answer = client.post(
        "/api/v1/uploads",
        json={"files": [{"filename": "a.bin", "size_bytes": size}]},
        headers={"Idempotency-Key": key},
    )
    assert answer.status_code == 201, answer.text
    upload: dict[str, Any] = answer.json()["uploads"][0]
    return upload


def test_an_upload_stays_cut_as_it_was_begun(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later release may cut otherwise, or send larger files in one form."""
    monkeypatch.setenv("SINGLE_UPLOAD_LIMIT", str(MEBIBYTE))
    begun = announce_as(client, PART + 100, key="k-1")
    monkeypatch.setattr(multipart, "_SMALLEST_PART", 2 * PART)
    monkeypatch.setenv("SINGLE_UPLOAD_LIMIT", str(4 * PART))
    forget_everything()

    again = announce_as(client, PART + 100, key="k-1")

    assert (again["part_size"], again["part_count"]) == (PART, 2)
    page = client.get(f"/api/v1/uploads/{begun['system_id']}/parts").json()
    assert (page["part_size"], page["part_count"]) == (PART, 2)
    parts = [send_part(house, begun, number) for number in (1, 2)]
    assert complete(client, begun, parts).status_code == 202


def test_bytes_not_yet_verified_are_asked_for(client: TestClient) -> None:
    sha256 = hashlib.sha256(TEXT).hexdigest()
    announce(client, len(TEXT), sha256=sha256)

    assert announce(client, len(TEXT), sha256=sha256)["method"] == "POST"


def test_one_byte_too_many_for_a_form_goes_in_parts(client: TestClient) -> None:
    assert announce(client, 100_000_000)["method"] == "POST"

    upload = announce(client, 100_000_001)

    assert upload["method"] == "MULTIPART"
    assert (upload["part_size"], upload["part_count"]) == (PART, 12)
    assert [part["number"] for part in upload["parts"]] == list(range(1, 11))
    assert upload["complete_url"] == f"/api/v1/uploads/{upload['system_id']}/complete"


def test_five_terabytes_fit_and_six_do_not(client: TestClient) -> None:
    upload = announce(client, 5 * TERABYTE)

    assert upload["part_count"] <= 10_000
    assert upload["part_size"] <= 5 * 1024**3
    last = 5 * TERABYTE - upload["part_size"] * (upload["part_count"] - 1)
    assert 0 < last <= upload["part_size"]
    body = {"files": [{"filename": "a.bin", "size_bytes": 6 * TERABYTE}]}
    refused = client.post("/api/v1/uploads", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "body.files.0.size_bytes"


def test_part_addresses_come_in_pages(client: TestClient) -> None:
    upload = announce(client, 5 * TERABYTE)
    where = f"/api/v1/uploads/{upload['system_id']}/parts"

    second = client.get(where, params={"from": 11}).json()
    near_end = client.get(where, params={"from": upload["part_count"] - 5}).json()
    beyond = client.get(where, params={"from": upload["part_count"] + 1})

    assert [part["number"] for part in second["parts"]] == list(range(11, 111))
    assert second["next_from"] == 111
    assert len({part["url"] for part in second["parts"]}) == 100
    assert len(near_end["parts"]) == 6
    assert near_end["next_from"] is None
    assert (beyond.status_code, beyond.json()["code"]) == (422, "no_such_part")


def test_an_interrupted_upload_sees_which_parts_have_arrived(
    house: House, client: TestClient, two_parts: dict[str, Any]
) -> None:
    where = f"/api/v1/uploads/{two_parts['system_id']}/parts"
    assert client.get(where).json()["arrived"] == []
    sent = [send_part(house, two_parts, number) for number in (1, 2)]

    page = client.get(where).json()

    assert page["arrived"] == [
        {"number": 1, "etag": sent[0]["etag"].strip('"'), "size": PART},
        {"number": 2, "etag": sent[1]["etag"].strip('"'), "size": 100},
    ]
    assert [part["number"] for part in page["parts"]] == [1, 2]
    assert client.get(where, params={"from": 2}).json()["arrived"] == page["arrived"][1:]


def test_parts_become_one_object_and_completing_again_changes_nothing(
    house: House, client: TestClient, two_parts: dict[str, Any]
) -> None:
    parts = [send_part(house, two_parts, number) for number in (1, 2)]

    first = complete(client, two_parts, parts)
    again = complete(client, two_parts, parts)

    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert first.json()["status"] == "complete"
    key = f"incoming/ada/{two_parts['system_id']}"
    versions = house.s3.list_object_versions(Bucket=RAW_BUCKET, Prefix=key)["Versions"]
    assert len(versions) == 1
    house.tell(object_created(key, versions[0]["VersionId"], PART + 100))
    house.run_queues()
    asset = client.get(first.json()["status_url"]).json()
    assert (asset["status"], asset["size_bytes"]) == ("ready", PART + 100)
    assert asset["sha256"] == hashlib.sha256(b"a" * PART + b"z" * 100).hexdigest()
    assert complete(client, two_parts, parts).json()["status"] == "complete"


def test_after_the_parts_became_one_object_there_are_no_more_to_send(
    house: House, client: TestClient, two_parts: dict[str, Any]
) -> None:
    where = f"/api/v1/uploads/{two_parts['system_id']}/parts"
    complete(client, two_parts, [send_part(house, two_parts, number) for number in (1, 2)])

    page = client.get(where)

    assert (page.status_code, page.json()["code"]) == (409, "already_received")


def test_no_upload_begins_for_bytes_that_have_come_meanwhile(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same request comes twice at once, and what the other one was told to do is done."""
    monkeypatch.setenv("SINGLE_UPLOAD_LIMIT", "10")
    begun = announce_as(client, len(TEXT), key="k-1")
    house.rows("UPDATE asset_raw SET multipart_upload_id = NULL, multipart_part_size = NULL")
    opened = open_uploads(house)

    def arrive() -> None:
        if house.rows("SELECT 1 FROM asset_raw WHERE observed_at IS NULL"):
            house.put(f"incoming/ada/{begun['system_id']}", TEXT)
            house.run_queues("intake")

    happen_during(monkeypatch, "CreateMultipartUpload", arrive)
    again = announce_as(client, len(TEXT), key="k-1")

    assert (again["method"], again.get("reason")) == ("NONE", "already_received")
    assert open_uploads(house) == opened


def test_no_upload_begins_for_what_is_erased_meanwhile(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SINGLE_UPLOAD_LIMIT", "10")
    begun = announce_as(client, len(TEXT), key="k-1")
    house.rows("UPDATE asset_raw SET multipart_upload_id = NULL, multipart_part_size = NULL")
    opened = open_uploads(house)
    erase = f"/api/v1/objects/{begun['system_id']}?purge=true"
    admin = house.client("admin")

    happen_during(monkeypatch, "CreateMultipartUpload", lambda: admin.delete(erase))
    again = announce_as(client, len(TEXT), key="k-1")

    assert (again["method"], again.get("reason")) == ("NONE", "purged")
    assert open_uploads(house) == opened


def test_a_wrong_etag_is_refused_and_the_right_one_still_works(
    house: House, client: TestClient, two_parts: dict[str, Any]
) -> None:
    parts = [send_part(house, two_parts, number) for number in (1, 2)]

    wrong = complete(client, two_parts, [parts[0], {"number": 2, "etag": "0" * 32}])

    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_part")
    assert complete(client, two_parts, parts).status_code == 202


def test_a_part_that_never_came_is_refused(
    house: House, client: TestClient, two_parts: dict[str, Any]
) -> None:
    first = send_part(house, two_parts, 1)

    refused = complete(client, two_parts, [first, {"number": 2, "etag": "0" * 32}])

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_part")


def test_a_list_that_is_not_every_part_once_in_order_is_refused(
    client: TestClient, two_parts: dict[str, Any]
) -> None:
    for numbers in ([1], [2, 1], [1, 1, 2], [1, 2, 3]):
        refused = complete(client, two_parts, [{"number": n, "etag": "0" * 32} for n in numbers])
        assert (refused.status_code, refused.json()["code"]) == (422, "parts_missing"), numbers


def test_a_small_file_has_no_parts_to_complete(client: TestClient) -> None:
    upload = announce(client, 10)
    where = f"/api/v1/uploads/{upload['system_id']}"

    pages = client.get(f"{where}/parts")
    completion = client.post(f"{where}/complete", json={"parts": [{"number": 1, "etag": "0"}]})

    assert pages.status_code == completion.status_code == 409
    assert pages.json()["code"] == completion.json()["code"] == "not_multipart"


def test_an_upload_given_up_is_over_for_good(
    house: House, client: TestClient, two_parts: dict[str, Any]
) -> None:
    parts = [send_part(house, two_parts, number) for number in (1, 2)]
    where = f"/api/v1/uploads/{two_parts['system_id']}"
    listener = listen(house)

    first = client.delete(where)
    again = client.delete(where)

    assert first.status_code == again.status_code == 204
    assert open_uploads(house) == 0
    over = complete(client, two_parts, parts)
    assert (over.status_code, over.json()["code"]) == (409, "upload_over")
    assert client.get(f"{where}/parts").json()["code"] == "upload_over"
    asset = house.get(client, two_parts["system_id"])
    assert (asset["status"], asset["error"]["code"]) == ("failed", "upload_aborted")
    assert asset["trashed_at"] is not None
    assert [event["type"] for event in listener.heard()] == ["asset.failed"]
    job = client.get(f"/api/v1/ingest/{asset['job_id']}/status").json()
    assert job["status"] == "failed"


def test_bytes_that_come_after_the_end_lie_in_the_trash(house: House, client: TestClient) -> None:
    upload = announce(client, len(TEXT))
    client.delete(f"/api/v1/uploads/{upload['system_id']}")

    house.put(upload["fields"]["key"], TEXT)
    house.run_queues()

    assert client.get("/api/v1/objects").json()["items"] == []
    trashed = client.get("/api/v1/objects", params={"trashed": True}).json()["items"]
    assert [(item["system_id"], item["status"]) for item in trashed] == [
        (upload["system_id"], "ready")
    ]


def test_an_upload_that_has_arrived_cannot_be_given_up(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, TEXT)
    house.run_queues()

    refused = client.delete(f"/api/v1/uploads/{asset_id}")

    assert (refused.status_code, refused.json()["code"]) == (409, "already_received")
    assert house.get(client, asset_id)["status"] == "ready"


def test_anothers_upload_is_not_there(
    house: House, client: TestClient, two_parts: dict[str, Any]
) -> None:
    stranger = house.client("admin", owner="bob")
    parts = [send_part(house, two_parts, number) for number in (1, 2)]

    for system_id in (two_parts["system_id"], str(uuid4())):
        where = f"/api/v1/uploads/{system_id}"
        for answer in (
            stranger.get(f"{where}/parts"),
            stranger.post(f"{where}/complete", json={"parts": parts}),
            stranger.delete(where),
            stranger.get(f"/api/v1/objects/{system_id}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert complete(client, two_parts, parts).status_code == 202
