"""JSON on its way from the bucket into the tables of its collection."""

from __future__ import annotations

import gzip
import json
from typing import Any
from uuid import UUID

import pytest
from mammothbox.settings import DocumentSettings

from infra.topology import RAW_BUCKET
from tests.house import House, object_created


def documents(house: House, collection: str) -> list[dict[str, Any]]:
    """What is stored, in order, each as the server writes it."""
    found = house.rows("SELECT docs_table FROM collection WHERE name = %s", collection)
    if not found:
        return []
    table = found[0]["docs_table"]
    return house.rows(
        f"SELECT document_id, asset_id, position, doc::text AS doc"
        f' FROM collections."{table}" ORDER BY document_id'
    )


def texts(house: House, collection: str) -> list[str]:
    return [row["doc"] for row in documents(house, collection)]


def tell_of_everything(house: House) -> None:
    """Let S3 tell of everything that lies in the bucket, and the functions see to it."""
    for item in house.s3.list_object_versions(Bucket=RAW_BUCKET).get("Versions", []):
        house.tell(object_created(item["Key"], item["VersionId"], item["Size"]))
    house.run_queues()


def cut_into_parts(monkeypatch: pytest.MonkeyPatch, part_bytes: int) -> None:
    monkeypatch.setenv("PART_BYTES", str(part_bytes))


def test_an_object_that_was_posted_is_a_document_of_its_collection(house: House) -> None:
    client = house.client()

    answer = client.post(
        "/api/v1/ingest?collection=orders",
        content=b'{"id": 1, "total": 12.50, "big": 123456789012345678901234567890}',
        headers={"Content-Type": "application/json"},
    )
    tell_of_everything(house)

    asset_id = UUID(answer.json()["system_ids"][0])
    assert house.get(client, asset_id)["status"] == "ready"
    assert texts(house, "orders") == [
        '{"id": 1, "big": 123456789012345678901234567890, "total": 12.50}'
    ]


def test_a_file_of_lines_is_one_asset_and_each_line_a_document_with_its_own_id(
    house: House,
) -> None:
    client = house.client()
    body = b"".join(b'{"n": %d}\n' % n for n in range(1000))

    asset_id = house.upload(client, body, filename="numbers.ndjson", collection="numbers")
    house.run_queues()

    assert house.get(client, asset_id)["status"] == "ready"
    stored = documents(house, "numbers")
    assert [json.loads(row["doc"])["n"] for row in stored] == list(range(1000))
    assert len({row["document_id"] for row in stored}) == 1000
    assert {row["asset_id"] for row in stored} == {asset_id}


@pytest.mark.parametrize(
    ("key", "collection"), [("drop/ada/orders/2024/a.json", "orders"), ("drop/ada/a.json", None)]
)
def test_a_drop_goes_where_its_folder_says(house: House, key: str, collection: str | None) -> None:
    house.put(key, b'{"customer": "ada", "total": 3}')
    house.run_queues()

    (found,) = house.rows("SELECT name, origin, documents FROM collection")
    assert found["documents"] == 1
    assert (found["name"], found["origin"]) == (
        (collection, "named") if collection else (found["name"], "structure")
    )


def test_documents_without_a_name_join_those_they_look_like(house: House) -> None:
    client = house.client()
    orders = [{"order": n, "customer": f"c{n}", "total": n, "lines": []} for n in range(3)]
    with_note = [{**one, "note": "gift"} for one in orders]
    people = [{"firstName": "Ada", "lastName": "Lovelace", "born": 1815 + n} for n in range(3)]

    for one in (*orders, *people, *with_note):
        client.post("/api/v1/ingest", json=one)
    tell_of_everything(house)

    found = house.rows("SELECT name, documents FROM collection ORDER BY documents DESC")
    assert [one["documents"] for one in found] == [6, 3]
    assert len({one["name"] for one in found}) == 2


def test_one_bad_document_is_told_by_its_place_and_the_others_are_kept(house: House) -> None:
    client = house.client()
    body = b'{"n": 1}\n{"n": 1, "n": 2}\n{"n": NaN}\n{"n": "\\u0000"}\n{"n": 5}\n'

    asset_id = house.upload(client, body, filename="a.ndjson", collection="odd")
    house.run_queues()

    assert house.get(client, asset_id)["status"] == "ready"
    assert texts(house, "odd") == ['{"n": 1}', '{"n": 5}']
    refused = house.rows("SELECT position, code FROM document_refusal ORDER BY position")
    assert [one["position"] for one in refused] == [9, 26, 37]
    assert [one["code"] for one in refused] == ["duplicate_key", "not_a_number", "nul_character"]


def test_a_file_without_any_good_document_fails_with_the_reason(house: House) -> None:
    client = house.client()

    asset_id = house.upload(client, b'{"n": 1', filename="a.json", collection="odd")
    house.run_queues()

    found = house.get(client, asset_id)
    assert found["status"] == "failed"
    assert found["error"]["code"] == "invalid_json"
    assert texts(house, "odd") == []


@pytest.mark.parametrize("whole", [True, False], ids=["at once", "in pieces"])
@pytest.mark.parametrize("layout", ["lines", "array", "gzip", "zstd"])
def test_every_layout_is_read_at_once_or_in_pieces(
    house: House, monkeypatch: pytest.MonkeyPatch, layout: str, whole: bool
) -> None:
    cut_into_parts(monkeypatch, 1 << 20 if whole else 2048)
    client = house.client()
    some = [{"n": n, "text": "é" * (n % 7)} for n in range(500)]
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in some).encode()
    body = {
        "lines": lines,
        "array": json.dumps(some, indent=1, ensure_ascii=False).encode(),
        "gzip": gzip.compress(lines),
        "zstd": _zstd(lines),
    }[layout]

    asset_id = house.upload(client, body, filename="a", collection="some")
    house.run_queues()

    assert house.get(client, asset_id)["status"] == "ready"
    assert [json.loads(text) for text in texts(house, "some")] == some
    (found,) = house.rows("SELECT documents, profile FROM collection")
    assert found["documents"] == 500
    assert found["profile"]["documents"] == 500


def test_a_replay_leaves_the_same_documents(house: House) -> None:
    client = house.client()
    asset_id = house.upload(client, b'{"n": 1}\n{"n": 2}\n', filename="a", collection="some")
    house.run_queues()
    before = documents(house, "some")

    answer = client.post(f"/api/v1/objects/{asset_id}/replay", json={"stages": ["schema"]})
    house.run_queues()

    assert answer.status_code == 202, answer.text
    assert documents(house, "some") == before
    assert house.rows("SELECT documents FROM collection") == [{"documents": 2}]


def test_a_purge_takes_the_documents_along(house: House) -> None:
    client = house.client()
    first = house.upload(client, b'{"n": 1}\n{"n": 2}\n', filename="a", collection="some")
    house.upload(client, b'{"n": 3}\n', filename="b", collection="some")
    house.run_queues()

    answer = client.delete(f"/api/v1/objects/{first}?purge=true")

    assert answer.status_code in (200, 202, 204), answer.text
    assert texts(house, "some") == ['{"n": 3}']
    assert house.rows("SELECT documents FROM collection") == [{"documents": 1}]


def test_unpacking_goes_on_where_it_stopped(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given too little time, each invocation stores one piece and leaves the rest to the next."""
    cut_into_parts(monkeypatch, 2048)
    client = house.client()
    some = [{"n": n, "text": "x" * 20} for n in range(300)]
    asset_id = house.upload(client, _zstd(json.dumps(some).encode()), collection="some")
    house.run_queues("intake")
    house.context.seconds = 60

    house.run_queues()

    assert house.get(client, asset_id)["status"] == "ready"
    assert [json.loads(text) for text in texts(house, "some")] == some
    attempts = house.rows("SELECT part, attempt FROM stage WHERE name = 'schema' AND part = 0")
    assert attempts[0]["attempt"] >= 1


def test_settings_say_how_large_a_piece_is(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_into_parts(monkeypatch, 4096)

    assert DocumentSettings().part_bytes == 4096


def _zstd(content: bytes) -> bytes:
    try:
        from compression import zstd
    except ImportError:
        from backports import zstd
    return bytes(zstd.compress(content))
