"""What becomes of work whose message went astray after it was sent."""

from __future__ import annotations

import pytest
from mammothbox import janitor

from tests.house import House
from tests.samples import png


def test_what_was_woken_and_never_begun_is_woken_anew(house: House) -> None:
    client = house.client()
    asset_id = house.upload(client, b'{"a": 1}\n{"a": 2}\n')
    house.run_queues("intake")
    house.sqs.purge_queue(QueueUrl=house.queue_urls["schema"])
    assert house.sweep()["stages_woken_anew"] == 0

    house.rows("UPDATE stage SET woken_at = woken_at - interval '61 minutes'")

    assert house.sweep()["stages_woken_anew"] == 1
    assert house.sweep()["stages_woken_anew"] == 0
    house.run_queues()
    assert house.get(client, asset_id)["status"] == "ready"


def test_what_is_needed_is_woken_anew_before_what_may_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.client()
    ids = [house.upload(client, png(shade=shade)) for shade in (1, 2, 3)]
    house.run_queues("intake")
    house.sqs.purge_queue(QueueUrl=house.queue_urls["embed"])
    house.rows("UPDATE stage SET woken_at = now() - interval '2 hours' WHERE state = 'queued'")
    # As captions that have waited for longer.
    house.rows(
        "UPDATE stage SET optional = true, woken_at = woken_at - interval '1 hour'"
        " WHERE state = 'queued' AND asset_id = ANY(%s)",
        ids[:2],
    )
    monkeypatch.setattr(janitor, "_MOST", 1)

    house.sweep()
    house.run_queues("embed")

    ended = house.rows("SELECT asset_id FROM stage WHERE name = 'embed' AND state = 'done'")
    assert [row["asset_id"] for row in ended] == [ids[2]]
