"""A job ends, whatever becomes of what it sent."""

from __future__ import annotations

from tests.house import House

_BROKEN = b"\x89PNG\r\n\x1a\n" + b"broken" * 50


def test_what_became_a_duplicate_before_it_failed_is_counted(house: House) -> None:
    client = house.client()
    first = house.upload(client, _BROKEN)
    house.run_queues("intake")
    house.upload(client, _BROKEN)
    house.run_queues("intake")
    # The other takes its place while it is still to be embedded
    assert client.delete(f"/api/v1/objects/{first}").status_code == 204
    assert house.get(client, first)["status"] == "duplicate"

    house.run_queues()

    found = house.get(client, first)
    assert (found["status"], found["error"]) == ("duplicate", None)
    told = client.get(f"/api/v1/ingest/{found['job_id']}/status").json()
    assert told["status"] == "done"
    assert house.rows("SELECT id FROM job WHERE settled <> 1") == []
    assert house.rows("SELECT id FROM asset WHERE settled_at IS NULL") == []
