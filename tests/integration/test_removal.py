"""What a purge leaves in the bucket: nothing, not even that there was something."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from infra.topology import RAW_BUCKET
from tests.house import House

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
