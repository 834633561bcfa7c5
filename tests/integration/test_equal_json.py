"""The same JSON sent to several collections: documents of each, and an original in each."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

from starlette.testclient import TestClient

from infra.topology import RAW_BUCKET
from tests.house import House, object_created

BASE = "/api/v1"
ORDER = {"order": 1, "total": 9.9}
TEXT = json.dumps(ORDER).encode()


def post(house: House, client: TestClient, collection: str | None = None) -> UUID:
    answer = client.post(
        f"{BASE}/ingest",
        params={"collection": collection} if collection else {},
        content=TEXT,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 202, answer.text
    asset_id = UUID(answer.json()["system_ids"][0])
    key = f"incoming/ada/{asset_id}"
    version = house.s3.head_object(Bucket=RAW_BUCKET, Key=key)["VersionId"]
    house.tell(object_created(key, version, len(TEXT)))
    house.run_queues()
    return asset_id


def docs(client: TestClient, collection: str) -> list[tuple[UUID, Any]]:
    answer = client.get(f"{BASE}/collections/{collection}/documents")
    assert answer.status_code == 200, answer.text
    return [(UUID(one["system_id"]), one["doc"]) for one in answer.json()["items"]]


def shown(client: TestClient, asset_id: UUID) -> tuple[str, str | None, str | None]:
    found = client.get(f"{BASE}/objects/{asset_id}").json()
    return found["status"], found["duplicate_of"], found["collection"]


def test_the_same_json_is_a_document_of_every_collection_it_is_sent_to(house: House) -> None:
    client = house.client()

    orders, archive = post(house, client, "orders"), post(house, client, "archive")
    again, unnamed = post(house, client, "archive"), post(house, client)

    assert docs(client, "orders") == [(orders, ORDER)]
    assert docs(client, "archive") == [(archive, ORDER)]
    assert shown(client, archive) == ("ready", None, "archive")
    assert shown(client, again) == ("duplicate", str(archive), "archive")
    # Without a name, what is in the library already is not stored once more.
    assert shown(client, unnamed)[:2] == ("duplicate", str(orders))
    assert [one["name"] for one in client.get(f"{BASE}/collections").json()["items"]] == [
        *("archive", "orders")
    ]


def test_naming_the_collection_that_json_was_put_into_sends_it_there_once(house: House) -> None:
    client = house.client()
    first = post(house, client)
    found = shown(client, first)[2]
    assert found is not None

    second = post(house, client, found)

    assert shown(client, second) == ("duplicate", str(first), found)
    assert docs(client, found) == [(first, ORDER)]


def test_announced_json_goes_to_another_collection_without_being_sent_again(house: House) -> None:
    client = house.client()
    first = post(house, client, "orders")
    file = {
        "filename": "order.json",
        "content_type": "application/json",
        "size_bytes": len(TEXT),
        "sha256": hashlib.sha256(TEXT).hexdigest(),
    }

    files = [{**file, "collection": name} for name in ("orders", "archive", "archive")]
    told = client.post(f"{BASE}/uploads", json={"files": files}).json()["uploads"]
    house.run_queues()

    assert [(one["method"], one["reason"]) for one in told] == [
        *(("NONE", "already_stored"), ("NONE", "already_received"), ("NONE", "already_stored"))
    ]
    other = UUID(told[1]["system_id"])
    assert [told[0]["duplicate_of"], told[2]["duplicate_of"]] == [str(first), str(other)]
    assert docs(client, "archive") == [(other, ORDER)]

    # The bytes are those of the first: they stay for as long as anybody needs them.
    client.delete(f"{BASE}/objects/{first}?purge=true")
    house.run_queues()

    (heir,) = docs(client, "orders")
    assert heir == (UUID(told[0]["system_id"]), ORDER)
    assert docs(client, "archive") == [(other, ORDER)]
    assert client.get(f"{BASE}/objects/{other}").json()["uri"]


def test_trash_and_purge_concern_one_collection_and_its_heir(house: House) -> None:
    # Given JSON in two collections, and twice more as duplicates of the first,
    client = house.client()
    orders, archive = post(house, client, "orders"), post(house, client, "archive")
    unnamed, again = post(house, client), post(house, client, "orders")

    # when the first goes to the trash,
    client.delete(f"{BASE}/objects/{orders}")
    house.run_queues()

    # then its oldest duplicate takes its place, in its collection, and the other has its own.
    assert docs(client, "orders") == [(unnamed, ORDER)]
    assert shown(client, unnamed) == ("ready", None, "orders")
    assert shown(client, again)[:2] == ("duplicate", str(unnamed))
    assert docs(client, "archive") == [(archive, ORDER)]

    client.post(f"{BASE}/objects/{orders}/restore")
    house.run_queues()
    assert shown(client, orders)[:2] == ("duplicate", str(unnamed))
    assert docs(client, "orders") == [(unnamed, ORDER)]
    # What is both a duplicate and in the trash is left out of what is counted once.
    for _ in range(2):
        listed = client.get(f"{BASE}/collections").json()["items"]
        assert [(one["name"], one["documents"]) for one in listed] == [
            *(("archive", 1), ("orders", 1))
        ]
        client.delete(f"{BASE}/objects/{orders}")
    client.post(f"{BASE}/objects/{orders}/restore")
    house.run_queues()

    for gone in (unnamed, archive):
        client.delete(f"{BASE}/objects/{gone}?purge=true")
        house.run_queues()
    assert docs(client, "orders") == [(orders, ORDER)]
    assert docs(client, "archive") == []
    assert post(house, client, "archive") == docs(client, "archive")[0][0]


def test_a_name_that_ends_like_an_address_is_refused_unless_it_is_there(house: House) -> None:
    client = house.client()
    for name in ("a/documents", "a/drift", "a/b/refusals"):
        headers = {"Content-Type": "application/json"}
        refused = client.post(f"{BASE}/ingest?collection={name}", content=TEXT, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "collection_name_reserved")
    assert client.get(f"{BASE}/objects").json()["items"] == []
    post(house, client, "documents")
    assert docs(client, "documents")[0][1] == ORDER

    house.rows("UPDATE collection SET name = 'a/drift' WHERE name = 'documents'")
    post(house, client, "a/drift")
    assert len(docs(client, "a/drift")) == 2
