"""The janitor: whatever fell between two steps is found and goes on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from mammothbox.errors import Unavailable
from starlette.testclient import TestClient

from infra.topology import RAW_BUCKET
from tests.house import House
from tests.integration.outside import cut_off, listen

TEXT = b"What the mammoth saw."


class Killed(BaseException):
    """What ends a process in the middle of things."""


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client()


def announce(client: TestClient, size: int = len(TEXT)) -> dict[str, Any]:
    body = {"files": [{"filename": "a.bin", "size_bytes": size}]}
    upload: dict[str, Any] = client.post("/api/v1/uploads", json=body).json()["uploads"][0]
    return upload


def let_pass(house: House, time: str) -> None:
    """Whatever stands in the catalogue has been there for so long."""
    house.rows("UPDATE asset SET created_at = created_at - %s::interval", time)
    house.rows("UPDATE outbox SET created_at = created_at - %s::interval", time)
    house.rows("UPDATE stage SET queued_at = queued_at - %s::interval", time)
    house.rows("UPDATE stage SET lease_until = lease_until - %s::interval", time)


def test_a_house_in_order_is_left_alone(house: House, client: TestClient) -> None:
    house.upload(client, TEXT)
    house.run_queues()
    announce(client)
    let_pass(house, "10 minutes")

    assert {name: found for name, found in house.sweep().items() if found} == {"queues_measured": 1}
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
