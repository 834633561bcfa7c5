"""What a purge leaves in the bucket: nothing, not even that there was something."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any
from uuid import UUID

import pytest
from mammothbox.storage.library import Library, Made
from starlette.testclient import TestClient

from infra.topology import LIBRARY_BUCKET, RAW_BUCKET
from tests.house import House, object_created
from tests.integration.test_documents import cut_into_parts

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
