"""What a purge leaves in the bucket: nothing, not even that there was something."""

from __future__ import annotations

import gzip
import hashlib
import json
import pkgutil
from contextlib import closing, suppress
from typing import Any
from uuid import UUID

import pytest
from mammothbox.catalog import dry_runs, schema_defs
from mammothbox.catalog.connection import Database
from mammothbox.documents import relearn
from mammothbox.documents.propose import propose
from mammothbox.errors import Permanent, Unavailable
from mammothbox.storage.library import Library, Made
from starlette.testclient import TestClient

from infra.topology import LIBRARY_BUCKET, RAW_BUCKET
from tests.house import House, object_created
from tests.integration.test_documents import cut_into_parts
from tests.integration.test_schema_life import ORDERS, schemas, store, think

TEXT = b"What the mammoth saw."


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client()


def in_bucket(house: House) -> dict[str, list[str]]:
    """The keys of everything a listing of versions shows."""
    listed: dict[str, Any] = house.s3.list_object_versions(Bucket=RAW_BUCKET)
    return {
        kind: [item["Key"] for item in listed[kind]]
        for kind in ("Versions", "DeleteMarkers")
        if kind in listed
    }


def delete_without_version(house: House, key: str) -> None:
    house.s3.delete_object(Bucket=RAW_BUCKET, Key=key)


def purge(client: TestClient, asset_id: UUID | str) -> None:
    assert client.delete(f"/api/v1/objects/{asset_id}?purge=true").status_code == 204


def test_a_purged_upload_leaves_no_version_and_no_mark(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, TEXT)
    key = f"incoming/ada/{asset_id}"
    house.put(key, b"a second version")
    delete_without_version(house, key)
    house.run_queues()

    purge(client, asset_id)

    assert in_bucket(house) == {}


def test_a_purged_drop_takes_the_marks_of_its_key_along_when_it_was_the_last(
    house: House, client: TestClient
) -> None:
    key = "drop/ada/a name that tells.txt"
    for content in (TEXT, TEXT + b" And more."):
        house.put(key, content)
        delete_without_version(house, key)
    house.run_queues()
    one, other = [item["system_id"] for item in client.get("/api/v1/objects").json()["items"]]

    purge(client, one)
    assert in_bucket(house) == {"Versions": [key], "DeleteMarkers": [key, key]}
    assert house.get(client, other)["status"] == "ready"

    purge(client, other)
    assert in_bucket(house) == {}


def test_a_purge_that_was_cut_short_is_finished_by_asking_again(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, TEXT)
    house.run_queues("intake")

    def away(*_: object) -> None:
        raise Unavailable("S3 went away")

    with monkeypatch.context() as patched:
        patched.setattr(Library, "erase", away)
        address = f"/api/v1/objects/{asset_id}?purge=true"
        assert [client.delete(address).status_code for _ in range(2)] == [503, 503]
    assert client.get(f"/api/v1/objects/{asset_id}").status_code == 404

    purge(client, asset_id)

    assert in_bucket(house) == {}
    assert client.delete(address).status_code == 404
    told = client.get(f"/api/v1/objects/{asset_id}/lineage").json()["items"]
    assert [one["event"] for one in told].count("asset.purge_began") == 1
    assert told[-1]["event"] == "asset.purged"


def announced_again(house: House, client: TestClient) -> UUID:
    """Another object of the same bytes, which need not be sent because they are here."""
    known = hashlib.sha256(TEXT).hexdigest()
    asset_id = house.upload(client, TEXT, sha256=known)
    assert house.get(client, asset_id)["status"] == "duplicate"
    return asset_id


def stays_whole(house: House, client: TestClient, asset_id: UUID, key: str) -> None:
    assert in_bucket(house)["Versions"] == [key]
    found = house.get(client, asset_id)
    assert found["status"] == "ready"


def test_what_was_purged_takes_no_bytes_along_that_another_object_has(
    house: House, client: TestClient
) -> None:
    # Given an event that comes twice, and another object of the bytes it tells of
    first = house.upload(client, TEXT)
    event = house.receive()
    assert house.invoke_intake(event) == []
    second = announced_again(house, client)
    purge(client, first)
    house.run_queues()
    # When the janitor comes by, and the event once more
    house.sweep()
    assert house.invoke_intake(event) == []
    # Then the other has its bytes still
    stays_whole(house, client, second, f"incoming/ada/{first}")


def test_a_purged_drop_takes_no_bytes_along_that_an_upload_has(
    house: House, client: TestClient
) -> None:
    key = "drop/ada/heap/letter.txt"
    version = house.put(key, TEXT)
    house.run_queues()
    (dropped,) = client.get("/api/v1/objects").json()["items"]
    second = announced_again(house, client)
    purge(client, dropped["system_id"])
    house.run_queues()

    house.tell(object_created(key, version, len(TEXT)))
    house.run_queues()
    house.sweep()

    stays_whole(house, client, second, key)
    # And with the last of them they go
    purge(client, second)
    assert in_bucket(house) == {}


def test_late_bytes_of_a_purged_object_go_while_another_keeps_the_earlier(
    house: House, client: TestClient
) -> None:
    first = house.upload(client, TEXT)
    house.run_queues()
    second = announced_again(house, client)
    purge(client, first)
    house.put(f"incoming/ada/{first}", b"sent again to the same address")
    house.run_queues()

    stays_whole(house, client, second, f"incoming/ada/{first}")


@pytest.mark.parametrize("killed", [False, True])
def test_what_was_being_unpacked_of_a_purged_file_goes_too(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    cut_into_parts(monkeypatch, 2048)
    body = gzip.compress(b'{"said": "in confidence"}\n' * 500)
    asset_id = house.upload(client, body, filename="a.gz", collection="some")
    house.run_queues("intake")
    records = house.receive("schema")
    put = Library.put

    def late(library: Library, made_of: UUID, made: Made) -> None:
        purge(client, asset_id)
        put(library, made_of, made)
        if killed:
            raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(Library, "put", late)
        if killed:
            with pytest.raises(SystemExit):
                house.invoke("schema", records)
        else:
            house.invoke("schema", records)
            assert house.s3.list_objects_v2(Bucket=LIBRARY_BUCKET)["KeyCount"] == 0
    assert house.invoke("schema", records) == []

    assert house.s3.list_objects_v2(Bucket=LIBRARY_BUCKET)["KeyCount"] == 0


def with_a_misfit(house: House, client: TestClient) -> UUID:
    """A proposal that one document of 201 does not fit, yet to be proved; whose document it is."""
    store(house, *ORDERS)
    store(house, {**ORDERS[0], "customer": "Jane", "total": "dear", "order_id": 123456789})
    override = {"columns": {"/total": {"type": "numeric"}}}
    answer = client.patch(f"/api/v1/schemas/{schemas(house)[-1]['id']}", json=override)
    assert answer.status_code == 202, answer.text
    [found] = house.rows("SELECT asset_id FROM document_part WHERE documents = 1")
    return UUID(str(found["asset_id"]))


def evidence(house: House) -> str:
    return json.dumps([[one["profile"], one["dry_run"]] for one in schemas(house)])


def test_schemas_tell_no_value_of_a_purged_document(house: House, client: TestClient) -> None:
    asset_id = with_a_misfit(house, client)
    think(house)
    assert all(value in evidence(house) for value in ("Jane", "dear", "123456789"))

    purge(client, asset_id)

    assert not any(value in evidence(house) for value in ("Jane", "dear", "123456789"))
    proposal = schemas(house)[-1]
    assert [one["values"] for one in proposal["dry_run"]["misfits"]] == [1]
    assert client.get(f"/api/v1/schemas/{proposal['id']}").status_code == 200

    think(house)

    profile = schemas(house)[-1]["profile"]
    fields = {field["path"][0]: field for field in profile["fields"]}
    assert profile["documents"] == len(ORDERS)
    assert set(fields["customer"]["values"]) == {f'"c{n}"' for n in range(7)}


def test_schemas_tell_no_value_of_a_document_that_was_kept_out_before_its_purge(
    house: House, client: TestClient
) -> None:
    asset_id = with_a_misfit(house, client)
    think(house)
    client.post(f"/api/v1/schemas/{schemas(house)[-1]['id']}/approve")
    think(house)
    client.patch("/api/v1/collections/orders", json={"contract": "freeze"})
    client.post(f"/api/v1/objects/{asset_id}/replay", json={"stages": ["schema"]})
    house.run_queues()
    think(house)
    assert house.get(client, asset_id)["documents_refused"] == 1
    assert "Jane" in evidence(house)

    purge(client, asset_id)

    assert not any(value in evidence(house) for value in ("Jane", "dear", "123456789"))


def test_of_a_large_collection_the_next_schema_tells_no_value_of_a_purged_document(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relearn, "_MOST_DOCUMENTS", 100)
    asset_id = with_a_misfit(house, client)
    think(house)

    purge(client, asset_id)
    store(house, *({**one, "note": "x"} for one in ORDERS))
    think(house)

    *_, before, proposal = schemas(house)
    assert proposal["version"] > before["version"]
    assert [field["path"] for field in proposal["profile"]["fields"]].count(["note"]) == 1
    assert not any(value in evidence(house) for value in ("Jane", "dear", "123456789"))
    [kept] = house.rows("SELECT profile, profile_stale FROM collection")
    assert kept["profile_stale"]
    assert not any(value in json.dumps(kept["profile"]) for value in ("Jane", "dear"))


@pytest.mark.parametrize("objected", [False, True])
def test_a_dry_run_that_saw_a_purged_document_quotes_none_and_objects_to_nothing(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch, objected: bool
) -> None:
    asset_id = with_a_misfit(house, client)
    fill = dry_runs.fill
    seen: list[UUID] = []

    def while_it_is_purged(*args: Any) -> Any:
        filled = fill(*args)
        seen.append(asset_id)
        if len(seen) == 1:
            purge(client, asset_id)
            if objected:
                raise Permanent("table_failed", "A value is too large.")
        return filled

    monkeypatch.setattr(dry_runs, "fill", while_it_is_purged)
    think(house)

    # It goes through without being run again, but for what may have been the document's fault.
    assert len(seen) == 1 + objected
    proposal = schemas(house)[-1]
    assert (proposal["status"], proposal["dry_run"]["complete"]) == ("provisional", True)
    assert "dear" not in evidence(house)


@pytest.mark.parametrize("moment", ["forgetting.without_values", "profile.shown"])
def test_a_dry_run_that_ends_while_a_document_is_forgotten_is_not_lost(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    asset_id = with_a_misfit(house, client)
    look = pkgutil.resolve_name(f"mammothbox.documents.{moment}")
    ended: list[UUID] = []

    def while_a_dry_run_ends(seen: Any) -> Any:
        told = look(seen)
        if not ended and schemas(house)[-1]["status"] == "proving":
            ended.append(asset_id)
            with closing(Database(house.urls.worker)) as other, suppress(Unavailable):
                end_a_dry_run(other)
        return told

    monkeypatch.setattr(f"mammothbox.documents.{moment}", while_a_dry_run_ends)
    purge(client, asset_id)
    with closing(Database(house.urls.worker)) as worker:
        propose(worker, "ada")
    think(house)

    assert ended
    proposal = schemas(house)[-1]
    assert proposal["status"] == "provisional"
    assert proposal["dry_run"] is not None


def end_a_dry_run(database: Database) -> None:
    found = dry_runs.to_json(dry_runs.Proof(), complete=True)
    with database.transaction() as connection:
        connection.execute("SET LOCAL lock_timeout = '50ms'")
        proposal = schema_defs.busy(connection, "ada", "proving")
        assert proposal is not None
        schema_defs.conclude_proof(connection, proposal, "provisional", found)
