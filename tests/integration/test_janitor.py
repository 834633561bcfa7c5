"""The janitor: whatever fell between two steps is found and goes on."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from mammothbox import janitor, walks
from mammothbox.errors import Unavailable
from mammothbox.observability import logger
from mammothbox.storage.blobs import Page, S3BlobStore
from mammothbox.storage.multipart import S3Multipart, UploadPage
from starlette.testclient import TestClient

from infra.topology import RAW_BUCKET
from tests.house import House
from tests.integration.outside import cut_off, listen

TEXT = b"What the mammoth saw."


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """The log lines written so far."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


class Killed(BaseException):
    """What ends a process in the middle of things."""


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client()


def announce(client: TestClient, size: int = len(TEXT)) -> dict[str, Any]:
    body = {"files": [{"filename": "a.bin", "size_bytes": size}]}
    upload: dict[str, Any] = client.post("/api/v1/uploads", json=body).json()["uploads"][0]
    return upload


def list_uploads_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto page as S3 does: it always lists every multipart upload."""
    listed = S3Multipart.unfinished

    def page(multipart: S3Multipart, position: str | None, limit: int) -> UploadPage:
        uploads = sorted(listed(multipart, None, limit).uploads, key=lambda upload: upload.key)
        rest = [upload for upload in uploads if position is None or upload.key > position]
        more = len(rest) > limit
        return UploadPage(rest[:limit], rest[limit - 1].key if more else None)

    monkeypatch.setattr(S3Multipart, "unfinished", page)


def list_nuls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto list keys with a NUL as S3 does, for each key with the sign of one."""
    listed = S3BlobStore.list_versions

    def page(store: S3BlobStore, prefix: str, position: str | None, limit: int) -> Page:
        answer = listed(store, prefix, position and position.replace("\0", "\u2400"), limit)
        following = answer.next_position and answer.next_position.replace("\u2400", "\0")
        versions = [
            replace(version, key=version.key.replace("\u2400", "\0")) for version in answer.versions
        ]
        return Page(versions, following)

    monkeypatch.setattr(S3BlobStore, "list_versions", page)


def let_pass(house: House, time: str) -> None:
    """Whatever stands in the catalogue has been there for so long."""
    house.rows("UPDATE asset SET created_at = created_at - %s::interval", time)
    house.rows("UPDATE outbox SET created_at = created_at - %s::interval", time)
    house.rows("UPDATE stage SET queued_at = queued_at - %s::interval", time)
    house.rows("UPDATE stage SET lease_until = lease_until - %s::interval", time)


def test_a_house_in_order_is_left_alone(house: House, client: TestClient) -> None:
    house.sweep()
    house.upload(client, TEXT)
    house.run_queues()
    announce(client)
    let_pass(house, "10 minutes")

    found = {name: found for name, found in house.sweep().items() if found}
    assert found == {"queues_measured": len(house.queue_urls)}
    assert house.receive() == []


def test_a_lost_wake_up_is_sent_again(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, TEXT)
    records = house.receive()
    house.context.seconds = 1
    with monkeypatch.context() as outage:
        cut_off(outage, "SendMessageBatch")
        assert house.invoke_intake(records) == []
    house.context.seconds = 300
    assert house.sweep()["wake_ups_sent_again"] == 0

    let_pass(house, "2 minutes")

    assert house.sweep()["wake_ups_sent_again"] == 1
    assert house.sweep()["wake_ups_sent_again"] == 0
    house.run_queues()
    assert house.get(client, asset_id)["status"] == "ready"


def test_what_a_killed_worker_held_is_taken_back(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, TEXT)
    with monkeypatch.context() as power_cut:
        cut_off(power_cut, "GetObject", Killed())
        with pytest.raises(Killed):
            house.invoke_intake(house.receive())
    assert house.sweep()["leases_taken_back"] == 0

    let_pass(house, "6 minutes")

    assert house.sweep()["leases_taken_back"] == 1
    house.run_queues()
    asset = house.get(client, asset_id)
    assert (asset["status"], asset["stages"][0]["attempt"]) == ("ready", 2)


def test_what_failed_in_an_outage_and_whose_message_was_lost_is_woken(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, TEXT)
    records = house.receive()
    with monkeypatch.context() as outage:
        cut_off(outage, "GetObject")
        house.invoke_intake(records)
    house.sqs.delete_message(
        QueueUrl=house.queue_urls["intake"], ReceiptHandle=records[0]["receiptHandle"]
    )
    assert house.sweep()["leases_taken_back"] == 0

    house.rows("UPDATE stage SET finished_at = finished_at - interval '6 minutes'")

    assert house.sweep()["leases_taken_back"] == 1
    house.run_queues("intake")
    asset = house.get(client, asset_id)
    assert (asset["status"], asset["stages"][0]["attempt"]) == ("ready", 2)


def test_an_upload_whose_event_never_came_is_found(house: House, client: TestClient) -> None:
    upload = announce(client)
    house.store(upload["fields"]["key"], TEXT)
    assert house.sweep()["uploads_found"] == 0

    let_pass(house, "3 minutes")

    assert house.sweep()["uploads_found"] == 1
    house.run_queues()
    assert house.get(client, upload["system_id"])["status"] == "ready"


def test_a_drop_whose_event_never_came_is_found(house: House, client: TestClient) -> None:
    house.store("drop/ada/holidays/", b"")
    house.store("drop/nobody.txt", TEXT)
    house.store("drop/ada/holidays/a.txt", TEXT)

    assert house.sweep()["drops_found"] == 1
    assert house.sweep()["drops_found"] == 0
    house.run_queues()

    [item] = client.get("/api/v1/objects").json()["items"]
    assert (item["filename"], item["collection"], item["status"]) == ("a.txt", "holidays", "ready")


@pytest.mark.parametrize("walk", ["drop/ada/", "incoming/"])
def test_a_walk_goes_on_where_it_stood_even_at_a_key_with_a_nul(
    house: House, monkeypatch: pytest.MonkeyPatch, walk: str
) -> None:
    """S3 takes such keys, Postgres does not."""
    list_nuls(monkeypatch)
    for name in ("_PAGE", "_DROP_PAGES_PER_RUN", "_INCOMING_PAGES_PER_RUN"):
        monkeypatch.setattr(walks, name, 1)
    for key in ("a%20\nb", "b\u2400c", "c.txt"):
        house.store(walk + key, TEXT)

    found = [house.sweep() for _ in range(4)]

    drops, strays = [1, 0, 1, 0], [1, 1, 1, 1]
    assert [run["drops_found"] for run in found] == (drops if "drop" in walk else [0] * 4)
    assert [run["strays_found"] for run in found] == (strays if "incoming" in walk else [0] * 4)


def test_an_object_that_belongs_to_no_asset_is_reported_and_left_alone(
    house: House, client: TestClient, log: Callable[[], list[dict[str, Any]]]
) -> None:
    known = house.upload(client, TEXT)
    house.put(f"incoming/ada/{known}", b"a second version")
    house.run_queues()
    strays = ["incoming/ada/01939c1e-7f3a-7c41-9f0e-2b8f6f1d4a55", "incoming/odd.txt"]
    for key in ("incoming/ada/", *strays):
        house.store(key, b"" if key.endswith("/") else TEXT)

    assert house.sweep()["strays_found"] == 2
    assert house.sweep()["strays_found"] == 2

    told = [line for line in log() if line["message"] == "objects that belong to no asset"]
    assert [(line["found"], line["keys"]) for line in told] == [(2, strays)] * 2
    left = house.s3.list_object_versions(Bucket=RAW_BUCKET, Prefix="incoming/")["Versions"]
    assert len(left) == 5


def test_bytes_that_came_after_their_asset_was_purged_are_erased(
    house: House, client: TestClient
) -> None:
    upload = announce(client)
    client.delete(f"/api/v1/objects/{upload['system_id']}?purge=true")
    house.store(upload["fields"]["key"], TEXT)

    assert house.sweep()["strays_found"] == 0

    assert "Versions" not in house.s3.list_object_versions(Bucket=RAW_BUCKET)


def test_a_drop_found_before_its_event_comes_is_one_asset(house: House, client: TestClient) -> None:
    house.put("drop/ada/a.txt", TEXT)

    house.sweep()
    house.run_queues()

    [item] = client.get("/api/v1/objects").json()["items"]
    assert house.get(client, item["system_id"])["stages"][0]["attempt"] == 1


def test_an_abandoned_upload_expires_and_late_bytes_are_still_taken_in(
    house: House, client: TestClient
) -> None:
    listener = listen(house)
    upload = announce(client)
    let_pass(house, "25 hours")

    house.sweep()

    asset = house.get(client, upload["system_id"])
    assert (asset["status"], asset["error"]["code"]) == ("failed", "upload_expired")
    job = f"/api/v1/ingest/{asset['job_id']}/status"
    assert client.get(job).json()["status"] == "failed"
    assert [event["type"] for event in listener.heard()] == ["asset.failed"]
    house.put(upload["fields"]["key"], TEXT)
    house.run_queues()
    assert house.get(client, upload["system_id"])["status"] == "ready"
    assert client.get(job).json()["status"] == "failed"
    assert [event["type"] for event in listener.heard()] == ["asset.ready"]


def test_an_abandoned_multipart_upload_is_aborted_and_a_young_one_is_not(
    house: House, client: TestClient
) -> None:
    old = announce(client, 200_000_000)
    house.s3.create_multipart_upload(Bucket=RAW_BUCKET, Key="incoming/ada/nobodys")
    let_pass(house, "8 days")
    young = announce(client, 200_000_000)

    assert house.sweep()["multiparts_aborted"] == 2

    left = house.s3.list_multipart_uploads(Bucket=RAW_BUCKET)["Uploads"]
    assert [upload["Key"] for upload in left] == [f"incoming/ada/{young['system_id']}"]
    over = client.get(f"/api/v1/uploads/{old['system_id']}/parts")
    assert (over.status_code, over.json()["code"]) == (409, "upload_over")
    assert client.get(f"/api/v1/uploads/{young['system_id']}/parts").status_code == 200


def test_abandoned_multipart_uploads_are_found_behind_any_number_of_others(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(janitor, "_MOST", 1)
    list_uploads_in_pages(monkeypatch)
    wanted = [f"incoming/ada/{announce(client, 200_000_000)['system_id']}" for _ in range(2)]
    house.s3.create_multipart_upload(Bucket=RAW_BUCKET, Key="incoming/nobodys")

    assert [house.sweep()["multiparts_aborted"] for _ in range(4)] == [0, 0, 1, 0]

    left = house.s3.list_multipart_uploads(Bucket=RAW_BUCKET)["Uploads"]
    assert sorted(upload["Key"] for upload in left) == sorted(wanted)


def test_announcements_are_forgotten_some_days_after_they_were_published(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(janitor, "_MOST_FORGOTTEN", 2)
    for number in range(3):
        house.upload(client, TEXT + bytes([number]))
    house.run_queues()
    with monkeypatch.context() as outage:
        cut_off(outage, "PutEvents")
        house.upload(client, TEXT)
        house.run_queues()
    house.rows("UPDATE outbox SET sent_at = sent_at - interval '6 days'")
    assert house.sweep()["announcements_forgotten"] == 0

    house.rows("UPDATE outbox SET sent_at = sent_at - interval '2 days'")

    assert [house.sweep()["announcements_forgotten"] for _ in range(3)] == [2, 1, 0]
    assert [row["sent_at"] for row in house.rows("SELECT sent_at FROM outbox")] == [None]


def test_what_could_not_be_announced_is_announced_later(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = listen(house)
    asset_id = house.upload(client, TEXT)
    with monkeypatch.context() as outage:
        cut_off(outage, "PutEvents")
        house.run_queues()
    assert house.get(client, asset_id)["status"] == "ready"
    assert listener.heard() == []

    let_pass(house, "2 minutes")

    assert house.sweep()["announcements_published"] == 1
    assert house.sweep()["announcements_published"] == 0
    told = [(event["type"], UUID(event["system_id"])) for event in listener.heard()]
    assert told == [("asset.ready", asset_id)]


def test_a_task_that_fails_does_not_stop_the_others(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = announce(client)
    asset_id = house.upload(client, TEXT)
    house.run_queues()
    with monkeypatch.context() as outage:
        cut_off(outage, "DeleteObject")
        client.delete(f"/api/v1/objects/{asset_id}?purge=true")
    house.rows("UPDATE asset SET purging_at = purging_at - interval '5 minutes'")
    let_pass(house, "25 hours")

    with monkeypatch.context() as outage:
        cut_off(outage, "ListMultipartUploads")
        with pytest.raises(Unavailable, match="multiparts_aborted"):
            house.sweep()

    assert house.get(client, upload["system_id"])["status"] == "failed"
    assert house.rows("SELECT 1 FROM asset WHERE id = %s", asset_id) == []
