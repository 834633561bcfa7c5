"""What people do with a running stack, and what it makes of it."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

import httpx2
import psycopg

from infra.topology import WORKERS
from tests.e2e.stack import LocalStack, wait_for


def unique(text: str = "") -> bytes:
    """Bytes nobody sent before: tests share the stack, and duplicates are recognised."""
    return text.encode() + os.urandom(24).hex().encode()


def lineage(stack: LocalStack, system_id: str) -> list[str]:
    items = stack.http.get(f"objects/{system_id}/lineage").json()["items"]
    return [item["event"] for item in items]


def test_a_presigned_upload_becomes_ready_and_can_be_downloaded(stack: LocalStack) -> None:
    content = unique("a letter ")

    system_id = stack.upload("letter.txt", content, content_type="text/plain")

    found = stack.settled(system_id)
    assert (found["status"], found["kind"]) == ("ready", "other")
    assert lineage(stack, system_id) == [
        "asset.announced",
        "stage.started",
        "stage.done",
        "asset.ready",
    ]
    assert httpx2.get(found["uri"]).content == content
    redirected = stack.http.get(f"objects/{system_id}/content", follow_redirects=False)
    assert redirected.status_code == 302


def test_the_store_refuses_what_was_not_announced(stack: LocalStack) -> None:
    upload = stack.announce(filename="a.txt", content_type="text/plain", size_bytes=10)

    too_long = httpx2.post(upload["url"], data=upload["fields"], files={"file": b"x" * 11})
    other_key = httpx2.post(
        upload["url"],
        data={**upload["fields"], "key": "incoming/eve/stolen"},
        files={"file": b"x" * 10},
    )

    assert too_long.status_code == 400
    assert other_key.status_code == 403


def test_a_multipart_upload_of_30_mb(stack: LocalStack) -> None:
    content = b"\0film" + os.urandom(29_999_995)
    upload = stack.announce(
        filename="film.bin", size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
    )
    assert upload["method"] == "MULTIPART"
    size = upload["part_size"]
    page = stack.http.get(f"uploads/{upload['system_id']}/parts", params={"from": 3}).json()
    addresses = {part["number"]: part["url"] for part in [*upload["parts"], *page["parts"]]}
    assert sorted(addresses) == list(range(1, upload["part_count"] + 1))

    parts = []
    for number, url in addresses.items():
        sent = httpx2.put(url, content=content[(number - 1) * size : number * size], timeout=60)
        parts.append({"number": number, "etag": sent.headers["etag"]})
    done = stack.http.post(f"uploads/{upload['system_id']}/complete", json={"parts": parts})

    assert done.status_code == 202, done.text
    found = stack.settled(upload["system_id"])
    assert (found["status"], found["size_bytes"]) == ("ready", len(content))
    again = stack.http.post(f"uploads/{upload['system_id']}/complete", json={"parts": parts})
    assert again.status_code == 202, again.text


def test_json_sent_to_the_api_becomes_one_asset_an_object(stack: LocalStack) -> None:
    one = '{"n": 1.0, "who": "' + unique().decode() + '"}'
    sent = f'[{one}, {{"n": 12345678901234567890123}}]'

    answer = stack.http.post(
        "ingest", content=sent, headers={"content-type": "application/json"}
    ).json()

    found = [stack.settled(system_id) for system_id in answer["system_ids"]]
    assert [(f["status"] in ("ready", "duplicate"), f["kind"]) for f in found] == [
        (True, "json"),
        (True, "json"),
    ]
    assert httpx2.get(found[1]["uri"]).text == '{"n": 12345678901234567890123}'
    status = stack.http.get(f"ingest/{answer['job_id']}/status").json()
    assert status["status"] == "done"


def test_a_file_copied_into_the_bucket_becomes_an_asset(stack: LocalStack) -> None:
    name = f"été + {unique().decode()}.json"

    stack.s3.put_object(
        Bucket=stack.raw_bucket, Key=f"drop/local/orders/{name}", Body=b'{"order": 1}' + unique(" ")
    )

    found = stack.dropped(name)
    assert (found["status"], found["kind"], found["collection"]) == ("ready", "json", "orders")
    assert lineage(stack, found["system_id"])[0] == "asset.dropped"


def test_the_same_bytes_twice_are_a_duplicate_and_the_third_time_not_sent(
    stack: LocalStack,
) -> None:
    content = unique("twice ")
    first = stack.settled(stack.upload("one.txt", content))

    second = stack.settled(stack.upload("two.txt", content))
    third = stack.announce(
        filename="three.txt", size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
    )

    assert second["status"] == "duplicate"
    assert second["duplicate_of"] == first["system_id"]
    assert (third["method"], third["reason"]) == ("NONE", "already_stored")
    assert third["duplicate_of"] == first["system_id"]


def test_a_wrong_hash_is_a_listed_failure_whose_bytes_are_kept(stack: LocalStack) -> None:
    content = unique("forged ")

    system_id = stack.upload("forged.txt", content, sha256="0" * 64)

    found = stack.settled(system_id)
    assert (found["status"], found["error"]["code"]) == ("failed", "hash_mismatch")
    assert httpx2.get(found["uri"]).content == content
    listed = stack.http.get("objects", params={"status": "failed"}).json()["items"]
    assert system_id in [item["system_id"] for item in listed]


def test_zero_bytes_are_refused_or_fail_with_the_reason(stack: LocalStack) -> None:
    answer = stack.http.post("uploads", json={"files": [{"filename": "a", "size_bytes": 0}]})
    name = f"empty-{unique().decode()}"
    stack.s3.put_object(Bucket=stack.raw_bucket, Key=f"drop/local/{name}", Body=b"")

    assert answer.status_code == 422
    assert stack.dropped(name)["error"]["code"] == "empty_object"


def test_an_abandoned_upload_expires(stack: LocalStack) -> None:
    upload = stack.announce(filename="never.txt", size_bytes=10)
    stack.rows(
        "UPDATE asset SET created_at = now() - interval '2 days' WHERE id = %s",
        upload["system_id"],
    )

    stack.sweep()

    found = stack.settled(upload["system_id"])
    assert (found["status"], found["error"]["code"]) == ("failed", "upload_expired")


def test_poison_reaches_the_dead_letters_and_is_redriven_once_mended(stack: LocalStack) -> None:
    # Given bytes whose asset is missing from the catalogue, so that nobody can take them in
    content = unique("orphan ")
    upload = stack.announce(filename="orphan.txt", size_bytes=len(content))
    system_id = upload["system_id"]
    asset = stack.rows("SELECT * FROM asset WHERE id = %s", system_id)[0]
    stack.rows("DELETE FROM asset WHERE id = %s", system_id)
    httpx2.post(upload["url"], data=upload["fields"], files={"file": content})

    # When its message has failed as often as its queue allows
    def dead() -> list[dict[str, Any]]:
        letters = stack.http.get("admin/dlq/intake").json()["messages"]
        return [letter for letter in letters if system_id in letter["body"]]

    assert wait_for(dead)[0]["asset_id"] == system_id
    # And the cause is mended and the dead letters are redriven, twice
    stack.rows(
        "INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status, filename)"
        " VALUES (%s, %s, %s, 0, %s, 'awaiting_upload', 'orphan.txt')",
        asset["owner"],
        asset["id"],
        asset["job_id"],
        asset["raw_id"],
    )
    redriven = wait_for(lambda: stack.http.post("admin/dlq/intake/redrive").json()["messages"])
    again = stack.http.post("admin/dlq/intake/redrive").json()

    # Then it is taken in
    assert redriven >= 1
    assert again["messages"] == 0
    assert stack.settled(system_id)["status"] == "ready"


def test_a_worker_killed_in_the_middle_of_a_message_loses_nothing(stack: LocalStack) -> None:
    # Given an intake that has claimed a drop and waits for the lock on its bytes, which we hold
    content, name = unique("interrupted "), f"{unique().decode()}.txt"
    lock = f"local:{hashlib.sha256(content).hexdigest()}"
    with psycopg.connect(stack.env["DATABASE_URL"]) as ours:
        ours.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])
        stack.s3.put_object(Bucket=stack.raw_bucket, Key=f"drop/local/{name}", Body=content)
        running = (
            "SELECT 1 AS x FROM stage JOIN asset ON id = asset_id AND stage.owner = asset.owner"
        )
        wait_for(lambda: stack.rows(running + " WHERE filename = %s AND state = 'running'", name))
        worker = stack.child(WORKERS[0].handler)

        # When its process is killed
        worker.kill()
        worker.wait()

    # Then another one takes the message over, and the drop becomes ready
    found = stack.dropped(name)
    assert found["status"] == "ready"
    assert found["stages"][0]["attempt"] == 2
    assert stack.child(WORKERS[0].handler).pid != worker.pid


def test_one_correlation_id_from_the_request_to_the_object_and_the_log(stack: LocalStack) -> None:
    content = unique("traced ")
    request_id = f"trace-{unique().decode()}"
    answer = stack.http.post(
        "uploads",
        json={"files": [{"filename": "traced.txt", "size_bytes": len(content)}]},
        headers={"X-Request-Id": request_id},
    )
    upload = answer.json()["uploads"][0]
    httpx2.post(upload["url"], data=upload["fields"], files={"file": content})
    stack.settled(upload["system_id"])

    items = stack.http.get(f"objects/{upload['system_id']}/lineage").json()["items"]
    stored = stack.s3.head_object(Bucket=stack.raw_bucket, Key=upload["fields"]["key"])
    logged = stack.logged("intake", request_id)
    assert answer.headers["X-Request-Id"] == request_id
    assert {item["request_id"] for item in items} == {request_id}
    assert stored["Metadata"]["request-id"] == request_id
    assert any(line["message"] == "stage done" for line in logged)


def test_others_are_told_over_the_bus(stack: LocalStack) -> None:
    # Given somebody who listens for assets that became ready
    queue = stack.sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = stack.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    bus = {"EventBusName": stack.env["EVENT_BUS"]}
    pattern = {"source": ["mammothbox"], "detail-type": ["asset.ready"]}
    stack.events.put_rule(Name="ready", EventPattern=json.dumps(pattern), **bus)
    target = {"Id": "listener", "Arn": arn["Attributes"]["QueueArn"]}
    stack.events.put_targets(Rule="ready", Targets=[target], **bus)

    # When an upload becomes ready
    system_id = stack.upload("told.txt", unique("told "))

    # Then they hear of it, and it is noted as published
    def heard() -> list[dict[str, Any]]:
        answer = stack.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        events = [json.loads(message["Body"]) for message in answer.get("Messages", [])]
        return [event for event in events if event["detail"]["system_id"] == system_id]

    (event,) = wait_for(heard)
    assert event["detail"]["owner"] == "local"
    noted = "SELECT 1 AS x FROM outbox WHERE id = %s AND sent_at IS NOT NULL"
    wait_for(lambda: stack.rows(noted, event["detail"]["id"]))
