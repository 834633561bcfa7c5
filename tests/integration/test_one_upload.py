"""The way of one upload, from the request to the ready asset."""

from __future__ import annotations

import hashlib

from tests.house import House
from tests.samples import PNG


def test_an_upload_becomes_a_ready_asset_with_its_lineage(house: House) -> None:
    client = house.client()

    asset_id = house.upload(client, PNG, filename="mammoth.png", content_type="image/png")
    house.run_queues()

    asset = house.get(client, asset_id)
    assert asset["status"] == "ready"
    assert asset["kind"] == "image"
    assert asset["sha256"] == hashlib.sha256(PNG).hexdigest()
    assert asset["stages"][0]["state"] == "done"
    status = client.get(f"/api/v1/ingest/{asset['job_id']}/status").json()
    assert status["status"] == "done"
    assert status["progress"] == {"queued": 0, "processing": 0, "done": 1, "failed": 0}
    lineage = client.get(f"/api/v1/objects/{asset_id}/lineage").json()["items"]
    assert [entry["event"] for entry in lineage] == [
        "asset.announced",
        "stage.started",
        "stage.done",
        "stage.started",
        "stage.done",
        "stage.started",
        "stage.done",
        "stage.started",
        "stage.done",
        "asset.ready",
    ]
    done = [entry["stage"] for entry in lineage if entry["event"] == "stage.done"]
    assert (done[:2], sorted(done[2:])) == (["intake", "embed"], ["cluster", "tag"])
    assert len({entry["request_id"] for entry in lineage}) == 1


def test_a_drop_makes_its_own_job(house: House) -> None:
    house.put("drop/ada/holidays/2024 été+1.png", PNG)

    house.run_queues()

    answer = house.client().get("/api/v1/objects")
    assert answer.status_code == 200, answer.text
    listed = answer.json()["items"]
    assert [(item["filename"], item["collection"], item["status"]) for item in listed] == [
        ("2024 été+1.png", "holidays", "ready")
    ]
