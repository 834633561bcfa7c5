"""What becomes of work whose message went astray after it was sent."""

from __future__ import annotations

from tests.house import House


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
