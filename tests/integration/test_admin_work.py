"""What ended and how fast, what failed and why, and trying it again, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from tests.house import House
from tests.integration.test_errors import BASE, assert_problem
from tests.samples import PNG, png

pytestmark = pytest.mark.xdist_group("models")

FAILURES = f"{BASE}/admin/failures"
THROUGHPUT = f"{BASE}/admin/throughput"
REPLAY = f"{BASE}/admin/replay"


def failures(client: TestClient, **params: Any) -> list[dict[str, Any]]:
    answer = client.get(FAILURES, params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def replay(client: TestClient, **selection: Any) -> dict[str, Any]:
    answer = client.post(REPLAY, json=selection)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    return told


def fail(house: House, ids: Sequence[UUID], stage: str, code: str, state: str = "failed") -> None:
    """The stage of each ended so, one after the other."""
    for place, asset_id in enumerate(ids):
        house.rows(
            "UPDATE stage SET state = %s, error_code = %s, error_detail = 'it broke',"
            " retryable = false, finished_at = now() - make_interval(secs => %s)"
            " WHERE asset_id = %s AND name = %s",
            state,
            code,
            60 - place,
            asset_id,
            stage,
        )


def texts(house: House, client: TestClient, number: int) -> list[UUID]:
    made = [
        house.upload(client, f"text {place}".encode(), filename=f"{place}.txt")
        for place in range(number)
    ]
    house.run_queues("intake")
    return made


def states(house: House, name: str) -> dict[UUID, str]:
    rows = house.rows("SELECT asset_id, state FROM stage WHERE name = %s", name)
    return {row["asset_id"]: row["state"] for row in rows}


# --- failures


def test_failures_are_grouped_by_their_reason_the_last_first(house: House) -> None:
    client = house.client()
    ids = texts(house, client, 6)
    fail(house, ids[:3], "intake", "unavailable", "dead")
    fail(house, ids[3:5], "intake", "broken_file")

    groups = failures(client)

    assert [
        (group["stage"], group["code"], group["failures"], group["dead"], group["retryable"])
        for group in groups
    ] == [
        ("intake", "unavailable", 3, 3, True),
        ("intake", "broken_file", 2, 0, False),
    ]
    assert [group["system_id"] for group in groups] == [str(ids[2]), str(ids[4])]
    assert {group["detail"] for group in groups} == {"it broke"}
    client.delete(f"{BASE}/objects/{ids[2]}")
    assert failures(client)[-1]["failures"] == 2
    assert failures(client, limit=1) == failures(client)[:1]


def test_the_objects_of_one_reason_are_listed_page_by_page(house: House) -> None:
    client = house.client()
    ids = texts(house, client, 5)
    fail(house, ids, "intake", "broken_file")
    house.rows(
        "INSERT INTO stage (owner, asset_id, name, space, part, state, request_id, finished_at,"
        " error_code, error_detail) SELECT owner, asset_id, name, 'other', 7, 'dead', request_id,"
        " finished_at, error_code, 'the other' FROM stage WHERE asset_id = %s",
        ids[0],
    )
    found, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"{FAILURES}/intake/broken_file", params=params).json()
        found += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break

    assert [each["system_id"] for each in found] == [str(each) for each in reversed(ids)]
    assert (found[-1]["space"], found[-1]["part"], found[-1]["detail"]) == ("other", 7, "the other")
    assert found[0]["filename"] == "4.txt"
    assert client.get(f"{FAILURES}/intake/other").json()["items"] == []
    assert client.get(f"{FAILURES}/embed/broken_file").json()["items"] == []


def test_only_operators_see_what_is_of_all(house: House) -> None:
    ada, bob, operator = house.client(), house.client(owner="bob"), house.client("operator", "zoe")
    for client in (ada, bob):
        fail(house, texts(house, client, 2), "intake", "broken_file")

    assert [failures(client)[0]["failures"] for client in (ada, bob)] == [2, 2]
    assert failures(operator) == []
    assert failures(operator, all_owners=True)[0]["failures"] == 4
    assert failures(operator, owner="bob") == failures(bob)
    ended = operator.get(THROUGHPUT, params={"all_owners": True}).json()["items"]
    assert sum(each["ended"] for each in ended) == 4
    for path in (FAILURES, THROUGHPUT):
        assert_problem(ada.get(path, params={"all_owners": True}), 403)


# --- throughput


def test_what_ended_is_told_by_time_and_stage(house: House) -> None:
    client = house.client()
    ids = texts(house, client, 21)
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for place, asset_id in enumerate(ids):
        house.rows(
            "UPDATE stage SET finished_at = %s, milliseconds = %s, state = %s WHERE asset_id = %s",
            noon + timedelta(minutes=3 * place),
            100 * (place + 1),
            "dead" if place == 3 else "skipped" if place == 20 else "done",
            asset_id,
        )
    span = {"from": noon.isoformat(), "to": (noon + timedelta(hours=2)).isoformat()}

    hours = client.get(THROUGHPUT, params=span).json()

    # The twentieth ends at 12:57; the last, which was skipped, at 13:00.
    assert hours["items"] == [
        {
            "stage": "intake",
            "at": "2026-03-01T12:00:00Z",
            "ended": 20,
            "failed": 1,
            "median_ms": 1000,
            "p95_ms": 1900,
        }
    ]
    minutes = client.get(THROUGHPUT, params={**span, "bucket": "minute"}).json()["items"]
    assert [each["at"][11:16] for each in minutes[:3]] == ["12:00", "12:03", "12:06"]
    until = {**span, "to": "2026-03-01T12:03:00Z", "bucket": "day"}
    [day] = client.get(THROUGHPUT, params=until).json()["items"]
    assert (day["at"], day["ended"]) == ("2026-03-01T00:00:00Z", 1)
    assert client.get(THROUGHPUT).json()["items"] == []
    far = {"from": "2000-01-01T00:00:00Z", "bucket": "minute"}
    assert assert_problem(client.get(THROUGHPUT, params=far), 422)["code"] == "too_many_buckets"
    first = {"to": "0001-01-01T00:00:00Z"}
    assert assert_problem(client.get(THROUGHPUT, params=first), 422)["code"] == "invalid_range"


# --- workers


def test_operators_see_which_worker_stands_still_and_since_when(house: House) -> None:
    operator = house.client("operator", "zoe")
    asset_id = house.upload(house.client(), PNG, filename="a.png")
    house.run_queues("intake")
    house.rows("UPDATE stage SET queued_at = now() - interval '1 hour' WHERE name = 'embed'")

    def queues() -> dict[str, dict[str, Any]]:
        answer = operator.get(f"{BASE}/admin/queues")
        assert answer.status_code == 200, answer.text
        return {one["name"]: one for one in answer.json()["items"]}

    now = queues()
    waits = datetime.now(UTC) - datetime.fromisoformat(now["embed"]["oldest_waiting_at"])
    assert (now["embed"]["condition"], now["embed"]["queue"]["waiting"]) == ("stuck", 1)
    assert timedelta(minutes=59) < waits < timedelta(minutes=61)
    intake = now["intake"]
    assert (intake["condition"], intake["ended_lately"], intake["failed_lately"]) == ("idle", 1, 0)
    assert (intake["oldest_waiting_at"], intake["oldest_dead_at"]) == (None, None)

    fail(house, [asset_id], "embed", "unavailable", "dead")
    assert queues()["embed"]["oldest_waiting_at"] is None
    died = datetime.now(UTC) - datetime.fromisoformat(queues()["embed"]["oldest_dead_at"])
    assert timedelta(seconds=59) < died < timedelta(seconds=90)


# --- replaying many


def test_what_failed_is_tried_again_and_once(house: House) -> None:
    client = house.client()
    ids = texts(house, client, 4)
    fail(house, ids[:2], "intake", "unavailable", "dead")
    fail(house, ids[2:3], "intake", "broken_file")

    first = replay(client, code="unavailable")
    second = replay(client, code="unavailable")

    assert first == {"matched": 2, "queued": 2, "refused": [], "next_cursor": None}
    assert second == {"matched": 0, "queued": 0, "refused": [], "next_cursor": None}
    assert len(house.receive("intake")) == 2
    assert list(states(house, "intake").values()).count("queued") == 2
    replayed = house.rows("SELECT asset_id, actor FROM lineage WHERE event = 'stage.replayed'")
    assert {row["asset_id"] for row in replayed} == set(ids[:2])
    me = client.get(f"{BASE}/keys/current").json()["key_id"]
    assert {row["actor"] for row in replayed} == {f"key:{me}"}


def test_a_replay_goes_on_behind_its_cursor(house: House) -> None:
    client = house.client()
    ids = texts(house, client, 5)
    matched, cursor = [], None
    # What was done is queued once in a walk, however soon it is done again.
    while True:
        told = replay(client, stage="intake", done=True, limit=2, cursor=cursor)
        matched.append(told["matched"])
        house.run_queues("intake")
        if (cursor := told["next_cursor"]) is None:
            break

    assert matched == [2, 2, 1]
    rows = house.rows("SELECT attempt FROM stage WHERE name = 'intake'")
    assert [row["attempt"] for row in rows] == [2] * len(ids)


def test_a_replay_of_what_is_done_may_be_repeated(house: House) -> None:
    client = house.client()
    texts(house, client, 2)
    again = {"stage": "intake", "done": True, "ended_before": datetime.now(UTC).isoformat()}

    assert replay(client, **again)["queued"] == 2
    house.run_queues("intake")
    assert replay(client, **again)["queued"] == 0
    assert_problem(client.post(REPLAY, json={"done": True}), 422)


def test_a_selection_narrows_by_all_it_names(house: House) -> None:
    client, other = house.client(), house.client(owner="bob")
    ids = texts(house, client, 3)
    [document] = [house.upload(client, b'{"a": 1}', filename="a.json", collection="things")]
    house.run_queues("intake")
    foreign = texts(house, other, 1)
    fail(house, [*ids, document, *foreign], "intake", "unavailable", "dead")
    client.delete(f"{BASE}/objects/{ids[2]}")

    for selection, matched in (
        ({"stage": "embed"}, []),
        ({"space": "s"}, []),
        ({"code": "other"}, []),
        ({"kind": "json"}, [document]),
        ({"collection": "things"}, []),
        ({"system_ids": [str(ids[0]), str(foreign[0])]}, [ids[0]]),
        ({"stage": "intake", "space": ""}, [ids[1]]),
    ):
        told = replay(client, **selection)
        assert told["matched"] == told["queued"] == len(matched), selection
        queued = {key for key, state in states(house, "intake").items() if state == "queued"}
        assert set(matched) <= queued, selection
    assert states(house, "intake")[foreign[0]] == "dead"
    assert states(house, "intake")[ids[2]] == "dead"


def test_what_people_decided_outlives_a_replay(house: House) -> None:
    client = house.client()
    picture = house.upload(client, PNG)
    other = house.upload(client, png(shade=90))
    house.run_queues()
    shown = house.get(client, picture)
    machine = [tag["label"] for tag in shown["tags"]]
    edit = {"tags": {"add": ["trunk"], "remove": machine[:1]}, "rating": 4}
    client.patch(f"{BASE}/objects/{picture}", json=edit)
    made = client.post(f"{BASE}/objects/{picture}/move", json={"cluster_id": None}).json()
    house.run_queues()
    before = house.get(client, picture)

    for stage in ("embed", "tag", "cluster"):
        replay(client, stage=stage, done=True)
        house.run_queues()

    after = house.get(client, picture)
    for name in ("tags", "rating", "cluster", "status"):
        assert after[name] == before[name], name
    assert after["cluster"]["id"] == made["cluster_id"]
    assert "trunk" in [tag["label"] for tag in after["tags"]]
    attempts = {stage["name"]: stage["attempt"] for stage in after["stages"]}
    assert all(attempts[stage] == 2 for stage in ("embed", "tag", "cluster")), attempts
    assert house.get(client, other)["status"] == "ready"


def test_a_caption_is_refused_where_captions_are_off(house: House) -> None:
    client = house.client()
    [text] = texts(house, client, 1)
    house.rows(
        "INSERT INTO stage (owner, asset_id, name, state, request_id, optional, finished_at,"
        " error_code) VALUES ('ada', %s, 'caption', 'dead', 'r', true, now(), 'gone')",
        text,
    )

    told = replay(client, stage="caption")

    assert (told["matched"], told["queued"]) == (1, 0)
    assert [(each["system_id"], each["code"]) for each in told["refused"]] == [
        (str(text), "captions_off")
    ]
    assert states(house, "caption")[text] == "dead"


def test_replays_at_the_same_time_queue_each_stage_once(house: House) -> None:
    client = house.client()
    ids = texts(house, client, 6)
    fail(house, ids, "intake", "unavailable", "dead")

    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(lambda _: replay(client, code="unavailable"), range(3)))

    assert sum(each["queued"] for each in told) == 6
    [row] = house.rows("SELECT count(*) AS n FROM lineage WHERE event = 'stage.replayed'")
    assert row["n"] == 6


# --- dead letters


def test_redrives_at_the_same_time_revive_each_stage_once(house: House) -> None:
    client, operator = house.client(), house.client("operator", owner="zoe")
    ids = texts(house, client, 6)
    fail(house, ids, "intake", "unavailable", "dead")

    with ThreadPoolExecutor(3) as pool:
        redrive = f"{BASE}/admin/dlq/intake/redrive"
        told = list(pool.map(lambda _: operator.post(redrive).json(), range(3)))

    assert sum(each["stages"] for each in told) == 6
    rows = house.rows("SELECT asset_id, attempt FROM lineage WHERE event = 'stage.redriven'")
    assert sorted((row["asset_id"], row["attempt"]) for row in rows) == sorted(
        (each, 1) for each in ids
    )
    assert operator.post(redrive).json() == {"messages": 0, "stages": 0}
