"""What dashboards and alarms live on, as it leaves a function."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mammothbox.observability import count

from tests.house import House
from tests.samples import PNG


def emitted(capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, Any]]]:
    """Everything in CloudWatch's embedded metric format, by the metric's name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in capsys.readouterr().out.splitlines():
        if '"CloudWatchMetrics"' in line:
            blob = json.loads(line)
            (described,) = blob["_aws"]["CloudWatchMetrics"]
            found.setdefault(described["Metrics"][0]["Name"], []).append(blob)
    return found


def test_the_way_of_a_picture_is_measured_once_from_its_arrival(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    client = house.client()
    asset_id = house.upload(client, PNG, filename="mammoth.png", content_type="image/png")
    house.run_queues()

    measured = emitted(capsys)

    (ready,) = measured["ingest.time_to_ready"]
    (milliseconds,) = ready["ingest.time_to_ready"]
    assert 0 < milliseconds < 60_000
    assert {blob["stage"] for blob in measured["job.processing_time"]} >= {"intake", "embed", "tag"}
    replayed = client.post(f"/api/v1/objects/{asset_id}/replay", json={"stages": ["tag"]})
    assert replayed.status_code < 300, replayed.text
    house.run_queues()
    assert "ingest.time_to_ready" not in emitted(capsys)


def test_two_systems_in_one_account_measure_each_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    count("ingest.requests", status="201")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "MammothBox/dev")
    count("ingest.requests", status="201")

    described = [blob["_aws"] for blob in emitted(capsys)["ingest.requests"]]
    namespaces = [one["CloudWatchMetrics"][0]["Namespace"] for one in described]
    assert namespaces == ["MammothBox", "MammothBox/dev"]


def test_dead_stages_are_counted_by_the_sweep(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.upload(house.client(), PNG, filename="mammoth.png", content_type="image/png")
    house.run_queues()
    died = house.rows(
        "UPDATE catalog.stage SET state = 'dead', lease_until = NULL, finished_at = now()"
        " RETURNING name"
    )
    emitted(capsys)

    house.sweep()

    (measured,) = emitted(capsys)["job.dead_stages"]
    assert len(died) > 0
    assert measured["job.dead_stages"] == [len(died)]
