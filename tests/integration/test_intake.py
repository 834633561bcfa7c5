"""Intake: what S3 tells of, in whatever order and however often, becomes verified assets."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

import pytest
from botocore.client import BaseClient
from mammothbox import heirs
from mammothbox.intake import take_in
from mammothbox.observability import logger
from mammothbox.route import Next
from starlette.testclient import TestClient

from functions.api.handler import handler as api_handler
from functions.janitor.handler import handler as janitor_handler
from functions.search.handler import handler as search_handler
from infra.topology import RAW_BUCKET
from tests.house import House, event, object_created
from tests.integration.outside import cut_off, happen_during, listen
from tests.samples import PNG

TEXT = b"What the mammoth saw."
SHA256 = hashlib.sha256(TEXT).hexdigest()
RECEIVES = 3
EVENTS = Path(__file__).parents[2] / "events"

ARRIVALS = ("s3_object_created.json", "s3_multipart_completed.json", "s3_second_version.json")
DROPS: dict[str, list[tuple[str, str | None]]] = {
    "s3_drop_copied.json": [("orders.ndjson", None)],
    "s3_drop_odd_key.json": [("2024 été+1 (final)?.png", "holidays")],
    "s3_two_records.json": [("two.txt", None), ("one.txt", None)],
}
ASKS_FOR_NOTHING = ("s3_test_event.json", "s3_folder_marker.json", "s3_object_removed.json")
POISON = (
    "poison_bad_upload_key.json",
    "poison_no_owner.json",
    "poison_not_json.txt",
    "poison_unknown_shape.json",
    "poison_unversioned.json",
)
OTHERS = (
    "api_gateway_list_objects.json",
    "api_gateway_request_uploads.json",
    "api_gateway_search.json",
    "schedule.json",
    "sqs_batch.json",
    "wake_up.json",
)


class Killed(BaseException):
    """What ends a process in the middle of things: nobody's `except Exception` sees it."""


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """The log lines written so far."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def announce(client: TestClient, content: bytes, **file: Any) -> tuple[UUID, str]:
    """Announce a file and return its system_id and the key its bytes are to be sent to."""
    body = {"files": [{"filename": "a.bin", "size_bytes": len(content), **file}]}
    upload = client.post("/api/v1/uploads", json=body).json()["uploads"][0]
    return UUID(upload["system_id"]), upload["fields"]["key"]


def events_of(client: TestClient, asset_id: UUID) -> list[str]:
    answer = client.get(f"/api/v1/objects/{asset_id}/lineage?limit=200")
    return [entry["event"] for entry in answer.json()["items"]]


def waiting(house: House, name: str = "intake") -> int:
    answer = house.sqs.get_queue_attributes(
        QueueUrl=house.queue_urls[name], AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def receive_at_once(house: House, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What Lambda would be handed once the pause of failed messages is over."""
    for record in records:
        house.sqs.change_message_visibility(
            QueueUrl=house.queue_urls["intake"],
            ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=0,
        )
    return house.receive()


def spend_all_attempts(house: House) -> None:
    """Let the one message that waits fail until SQS puts it to the dead letters."""
    records = house.receive()
    for _ in range(RECEIVES):
        assert house.invoke_intake(records) == [record["messageId"] for record in records]
        records = receive_at_once(house, records)
    assert records == []


def kill_while_reading(house: House, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Intake's process ends while it reads what the waiting messages tell of."""
    records = house.receive()
    with monkeypatch.context() as power_cut:
        cut_off(power_cut, "GetObject", Killed())
        with pytest.raises(Killed):
            house.invoke_intake(records)
    return records


# --- the folder `events`


def test_every_payload_is_tried_here() -> None:
    tried = {*ARRIVALS, *DROPS, *ASKS_FOR_NOTHING, *POISON, *OTHERS}

    assert tried == {path.name for path in EVENTS.iterdir()} - {"README.md"}


def test_uploads_that_s3_tells_of_become_ready(house: House, client: TestClient) -> None:
    for name in ARRIVALS:
        asset_id, key = announce(client, TEXT)
        message = json.loads(event(name))
        message["Records"][0]["s3"]["object"] |= {
            "key": key,
            "versionId": house.store(key, TEXT),
            "size": len(TEXT),
        }
        house.tell(json.dumps(message))

        house.run_queues()

        assert house.get(client, asset_id)["status"] in ("ready", "duplicate"), name


def test_drops_that_s3_tells_of_become_ready(house: House, client: TestClient) -> None:
    for name, expected in DROPS.items():
        message = json.loads(event(name))
        for record in message["Records"]:
            told = record["s3"]["object"]
            key = unquote_plus(told["key"])
            content = f"{name} {key}".encode()
            told |= {"versionId": house.store(key, content), "size": len(content)}
        house.tell(json.dumps(message))

        house.run_queues()

        found = client.get("/api/v1/objects").json()["items"][: len(expected)]
        assert [(item["filename"], item["collection"]) for item in found] == expected
        assert {item["status"] for item in found} == {"ready"}


def test_what_asks_for_nothing_does_nothing(house: House, client: TestClient) -> None:
    for name in ASKS_FOR_NOTHING:
        house.tell(event(name))

    assert house.invoke_intake(house.receive()) == []

    assert client.get("/api/v1/objects").json()["items"] == []


def test_poison_ends_with_the_dead_letters_and_harms_no_neighbour(
    house: House, client: TestClient
) -> None:
    for name in POISON:
        house.tell(event(name))
    asset_id = house.upload(client, TEXT)
    records = house.receive()

    failed = house.invoke_intake(records)

    assert len(failed) == len(POISON)
    assert house.get(client, asset_id)["status"] == "ready"
    house.run_queues()
    letters = house.client("operator").get("/api/v1/admin/dlq/intake").json()["messages"]
    assert {letter["body"] for letter in letters} == {event(name) for name in POISON}
    assert len(client.get("/api/v1/objects").json()["items"]) == 1


def test_only_what_asks_for_no_work_is_taken_away(house: House) -> None:
    letters = house.dead_letter_queue_urls["intake"]
    for body in ("hello", "{}", event("wake_up.json"), '{"chore": "propose", "owner": "ada"}'):
        house.sqs.send_message(QueueUrl=letters, MessageBody=body)
    operator = house.client("operator")
    way = "/api/v1/admin/dlq/intake"
    dead = operator.get(way).json()["messages"]

    answers = {
        one["body"][:9]: operator.delete(f"{way}/{one['id']}").status_code
        for one in dead
        if one["body"] != "{}"
    }

    assert answers == {"hello": 204, event("wake_up.json")[:9]: 409, '{"chore":': 409}
    left = operator.get(way).json()["messages"]
    assert sorted(one["is_ours"] for one in left) == [False, True, True]
    assert operator.delete(f"{way}/nothing").status_code == 404
    assert len(operator.get(way).json()["messages"]) == 3


def test_bytes_nobody_announced_end_with_the_dead_letters(house: House) -> None:
    house.put("incoming/ada/01939c1e-7f3a-7c41-9f0e-2b8f6f1d4a55", TEXT)

    house.run_queues()

    letters = house.client("operator").get("/api/v1/admin/dlq/intake").json()["messages"]
    assert [letter["asset_id"] for letter in letters] == ["01939c1e-7f3a-7c41-9f0e-2b8f6f1d4a55"]


def test_a_batch_as_lambda_hands_it_over(house: House, client: TestClient) -> None:
    asset_id, key = announce(client, TEXT)
    batch = json.loads(event("sqs_batch.json"))
    batch["Records"][0]["body"] = object_created(key, house.store(key, TEXT), len(TEXT))

    assert house.invoke_intake(batch["Records"]) == []

    assert house.get(client, asset_id)["status"] == "ready"


def test_a_wake_up_without_data_is_enough(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, TEXT)
    house.run_queues()
    client.post(f"/api/v1/objects/{asset_id}/replay")
    house.receive()
    wake_up = {**json.loads(event("wake_up.json")), "asset_id": str(asset_id)}
    house.tell(json.dumps(wake_up))

    house.run_queues()

    assert [stage["attempt"] for stage in house.get(client, asset_id)["stages"]] == [2]


def test_a_wake_up_of_another_stage_ends_with_the_dead_letters(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Intake could claim such a stage, and would call it done."""
    monkeypatch.setattr(take_in, "after_intake", lambda *_: (Next("embed"),))
    asset_id = house.upload(client, TEXT)
    house.run_queues("intake")
    [strayed] = house.receive("embed")

    house.tell(strayed["body"])
    house.run_queues("intake")

    states = {stage["name"]: stage["state"] for stage in house.get(client, asset_id)["stages"]}
    assert states == {"intake": "done", "embed": "queued"}
    letters = house.client("operator").get("/api/v1/admin/dlq/intake").json()["messages"]
    assert [letter["body"] for letter in letters] == [strayed["body"]]


def test_a_redriven_message_keeps_its_request_id(house: House) -> None:
    house.sqs.send_message(
        QueueUrl=house.dead_letter_queue_urls["intake"],
        MessageBody=event("wake_up.json"),
        MessageAttributes={"request_id": {"DataType": "String", "StringValue": "trunk-7"}},
    )

    house.client("operator").post("/api/v1/admin/dlq/intake/redrive")

    [record] = house.receive()
    assert record["body"] == event("wake_up.json")
    assert record["messageAttributes"]["request_id"]["stringValue"] == "trunk-7"


def test_dead_letters_are_shown_and_redriven_until_there_are_none_for_certain(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever does not wait may be told by SQS that there is nothing while there is."""
    call = vars(BaseClient)["_make_api_call"]

    def in_haste(client: BaseClient, name: str, asked: dict[str, Any]) -> Any:
        if name == "ReceiveMessage" and not asked["WaitTimeSeconds"]:
            return {}
        return call(client, name, asked)

    letters = house.dead_letter_queue_urls["intake"]
    house.sqs.send_message(QueueUrl=letters, MessageBody=event("wake_up.json"))
    monkeypatch.setattr(BaseClient, "_make_api_call", in_haste)
    operator = house.client("operator")

    assert len(operator.get("/api/v1/admin/dlq/intake").json()["messages"]) == 1
    redriven = operator.post("/api/v1/admin/dlq/intake/redrive").json()
    assert redriven == {"messages": 1, "stages": 0}


def test_what_the_scheduler_and_the_gateway_send(house: House) -> None:
    with house.as_worker():
        assert janitor_handler(json.loads(event("schedule.json")), house.context)  # type: ignore[arg-type]
    for name, handler, status in (
        ("api_gateway_request_uploads.json", api_handler, 201),
        ("api_gateway_list_objects.json", api_handler, 200),
        ("api_gateway_search.json", search_handler, 200),
    ):
        request = json.loads(event(name))
        request["headers"]["Authorization"] = f"Bearer {house.key()}"
        request["multiValueHeaders"]["Authorization"] = [request["headers"]["Authorization"]]
        answer = handler(request, house.context)  # type: ignore[arg-type]
        assert answer["statusCode"] == status, answer
        shown = {name.lower(): value for name, value in answer["headers"].items()}
        assert shown["x-request-id"] == request["requestContext"]["requestId"]


# --- twice, late, out of order


def test_an_event_that_comes_twice_changes_nothing(house: House, client: TestClient) -> None:
    listener = listen(house)
    asset_id, key = announce(client, TEXT)
    version_id = house.put(key, TEXT)
    house.run_queues()
    once, once_told = house.get(client, asset_id), events_of(client, asset_id)

    house.tell(object_created(key, version_id, len(TEXT)))
    house.tell(object_created(key, version_id, len(TEXT)))
    house.run_queues()

    twice = house.get(client, asset_id)
    assert {**twice, "uri": None} == {**once, "uri": None}
    assert events_of(client, asset_id) == once_told
    assert [told["type"] for told in listener.heard()] == ["asset.ready"]


def test_a_drop_told_of_twice_is_one_asset(house: House, client: TestClient) -> None:
    version_id = house.put("drop/ada/a.txt", TEXT)
    house.tell(object_created("drop/ada/a.txt", version_id, len(TEXT)))

    house.run_queues()

    assert [item["status"] for item in client.get("/api/v1/objects").json()["items"]] == ["ready"]


def test_another_version_of_a_drop_is_another_asset(house: House, client: TestClient) -> None:
    house.put("drop/ada/a.txt", TEXT)
    house.put("drop/ada/a.txt", TEXT + b" And more.")

    house.run_queues()

    found = client.get("/api/v1/objects").json()["items"]
    assert {item["size_bytes"] for item in found} == {len(TEXT), len(TEXT) + 10}


def test_the_first_version_counts_even_if_s3_tells_of_the_second_first(
    house: House, client: TestClient
) -> None:
    asset_id, key = announce(client, TEXT)
    first = house.store(key, TEXT)
    second = house.store(key, b"x" * len(TEXT))

    house.tell(object_created(key, second, len(TEXT)))
    house.run_queues()
    house.tell(object_created(key, first, len(TEXT)))
    house.run_queues()

    asset = house.get(client, asset_id)
    assert (asset["status"], asset["sha256"]) == ("ready", SHA256)
    assert f"versionId={first}" in asset["uri"]


# --- what arrived is not what was announced


def test_bytes_that_are_not_what_was_announced_fail_and_stay_downloadable(
    house: House, client: TestClient
) -> None:
    listener = listen(house)
    cases = {
        "hash_mismatch": announce(client, TEXT, sha256="0" * 64),
        "size_mismatch": announce(client, TEXT + b"!"),
    }
    for _, key in cases.values():
        house.put(key, TEXT)
    house.run_queues()

    for code, (asset_id, _) in cases.items():
        asset = house.get(client, asset_id)
        assert asset["status"] == "failed"
        assert (asset["error"]["code"], asset["error"]["retryable"]) == (code, False)
        assert [stage["state"] for stage in asset["stages"]] == ["failed"]
        assert asset["uri"] is not None
        job = client.get(f"/api/v1/ingest/{asset['job_id']}/status").json()
        assert job["status"] == "failed"
        assert job["objects"][0]["error"]["code"] == code
    assert [told["type"] for told in listener.heard()] == ["asset.failed"] * 2
    assert waiting(house) == 0


def test_an_object_without_bytes_fails(house: House, client: TestClient) -> None:
    house.put("drop/ada/empty.txt", b"")

    house.run_queues()

    [asset] = client.get("/api/v1/objects").json()["items"]
    assert (asset["status"], asset["error"]["code"]) == ("failed", "empty_object")


def test_an_object_that_is_gone_again_fails(house: House, client: TestClient) -> None:
    uploaded, key = announce(client, TEXT)
    for gone in (key, "drop/ada/gone.txt"):
        version_id = house.put(gone, TEXT)
        house.s3.delete_object(Bucket=RAW_BUCKET, Key=gone, VersionId=version_id)

    house.run_queues()

    for item in client.get("/api/v1/objects").json()["items"]:
        assert (item["status"], item["error"]["code"]) == ("failed", "object_gone")
    assert house.get(client, uploaded)["uri"] is None


def test_the_kind_is_read_from_the_bytes(
    house: House, client: TestClient, log: Callable[[], list[dict[str, Any]]]
) -> None:
    picture = house.upload(client, PNG, filename="notes.txt", content_type="text/plain")
    notes = house.upload(client, TEXT, filename="mammoth.png", content_type="image/png")

    house.run_queues()

    shown = [house.get(client, asset_id) for asset_id in (picture, notes)]
    assert [(asset["kind"], asset["content_type"]) for asset in shown] == [
        ("image", "image/png"),
        ("other", "text/plain"),
    ]
    assert {asset["status"] for asset in shown} == {"ready"}
    noted = [line for line in log() if "declared" in line]
    assert {(line["asset_id"], line["declared"]) for line in noted} == {
        (str(picture), "text/plain"),
        (str(notes), "image/png"),
    }


# --- exact duplicates


def test_the_same_bytes_again_point_to_the_first_and_cost_no_further_work(
    house: House, client: TestClient
) -> None:
    first = house.upload(client, PNG)
    house.run_queues("intake")

    second = house.upload(client, PNG)
    house.put("drop/ada/third.png", PNG)
    house.run_queues("intake")

    assert [stage["name"] for stage in house.get(client, first)["stages"]] == ["intake", "embed"]
    duplicates = client.get("/api/v1/objects", params={"duplicate_of": str(first)}).json()["items"]
    assert {item["filename"] for item in duplicates} == {"a.bin", "third.png"}
    for item in duplicates:
        asset = house.get(client, item["system_id"])
        assert asset["status"] == "duplicate"
        assert [stage["name"] for stage in asset["stages"]] == ["intake"]
    assert client.get(f"/api/v1/objects/{second}").json()["duplicate_of"] == str(first)
    assert waiting(house, "embed") == 1


def test_what_is_trashed_while_it_is_read_is_a_duplicate_of_what_was_trashed_before(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = house.upload(client, TEXT)
    house.run_queues()
    client.delete(f"/api/v1/objects/{first}")
    monkeypatch.setattr(take_in, "after_intake", lambda *_: (Next("embed"),))
    second = house.upload(client, TEXT)

    with monkeypatch.context() as meanwhile:
        happen_during(meanwhile, "GetObject", lambda: client.delete(f"/api/v1/objects/{second}"))
        house.run_queues("intake")

    asset = house.get(client, second)
    assert (asset["status"], asset["duplicate_of"]) == ("duplicate", str(first))
    assert [stage["name"] for stage in asset["stages"]] == ["intake"]
    assert waiting(house, "embed") == 0


def test_a_duplicate_that_finds_itself_the_original_is_processed_like_one(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a group that lost its original, When a third joins it by way of the trash."""
    first, heir = house.upload(client, TEXT), house.upload(client, TEXT)
    house.run_queues()
    house.rows("UPDATE asset SET purging_at = now() WHERE id = %s", first)
    for module in (take_in, heirs):
        monkeypatch.setattr(module, "after_intake", lambda *_: (Next("embed"),))
    third = house.upload(client, TEXT)
    client.delete(f"/api/v1/objects/{third}")

    house.run_queues("intake")

    assert house.get(client, third)["duplicate_of"] == str(heir)
    asset = house.get(client, heir)
    assert (asset["status"], asset["duplicate_of"]) == ("processing", None)
    assert [stage["name"] for stage in asset["stages"]] == ["intake", "embed"]
    [wake_up] = house.receive("embed")
    assert json.loads(wake_up["body"])["asset_id"] == str(heir)


def test_the_same_bytes_of_another_owner_are_no_duplicate(house: House, client: TestClient) -> None:
    stranger = house.client(owner="bob")
    mine = house.upload(client, TEXT)
    house.run_queues()

    theirs = house.upload(stranger, TEXT, sha256=SHA256)
    house.run_queues()

    assert house.get(client, mine)["status"] == "ready"
    assert house.get(stranger, theirs)["status"] == "ready"
    assert house.get(stranger, theirs)["duplicate_of"] is None


def test_what_is_too_large_to_hash_is_unverified_and_no_duplicate(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HASH_LIMIT_BYTES", str(len(TEXT) - 1))

    both = [house.upload(client, TEXT) for _ in range(2)]
    house.run_queues()

    for asset_id in both:
        asset = house.get(client, asset_id)
        assert (asset["status"], asset["kind"]) == ("ready", "other")
        assert (asset["verified"], asset["sha256"]) == (False, None)
        assert asset["size_bytes"] == len(TEXT)


# --- crashes, time-outs and outages


def test_an_arrival_there_is_no_time_for_is_left_for_later(
    house: House, client: TestClient
) -> None:
    asset_id = house.upload(client, TEXT)
    records = house.receive()
    house.context.seconds = 1

    assert house.invoke_intake(records) == []

    assert house.get(client, asset_id)["stages"][0]["state"] == "queued"
    assert waiting(house) == 1
    house.context.seconds = 300
    house.run_queues()
    assert house.get(client, asset_id)["status"] == "ready"


def test_a_wake_up_there_is_no_time_for_is_left_for_later_too(
    house: House, client: TestClient
) -> None:
    """What was left for later may come as the second of a batch again."""
    asset_id = house.upload(client, TEXT)
    house.context.seconds = 1
    house.invoke_intake(house.receive())
    [wake_up] = house.receive()

    assert house.invoke_intake([wake_up]) == []

    assert house.get(client, asset_id)["stages"][0]["state"] == "queued"
    [again] = house.receive()
    assert again["body"] == wake_up["body"]
    house.context.seconds = 300
    assert house.invoke_intake([again]) == []
    assert house.get(client, asset_id)["status"] == "ready"


def test_a_wake_up_that_was_left_for_later_and_lost_is_sent_by_the_janitor(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.upload(client, TEXT)
    house.context.seconds = 1
    house.invoke_intake(house.receive())
    with monkeypatch.context() as outage:
        cut_off(outage, "SendMessageBatch")
        assert house.invoke_intake(house.receive()) == []
    assert waiting(house) == 0

    house.rows("UPDATE stage SET queued_at = queued_at - interval '2 minutes'")

    assert house.sweep()["wake_ups_sent_again"] == 1


def test_what_a_killed_worker_left_is_claimed_once_its_lease_has_lapsed(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, TEXT)
    records = kill_while_reading(house, monkeypatch)
    assert house.get(client, asset_id)["status"] == "processing"

    assert house.invoke_intake(records) == []
    assert house.get(client, asset_id)["status"] == "processing"
    house.rows("UPDATE stage SET lease_until = now() - interval '1 second'")
    assert house.invoke_intake(records) == []

    asset = house.get(client, asset_id)
    assert (asset["status"], asset["stages"][0]["attempt"]) == ("ready", 2)


def test_a_worker_that_is_killed_each_time_dies_with_its_message(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, TEXT)
    records: list[dict[str, Any]] = []
    for _ in range(RECEIVES):
        records = kill_while_reading(house, monkeypatch)
        house.rows("UPDATE stage SET lease_until = now() - interval '1 second'")
        house.tell(records[0]["body"])

    records = house.receive()
    assert house.invoke_intake(records) == [records[0]["messageId"]]

    asset = house.get(client, asset_id)
    assert asset["stages"][0]["state"] == "dead"
    assert (asset["status"], asset["error"]["code"]) == ("failed", "attempts_spent")


def test_an_outage_of_the_store_is_waited_for(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, TEXT)
    records = house.receive()
    with monkeypatch.context() as outage:
        cut_off(outage, "GetObject")
        assert house.invoke_intake(records) == [records[0]["messageId"]]

    stage = house.get(client, asset_id)["stages"][0]
    assert (stage["state"], stage["error"]["retryable"]) == ("failed", True)
    assert house.get(client, asset_id)["status"] == "processing"
    assert house.invoke_intake(receive_at_once(house, records)) == []
    assert house.get(client, asset_id)["status"] == "ready"
    assert "asset.failed" not in events_of(client, asset_id)


def test_a_stage_out_of_attempts_is_dead_until_an_operator_redrives_it(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = house.client("operator", owner="ops")
    listener = listen(house)
    asset_id = house.upload(client, TEXT)
    with monkeypatch.context() as outage:
        cut_off(outage, "GetObject")
        spend_all_attempts(house)

    asset = house.get(client, asset_id)
    assert (asset["status"], asset["error"]["code"]) == ("failed", "unavailable")
    assert asset["error"]["retryable"] is True
    status = f"/api/v1/ingest/{asset['job_id']}/status"
    assert client.get(status).json()["status"] == "failed"
    dead = operator.get("/api/v1/admin/dlq/intake").json()
    assert [letter["asset_id"] for letter in dead["messages"]] == [str(asset_id)]
    assert [(of["asset_id"], of["owner"], of["attempt"]) for of in dead["stages"]] == [
        (str(asset_id), "ada", RECEIVES)
    ]
    queue = operator.get("/api/v1/admin/queues").json()["items"][0]
    assert (queue["dead_letters"]["waiting"], queue["dead_stages"]) == (1, 1)

    redriven = operator.post("/api/v1/admin/dlq/intake/redrive").json()
    again = operator.post("/api/v1/admin/dlq/intake/redrive").json()
    house.run_queues()

    assert redriven == {"messages": 1, "stages": 1}
    assert again == {"messages": 0, "stages": 0}
    assert house.get(client, asset_id)["status"] == "ready"
    assert client.get(status).json()["status"] == "failed"
    assert operator.get("/api/v1/admin/dlq/intake").json() == {"messages": [], "stages": []}
    assert events_of(client, asset_id) == [
        "asset.announced",
        *["stage.started", "stage.failed"] * 2,
        *["stage.started", "stage.dead", "asset.failed"],
        "stage.redriven",
        *["stage.started", "stage.done", "asset.ready"],
    ]
    lineage = client.get(f"/api/v1/objects/{asset_id}/lineage").json()["items"]
    started = [entry["attempt"] for entry in lineage if entry["event"] == "stage.started"]
    assert started == [1, 2, 3, 4]
    assert [told["type"] for told in listener.heard()] == ["asset.failed", "asset.ready"]


def test_an_unforeseen_error_keeps_its_words_to_the_log(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, TEXT)
    records = house.receive()
    with monkeypatch.context() as accident:
        cut_off(accident, "GetObject", ValueError("the password is mammoth"))
        assert house.invoke_intake(records) == [records[0]["messageId"]]

    error = house.get(client, asset_id)["stages"][0]["error"]
    assert error["code"] == "internal_error"
    assert "mammoth" not in error["detail"]
    assert error["retryable"] is True


# --- one request, one id


def test_one_id_joins_request_object_messages_lineage_and_log(
    house: House, log: Callable[[], list[dict[str, Any]]]
) -> None:
    client = house.client()
    client.headers["X-Request-Id"] = "trunk-7"
    [system_id] = client.post("/api/v1/ingest", json={"a": 1}).json()["system_ids"]
    key = f"incoming/ada/{system_id}"
    head = house.s3.head_object(Bucket=RAW_BUCKET, Key=key)
    assert head["Metadata"]["request-id"] == "trunk-7"
    house.tell(object_created(key, head["VersionId"], head["ContentLength"]))
    del client.headers["X-Request-Id"]

    house.context.seconds = 1
    house.invoke_intake(house.receive())
    house.context.seconds = 300
    [wake_up] = house.receive()
    house.invoke_intake([wake_up])
    house.run_queues("schema")

    assert wake_up["messageAttributes"]["request_id"]["stringValue"] == "trunk-7"
    lineage = client.get(f"/api/v1/objects/{system_id}/lineage").json()["items"]
    assert {entry["request_id"] for entry in lineage} == {"trunk-7"}
    assert "asset.ready" in [entry["event"] for entry in lineage]
    about_it = [line for line in log() if line.get("asset_id") == system_id]
    assert "stage done" in [line["message"] for line in about_it]
    assert {line["request_id"] for line in about_it} == {"trunk-7"}
