"""Captions: ordered within a budget, asked for without the catalogue, and never in the way."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from mammothbox.settings import WorkerSettings, load
from starlette.testclient import TestClient

from infra.topology import LIBRARY_BUCKET
from tests.gemini_server import (
    GOOD,
    GOOD_TOKENS,
    KEY,
    MODEL,
    GeminiServer,
    blocked,
    error,
    gemini_server,
    retry_info,
)
from tests.house import House, event, forget_everything
from tests.samples import PNG, png

pytestmark = pytest.mark.xdist_group("models")


@pytest.fixture
def gemini(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[GeminiServer]:
    """Captions are on, and this answers for Gemini."""
    with gemini_server() as server:
        monkeypatch.setenv("CAPTIONS", "true")
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GEMINI_MODEL", MODEL)
        monkeypatch.setenv("GEMINI_URL", server.url)
        yield server


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client()


def used(house: House) -> tuple[int, int]:
    """Tokens reserved and spent."""
    rows = house.rows("SELECT reserved, spent FROM token_use")
    return sum(row["reserved"] for row in rows), sum(row["spent"] for row in rows)


def caption_stage(asset: dict[str, object]) -> dict[str, object]:
    stages = asset["stages"]
    assert isinstance(stages, list)
    return next(stage for stage in stages if stage["name"] == "caption")


def test_ready_does_not_wait_for_the_caption_that_comes(
    house: House, client: TestClient, gemini: GeminiServer
) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues("intake", "embed", "tag", "cluster")

    waiting = house.get(client, asset_id)
    reserved, spent = used(house)
    assert (waiting["status"], waiting["caption"], caption_stage(waiting)["state"]) == (
        "ready",
        None,
        "queued",
    )
    assert reserved > GOOD_TOKENS
    assert spent == 0

    house.run_queues()

    asset = house.get(client, asset_id)
    assert asset["caption"] == GOOD["caption"]
    assert asset["visible_text"] == GOOD["visible_text"]
    assert caption_stage(asset)["state"] == "done"
    tags = {tag["label"]: tag["source"] for tag in asset["tags"]}
    assert tags["dog"] == "caption"
    assert used(house) == (0, GOOD_TOKENS)


def test_a_picture_is_captioned_once(
    house: House, client: TestClient, gemini: GeminiServer
) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues()

    client.post(f"/api/v1/objects/{asset_id}/replay", json={"stages": ["embed", "caption"]})
    house.run_queues()

    assert len(gemini.requests) == 1
    assert house.get(client, asset_id)["caption"] == GOOD["caption"]


@pytest.mark.parametrize(("period", "said"), [("DAY", "daily"), ("MONTH", "monthly")])
def test_a_spent_budget_leaves_zero_shot_tags(
    house: House, gemini: GeminiServer, monkeypatch: pytest.MonkeyPatch, period: str, said: str
) -> None:
    client = house.client()
    # Enough for one picture and not for two.
    monkeypatch.setenv(f"CAPTION_TOKENS_A_{period}", "6000")
    first = house.upload(client, PNG)
    second = house.upload(client, png(shade=7))
    house.run_queues("intake", "embed")

    stages = [caption_stage(house.get(client, asset_id)) for asset_id in (first, second)]
    house.run_queues()

    assert sorted(str(stage["state"]) for stage in stages) == ["queued", "skipped"]
    skipped = next(stage for stage in stages if stage["state"] == "skipped")
    reason = skipped["error"]
    assert isinstance(reason, dict)
    assert reason["code"] == f"{said}_budget_spent"
    assert {house.get(client, asset_id)["status"] for asset_id in (first, second)} == {"ready"}
    assert len(gemini.requests) == 1


def test_what_the_captioner_refuses_is_ready_all_the_same(
    house: House, client: TestClient, gemini: GeminiServer
) -> None:
    gemini.replies.append(blocked("PROHIBITED_CONTENT", tokens=300))
    asset_id = house.upload(client, PNG)

    house.run_queues()

    asset = house.get(client, asset_id)
    assert (asset["status"], asset["caption"]) == ("ready", None)
    stage = caption_stage(asset)
    assert stage["state"] == "skipped"
    assert stage["error"] == {
        "code": "caption_refused",
        "detail": "The captioner gave no caption for this.",
        "retryable": False,
    }
    assert used(house) == (0, 300)
    # Asked for again, it is asked again.
    client.post(f"/api/v1/objects/{asset_id}/replay", json={"stages": ["caption"]})
    house.run_queues()
    assert house.get(client, asset_id)["caption"] == GOOD["caption"]
    assert used(house) == (0, 300 + GOOD_TOKENS)


def test_an_old_refusal_is_no_answer_to_a_new_order(
    house: House, client: TestClient, gemini: GeminiServer
) -> None:
    gemini.will(blocked("PROHIBITED_CONTENT", tokens=300))
    asset_id = house.upload(client, PNG)
    house.run_queues("intake", "embed", "caption")
    messages = house.receive("tag")
    assert house.invoke("tag", messages) == []
    path = f"derived/{asset_id}/caption.json"
    old = house.s3.get_object(Bucket=LIBRARY_BUCKET, Key=path)["Body"].read()
    before = json.dumps({**json.loads(old), "at": "2026-03-01T12:00:00Z"})
    house.s3.put_object(Bucket=LIBRARY_BUCKET, Key=path, Body=before)

    client.post(f"/api/v1/objects/{asset_id}/replay", json={"stages": ["caption"]})
    # The message that brought the refusal comes again, more often than a stage is tried.
    max_receives = load(WorkerSettings).max_receives
    for _ in range(max_receives + 1):
        assert house.invoke("tag", messages) == []
    assert caption_stage(house.get(client, asset_id))["state"] == "queued"
    house.run_queues()

    asset = house.get(client, asset_id)
    assert (asset["caption"], caption_stage(asset)["state"]) == (GOOD["caption"], "done")
    assert len(gemini.requests) == 2
    assert used(house) == (0, 300 + GOOD_TOKENS)


@pytest.mark.prove
def test_a_captioner_that_is_down_is_given_up_on_at_the_last_try(
    house: House, client: TestClient, gemini: GeminiServer
) -> None:
    gemini.replies.extend([error(503, "UNAVAILABLE")] * 20)
    asset_id = house.upload(client, PNG)
    house.run_queues("intake", "embed")
    [record] = house.receive("caption")

    assert house.invoke("caption", [record]) == [record["messageId"]]
    assert house.get(client, asset_id)["caption"] is None
    record["attributes"]["ApproximateReceiveCount"] = "3"
    assert house.invoke("caption", [record]) == []
    house.run_queues("tag", "cluster")

    asset = house.get(client, asset_id)
    assert asset["status"] == "ready"
    assert caption_stage(asset)["state"] == "skipped"
    assert used(house) == (0, 0)


def test_pictures_wait_for_a_captioner_that_takes_no_more_for_now(
    house: House, client: TestClient, gemini: GeminiServer
) -> None:
    """Nobody looked at them, so that they are not given up; the janitor wakes them again."""
    gemini.will(error(429, "RESOURCE_EXHAUSTED", details=(retry_info("600s"),)))
    ids = [house.upload(client, PNG), house.upload(client, png(shade=7))]
    house.run_queues("intake", "embed")
    records = house.receive("caption")

    for receives in ("1", "2", "3"):
        for record in records:
            record["attributes"]["ApproximateReceiveCount"] = receives
        failed = house.invoke("caption", records)

    assert failed == []
    house.run_queues("tag", "cluster")
    assert len(gemini.requests) == 1
    assert {caption_stage(house.get(client, each))["state"] for each in ids} == {"queued"}
    forget_everything()
    house.rows("UPDATE stage SET woken_at = now() - interval '2 hours' WHERE name = 'caption'")
    house.sweep()
    house.run_queues()
    assert {house.get(client, each)["caption"] for each in ids} == {GOOD["caption"]}


def test_the_caption_function_needs_no_way_to_the_catalogue(
    house: House, client: TestClient, gemini: GeminiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.upload(client, PNG)
    house.run_queues("intake", "embed")
    records = house.receive("caption")
    before = dict(house.rows("SELECT state FROM stage WHERE name = 'caption'")[0])

    with monkeypatch.context() as patched:
        patched.setattr(
            "psycopg.connect", lambda *_, **__: pytest.fail("there is no way to the catalogue")
        )
        assert house.invoke("caption", records) == []

    assert before == {"state": "queued"}
    listed = house.s3.list_objects_v2(Bucket=LIBRARY_BUCKET)["Contents"]
    assert any(item["Key"].endswith("/caption.json") for item in listed)


def test_without_a_key_nothing_is_ordered(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, PNG)

    house.run_queues()

    assert "caption" not in {stage["name"] for stage in house.get(client, asset_id)["stages"]}


def test_what_was_ordered_before_captions_were_switched_off_gets_none(
    house: House, client: TestClient, gemini: GeminiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues("intake", "embed")
    monkeypatch.setenv("CAPTIONS", "false")
    monkeypatch.delenv("GEMINI_API_KEY")

    house.run_queues()

    stage = caption_stage(house.get(client, asset_id))
    reason = stage["error"]
    assert isinstance(reason, dict)
    assert (stage["state"], reason["code"]) == ("skipped", "captions_off")
    assert (gemini.requests, used(house)) == ([], (0, 0))


def test_a_file_nobody_could_have_written_fails_the_stage_alone(
    house: House, client: TestClient, gemini: GeminiServer
) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues("intake", "embed")
    house.s3.put_object(Bucket=LIBRARY_BUCKET, Key=f"derived/{asset_id}/caption.json", Body=b"{}")
    message = house.receive("caption")[0]["body"]
    house.sqs.send_message(QueueUrl=house.queue_urls["tag"], MessageBody=message)
    house.run_queues("tag", "cluster")

    asset = house.get(client, asset_id)
    assert asset["status"] == "ready"
    assert caption_stage(asset)["state"] == "failed"


def test_messages_for_others_are_refused(house: House, gemini: GeminiServer) -> None:
    for name in ("caption", "tag"):
        for body in ("{}", event("s3_test_event.json")):
            house.sqs.send_message(QueueUrl=house.queue_urls[name], MessageBody=body)
        records = house.receive(name)
        assert len(house.invoke(name, records)) == 2
    assert gemini.requests == []
