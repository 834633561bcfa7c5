"""The library: finding things, downloading, trashing, purging and replaying them."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID, uuid4

import pytest
from starlette.testclient import TestClient

from infra.topology import RAW_BUCKET
from tests.house import House, object_created
from tests.integration.outside import cut_off, listen
from tests.samples import PNG

TEXT = b"What the mammoth saw."
SHA256 = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client()


def names(client: TestClient, **filters: Any) -> list[str]:
    """What a list shows, in its order."""
    answer = client.get("/api/v1/objects", params=filters)
    assert answer.status_code == 200, answer.text
    return [item["filename"] for item in answer.json()["items"]]


def where(asset_id: UUID) -> str:
    return f"/api/v1/objects/{asset_id}"


def versions(house: House) -> list[str]:
    listed = house.s3.list_object_versions(Bucket=RAW_BUCKET)
    return [item["Key"] for item in listed.get("Versions", []) + listed.get("DeleteMarkers", [])]


def ready(house: House, client: TestClient, content: bytes = TEXT, **file: Any) -> UUID:
    asset_id = house.upload(client, content, **file)
    house.run_queues()
    return asset_id


# --- lists


def test_each_filter_narrows_the_list(house: House, client: TestClient) -> None:
    attic = {"filename": "a.png", "content_type": "image/png", "collection": "attic"}
    picture = house.get(client, ready(house, client, PNG, **attic))
    house.put("drop/ada/cellar/d.txt", TEXT)
    house.run_queues()
    [original] = client.get("/api/v1/objects?collection=cellar").json()["items"]
    ready(house, client, filename="e.txt")
    ready(house, client, b'{"a": 1}', filename="j.json", collection="attic", sha256="0" * 64)
    trashed = ready(house, client, b"old", filename="old.txt")
    client.delete(where(trashed))
    ready(house, house.client(owner="bob"), filename="of bob.txt")
    house.upload(client, TEXT, filename="late.txt")

    everything = ["late.txt", "j.json", "e.txt", "d.txt", "a.png"]
    for expected, filters in (
        (everything, {}),
        (["a.png"], {"kind": "image"}),
        (["e.txt", "d.txt"], {"kind": "other"}),
        (["late.txt"], {"status": "awaiting_upload"}),
        (["j.json"], {"status": "failed"}),
        (["e.txt"], {"status": "duplicate"}),
        (["e.txt", "d.txt"], {"content_type": "text/plain"}),
        (["j.json", "a.png"], {"collection": "attic"}),
        (["e.txt", "d.txt"], {"sha256": SHA256}),
        (["a.png"], {"job_id": picture["job_id"]}),
        (["e.txt"], {"duplicate_of": original["system_id"]}),
        (["e.txt"], {"duplicates": "only"}),
        (["late.txt", "j.json", "d.txt", "a.png"], {"duplicates": "exclude"}),
        (everything[:-1], {"from": original["created_at"]}),
        (["a.png"], {"to": original["created_at"]}),
        (["d.txt"], {"from": original["created_at"], "duplicates": "exclude", "sha256": SHA256}),
        (["a.png"], {"collection": "attic", "kind": "image", "status": "ready"}),
        ([], {"collection": "attic", "kind": "video"}),
        (["old.txt"], {"trashed": True}),
        ([], {"trashed": True, "kind": "image"}),
    ):
        assert names(client, **filters) == expected, filters


def test_a_folder_that_cannot_name_a_collection_costs_no_file(
    house: House, client: TestClient
) -> None:
    house.put("drop/ada/two\tcolumns/a.txt", TEXT)
    house.run_queues("intake")

    [item] = client.get("/api/v1/objects").json()["items"]

    assert (item["filename"], item["status"], item["collection"]) == ("a.txt", "ready", None)
    refused = client.get("/api/v1/objects", params={"collection": "two\tcolumns"})
    assert [error["field"] for error in refused.json()["errors"]] == ["query.collection"]


def test_pages_neither_repeat_nor_skip_while_the_library_grows(
    house: House, client: TestClient
) -> None:
    # Files of one request share their moment, so only their ids tell them apart.
    files = [{"filename": f"{number}.bin", "size_bytes": 9} for number in range(7)]
    client.post("/api/v1/uploads", json={"files": files})
    house.upload(client, TEXT, filename="newest.bin")
    before = names(client)
    seen: list[str] = []
    cursor: str | None = None

    for _ in range(len(before)):
        page = client.get(
            "/api/v1/objects", params={"limit": 3} | ({"cursor": cursor} if cursor else {})
        ).json()
        seen += [item["filename"] for item in page["items"]]
        house.upload(client, TEXT, filename="meanwhile.bin")
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == before
    assert len(set(seen)) == 8


def cursor_of(plain: str) -> str:
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def test_a_cursor_nobody_gave_out_is_refused(client: TestClient) -> None:
    for cursor in (
        "x",
        "ä",
        "AAAA",
        cursor_of("yesterday nothing"),
        cursor_of(f"2026-11-21T08:15:30 {uuid4()}"),
        cursor_of("2026-11-21T08:15:30+00:00 not-an-id"),
    ):
        refused = client.get("/api/v1/objects", params={"cursor": cursor})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_cursor"), cursor


def test_times_at_the_ends_of_time_are_times(client: TestClient) -> None:
    for moment in (
        "0001-01-01T00:00:00+00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59+00:00",
        "9999-12-31T23:59:59-12:00",
        "2026-11-21T08:15:30+23:59",
        "2026-11-21T08:15:30-23:59",
    ):
        for filters in (
            {"from": moment},
            {"to": moment},
            {"cursor": cursor_of(f"{moment} {uuid4()}")},
        ):
            assert names(client, **filters) == [], filters


# --- content


def test_content_leads_to_the_bytes_as_they_came(house: House, client: TestClient) -> None:
    asset_id = ready(house, client, filename="mammoth été.txt")

    answer = client.get(f"{where(asset_id)}/content")

    assert answer.status_code == 302
    assert answer.headers["Cache-Control"] == "no-store"
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert asked["response-content-type"] == ["text/plain"]
    key = f"incoming/ada/{asset_id}"
    version = house.s3.get_object(Bucket=RAW_BUCKET, Key=key, VersionId=asked["versionId"][0])
    assert version["Body"].read() == TEXT
    name = asked["response-content-disposition"][0].partition("filename*=UTF-8''")[2]
    assert unquote(name) == "mammoth été.txt"


def test_a_name_cannot_lead_a_browser_astray(house: House, client: TestClient) -> None:
    for filename in (
        "../../etc/passwd",
        "..\\..\\boot.ini",
        'a"; filename="evil.exe',
        "invoice\u202etxt.exe",
        "...",
        "x" * 1024,
    ):
        asset_id = ready(house, client, filename.encode(), filename=filename)
        answer = client.get(f"{where(asset_id)}/content")
        asked = parse_qs(urlsplit(answer.headers["Location"]).query)
        [disposition] = asked["response-content-disposition"]
        told = re.fullmatch(
            r"attachment; filename=\"([ -~]+)\"; filename\*=UTF-8''(\S+)", disposition
        )
        assert told is not None, disposition
        for name in (told[1], unquote(told[2])):
            assert 0 < len(name) <= 200
            assert not set(name) & set('/\\"\u202e'), filename
            assert name.strip(".") != ""
        assert house.get(client, asset_id)["filename"] == filename


def test_there_is_no_content_before_the_bytes_have_come(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, TEXT)

    early = client.get(f"{where(asset_id)}/content")

    assert (early.status_code, early.json()["code"]) == (409, "not_received")


# --- trash


def test_what_is_trashed_can_be_restored(house: House, client: TestClient) -> None:
    asset_id = ready(house, client, filename="a.txt")

    for _ in range(2):
        assert client.delete(where(asset_id)).status_code == 204
        assert names(client) == []
        assert names(client, trashed=True) == ["a.txt"]
    assert house.get(client, asset_id)["trashed_at"] is not None
    for _ in range(2):
        restored = client.post(f"{where(asset_id)}/restore")
        assert (restored.status_code, restored.json()["trashed_at"]) == (200, None)
        assert restored.json()["status"] == "ready"
    assert names(client) == ["a.txt"]
    lineage = client.get(f"{where(asset_id)}/lineage").json()["items"]
    assert [entry["event"] for entry in lineage][-2:] == ["asset.trashed", "asset.restored"]
    assert {entry["actor"][:4] for entry in lineage[-2:]} == {"key:"}


def test_the_oldest_duplicate_takes_the_place_of_a_trashed_original(
    house: House, client: TestClient
) -> None:
    original, second, third = (ready(house, client) for _ in range(3))

    client.delete(where(original))

    assert house.get(client, second)["status"] == "ready"
    assert house.get(client, third)["duplicate_of"] == str(second)
    announced = {"files": [{"filename": "b", "size_bytes": len(TEXT), "sha256": SHA256}]}
    upload = client.post("/api/v1/uploads", json=announced).json()["uploads"][0]
    assert upload["duplicate_of"] == str(second)
    returned = client.post(f"{where(original)}/restore").json()
    assert (returned["status"], returned["duplicate_of"]) == ("duplicate", str(second))


# --- purge


def test_a_purge_erases_everything_but_ids(house: House, client: TestClient) -> None:
    listener = listen(house)
    files = [{"filename": "secret.txt", "size_bytes": len(TEXT)}]
    body = {"files": files, "comments": "nobody must know"}
    told = client.post("/api/v1/uploads", json=body).json()
    key = told["uploads"][0]["fields"]["key"]
    house.put(key, TEXT)
    house.run_queues()
    house.store(key, b"a second version")
    asset_id = UUID(told["uploads"][0]["system_id"])

    purged = client.delete(f"{where(asset_id)}?purge=true")

    assert purged.status_code == 204
    assert versions(house) == []
    assert client.get(where(asset_id)).status_code == 404
    assert client.delete(f"{where(asset_id)}?purge=true").status_code == 404
    assert names(client) == names(client, trashed=True) == []
    status = client.get(f"/api/v1/ingest/{told['job_id']}/status").json()
    assert (status["comments"], status["objects"], status["status"]) == (None, [], "done")
    lineage = client.get(f"{where(asset_id)}/lineage")
    assert lineage.json()["items"][-1]["event"] == "asset.purged"
    for table in ("asset", "asset_raw", "stage", "job", "lineage", "outbox"):
        rows = house.rows(f"SELECT * FROM {table}")
        assert "secret" not in str(rows), table
        assert "nobody must know" not in str(rows), table
        assert SHA256 not in str(rows), table
    assert [event["type"] for event in listener.heard()] == ["asset.ready"]


def test_the_oldest_duplicate_takes_the_place_of_a_purged_original(
    house: House, client: TestClient
) -> None:
    original = ready(house, client)
    second = ready(house, client)
    announced = {"files": [{"filename": "b", "size_bytes": len(TEXT), "sha256": SHA256}]}
    sharing = client.post("/api/v1/uploads", json=announced).json()["uploads"][0]["system_id"]

    client.delete(f"{where(original)}?purge=true")

    assert house.get(client, second)["status"] == "ready"
    shared = house.get(client, sharing)
    assert shared["duplicate_of"] == str(second)
    key = unquote(urlsplit(shared["uri"]).path).removeprefix("/")
    assert house.s3.get_object(Bucket=RAW_BUCKET, Key=key)["Body"].read() == TEXT
    for asset_id in (sharing, second):
        assert client.delete(f"{where(asset_id)}?purge=true").status_code == 204
    assert versions(house) == []
    assert house.rows("SELECT * FROM asset_raw") == []


def test_a_purge_that_was_cut_short_is_finished_by_the_janitor(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, second = ready(house, client), ready(house, client)
    with monkeypatch.context() as outage:
        cut_off(outage, "DeleteObject")
        for asset_id in (second, original):
            refused = client.delete(f"{where(asset_id)}?purge=true")
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert client.get(where(asset_id)).status_code == 404
    assert names(client) == names(client, trashed=True) == []
    assert len(versions(house)) == 2

    assert house.sweep()["purges_finished"] == 0
    house.rows("UPDATE asset SET purging_at = now() - interval '5 minutes'")
    assert house.sweep()["purges_finished"] == 2

    assert versions(house) == []
    assert house.rows("SELECT * FROM asset") == []


def test_an_original_goes_while_the_purge_of_its_duplicate_is_unfinished(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, second = ready(house, client), ready(house, client)
    with monkeypatch.context() as outage:
        cut_off(outage, "DeleteObject")
        client.delete(f"{where(second)}?purge=true")

    assert client.delete(f"{where(original)}?purge=true").status_code == 204
    assert versions(house) == [f"incoming/ada/{second}"]


def test_a_purge_before_the_bytes_come_erases_them_when_they_come(
    house: House, client: TestClient
) -> None:
    listener = listen(house)
    announced = {"files": [{"filename": "a", "size_bytes": len(TEXT)}]}
    told = client.post("/api/v1/uploads", json=announced).json()
    upload = told["uploads"][0]

    client.delete(f"/api/v1/objects/{upload['system_id']}?purge=true")
    house.put(upload["fields"]["key"], TEXT)
    house.run_queues()

    assert versions(house) == []
    assert client.get(f"/api/v1/objects/{upload['system_id']}").status_code == 404
    status = client.get(f"/api/v1/ingest/{told['job_id']}/status").json()
    assert status["status"] == "failed"
    assert [event["type"] for event in listener.heard()] == ["asset.failed"]


def test_an_old_event_does_not_bring_a_purged_drop_back(house: House, client: TestClient) -> None:
    version_id = house.put("drop/ada/a.txt", TEXT)
    house.run_queues()
    [asset] = client.get("/api/v1/objects").json()["items"]

    client.delete(f"{where(asset['system_id'])}?purge=true")
    house.tell(object_created("drop/ada/a.txt", version_id, len(TEXT)))
    house.run_queues()

    assert names(client) == []
    assert house.sweep()["drops_found"] == 0
    assert house.receive() == []


def test_purging_one_drop_leaves_others_under_the_same_key(
    house: House, client: TestClient
) -> None:
    house.put("drop/ada/a.txt", TEXT)
    house.run_queues()
    [first] = client.get("/api/v1/objects").json()["items"]
    house.put("drop/ada/a.txt", PNG)
    house.run_queues()

    client.delete(f"{where(first['system_id'])}?purge=true")

    assert [item["kind"] for item in client.get("/api/v1/objects").json()["items"]] == ["image"]
    assert versions(house) == ["drop/ada/a.txt"]


# --- replay


def test_what_is_ready_stays_ready_while_it_is_replayed(house: House, client: TestClient) -> None:
    listener = listen(house)
    asset_id = ready(house, client)
    job = f"/api/v1/ingest/{house.get(client, asset_id)['job_id']}/status"
    before = client.get(job).json()

    replayed = client.post(f"{where(asset_id)}/replay")

    assert replayed.status_code == 202
    assert replayed.json()["replayed"] == [{"name": "intake", "space": "", "part": 0}]
    meanwhile = house.get(client, asset_id)
    assert (meanwhile["status"], meanwhile["stages"][0]["state"]) == ("ready", "queued")
    for name in ("status", "progress", "finished_at"):
        assert client.get(job).json()[name] == before[name]
    again = client.post(f"{where(asset_id)}/replay")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_replay")
    house.run_queues()
    assert client.get(job).json()["finished_at"] == before["finished_at"]
    after = house.get(client, asset_id)
    assert (after["status"], after["stages"][0]["attempt"]) == ("ready", 2)
    assert [event["type"] for event in listener.heard()] == ["asset.ready"]


def test_a_duplicate_stays_one_when_it_is_replayed(house: House, client: TestClient) -> None:
    original, second = ready(house, client), ready(house, client)

    for asset_id in (original, second):
        client.post(f"{where(asset_id)}/replay", json={"stages": ["intake"]})
        house.run_queues()

    assert house.get(client, original)["status"] == "ready"
    assert house.get(client, second)["duplicate_of"] == str(original)


def test_what_failed_in_an_outage_becomes_ready_by_a_replay(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, TEXT)
    [record] = house.receive()
    with monkeypatch.context() as outage:
        cut_off(outage, "GetObject")
        for _ in range(3):
            house.invoke_intake([record])
    assert house.get(client, asset_id)["status"] == "failed"
    job = f"/api/v1/ingest/{house.get(client, asset_id)['job_id']}/status"
    assert client.get(job).json()["status"] == "failed"

    assert client.post(f"{where(asset_id)}/replay").status_code == 202
    house.run_queues()

    assert house.get(client, asset_id)["status"] == "ready"
    assert client.get(job).json()["status"] == "failed"
    assert client.get(job).json()["objects"][0]["state"] == "ready"


def test_there_is_nothing_to_replay_before_anything_has_run(
    house: House, client: TestClient
) -> None:
    asset_id = house.upload(client, TEXT)
    for body in (None, {"stages": ["intake"]}, {"stages": ["schema"]}):
        refused = client.post(f"{where(asset_id)}/replay", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_replay")

    house.run_queues()

    refused = client.post(f"{where(asset_id)}/replay", json={"stages": ["schema"]})
    assert refused.status_code == 409
    assert house.get(client, asset_id)["status"] == "ready"


def test_a_stage_that_there_is_not_is_refused_with_those_that_there_are(
    house: House, client: TestClient
) -> None:
    asset_id = ready(house, client)

    refusals = [
        client.post(f"{where(asset_id)}/replay", json={"stages": ["nonsense"]}),
        client.post("/api/v1/admin/replay", json={"stage": "nonsense"}),
        client.get("/api/v1/admin/failures/nonsense/too_large"),
    ]

    for refused in refusals:
        assert refused.status_code == 422
        assert "'intake', 'embed', 'tag'" in refused.text


def test_lineage_comes_in_pages(house: House, client: TestClient) -> None:
    asset_id = ready(house, client)
    whole = client.get(f"{where(asset_id)}/lineage").json()["items"]
    pages: list[dict[str, Any]] = []
    cursor: str | None = "0"

    while cursor is not None:
        page = client.get(f"{where(asset_id)}/lineage?limit=1&cursor={cursor}").json()
        pages += page["items"]
        cursor = page["next_cursor"]

    assert pages == whole
    assert len(pages) == 4


def test_anothers_object_is_not_there(house: House, client: TestClient) -> None:
    asset_id = ready(house, client)
    stranger = house.client(owner="bob")

    for answer in (
        stranger.get(where(asset_id)),
        stranger.get(f"{where(asset_id)}/content"),
        stranger.get(f"{where(asset_id)}/lineage"),
        stranger.delete(where(asset_id)),
        stranger.delete(f"{where(asset_id)}?purge=true"),
        stranger.post(f"{where(asset_id)}/restore"),
        stranger.post(f"{where(asset_id)}/replay"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert house.get(client, asset_id)["status"] == "ready"
