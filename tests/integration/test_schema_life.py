"""A collection's life: proposed, proved, approved, filled, changed, and rolled back."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from mammothbox.catalog import collections
from mammothbox.catalog.connection import Connection

from tests.house import House

ORDERS: list[dict[str, Any]] = [
    {
        "order_id": n,
        "customer": f"c{n % 7}",
        "total": n / 4,
        "paid": n % 3 == 0,
        "placed_at": f"2026-01-{n % 28 + 1:02}T10:00:00Z",
    }
    for n in range(200)
]


def store(house: House, *documents: dict[str, Any], collection: str = "orders") -> None:
    body = b"".join(json.dumps(document).encode() + b"\n" for document in documents)
    house.upload(house.client(), body, filename="a.ndjson", collection=collection)
    house.run_queues()


def think(house: House) -> None:
    """Let the janitor call for chores until there are none."""
    while house.rows("SELECT 1 FROM chore WHERE name IN ('propose', 'prove', 'build', 'undo')"):
        house.rows("UPDATE chore SET due_at = now()")
        house.sweep()
        house.run_queues("schema")


def schemas(house: House) -> list[dict[str, Any]]:
    return house.rows("SELECT * FROM schema_def ORDER BY version")


def test_documents_lead_to_a_proved_proposal_and_its_approval_to_a_filled_table(
    house: House,
) -> None:
    client = house.client()
    store(house, *ORDERS)
    think(house)
    (proposal,) = schemas(house)
    assert (proposal["status"], proposal["storage"]) == ("provisional", "sql"), proposal["error"]
    assert proposal["dry_run"]["rows"] == 200

    answer = client.post(f"/api/v1/schemas/{proposal['id']}/approve")
    assert answer.status_code < 300, answer.text
    think(house)

    (active,) = schemas(house)
    assert active["status"] == "active"
    table = active["table_name"]
    rows = house.rows(f'SELECT * FROM collections."{table}" ORDER BY order_id')
    assert [row["order_id"] for row in rows] == list(range(200))
    assert {json.dumps(row["extra"]) for row in rows} == {"{}"}

    store(house, {**ORDERS[0], "order_id": 200, "note": "a gift"})
    rows = house.rows(f'SELECT extra FROM collections."{table}" WHERE order_id = 200')
    assert rows == [{"extra": {"rest": {"note": "a gift"}}}]


def test_a_new_field_becomes_the_next_version(house: House) -> None:
    client = house.client()
    store(house, *ORDERS)
    think(house)
    client.post(f"/api/v1/schemas/{schemas(house)[0]['id']}/approve")
    think(house)

    store(house, *({**one, "order_id": 1000 + one["order_id"], "note": "x"} for one in ORDERS))
    think(house)

    first, second = schemas(house)
    assert (first["status"], second["status"]) == ("active", "provisional"), second["error"]
    assert [change["path"] for change in second["changes"]] == ["/note"]

    answer = client.post(f"/api/v1/schemas/{second['id']}/approve")
    assert answer.status_code < 300, answer.text
    think(house)

    assert [one["status"] for one in schemas(house)] == ["superseded", "active"]
    noted = house.rows(
        f'SELECT count(*) AS n FROM collections."{second["table_name"]}" WHERE note = %s', "x"
    )
    assert noted == [{"n": 200}]


def test_a_rollback_leaves_the_documents_and_nothing_else(house: House) -> None:
    client = house.client()
    store(house, *ORDERS)
    think(house)
    schema_id: UUID = schemas(house)[0]["id"]
    client.post(f"/api/v1/schemas/{schema_id}/approve")
    think(house)

    answer = client.post(f"/api/v1/schemas/{schema_id}/rollback")
    assert answer.status_code < 300, answer.text
    think(house)

    (schema,) = schemas(house)
    assert schema["status"] == "rolled_back"
    tables = house.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'collections'")
    assert [row["tablename"][:5] for row in tables] == ["docs_"]
    documents = client.get("/api/v1/collections/orders/documents?limit=200").json()
    assert len(documents["items"]) == 200
    told = house.rows("SELECT type FROM outbox WHERE type LIKE 'schema.%%' ORDER BY id")
    assert [one["type"] for one in told] == [
        "schema.proposed",
        "schema.active",
        "schema.rolled_back",
    ]


def approved(house: House) -> str:
    """The orders in a table of their own; its name."""
    store(house, *ORDERS)
    think(house)
    house.client().post(f"/api/v1/schemas/{schemas(house)[0]['id']}/approve")
    think(house)
    return str(schemas(house)[0]["table_name"])


def hold_to(house: House, contract: str) -> None:
    answer = house.client().patch("/api/v1/collections/orders", json={"contract": contract})
    assert answer.status_code == 200, answer.text


ODD: dict[str, Any] = {**ORDERS[0], "order_id": 900, "total": "three", "note": "x"}
FINE = {**ORDERS[0], "order_id": 901}


@pytest.mark.parametrize(
    ("contract", "code"), [("freeze", "schema_frozen"), ("discard_row", "row_discarded")]
)
def test_a_contract_keeps_out_documents_that_do_not_fit(
    house: House, contract: str, code: str
) -> None:
    table = approved(house)
    hold_to(house, contract)

    store(house, ODD, FINE)
    think(house)

    kept = house.rows(f'SELECT order_id FROM collections."{table}" WHERE order_id >= 900')
    assert kept == [{"order_id": 901}]
    (refused,) = house.rows("SELECT code, detail FROM document_refusal")
    assert refused["code"] == code
    assert "/total, /note" in refused["detail"]
    assert len(schemas(house)) == 1


def test_documents_are_held_to_the_contract_as_it_is_when_they_are_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = approved(house)
    add_piece_to = collections.add_piece_to

    def change_it_first(connection: Connection, collection_id: UUID, *place: Any) -> None:
        house.rows("UPDATE collection SET contract = 'discard_row'")
        add_piece_to(connection, collection_id, *place)

    # Given a contract that becomes another one after a file was first looked at,
    monkeypatch.setattr(collections, "add_piece_to", change_it_first)

    store(house, ODD, FINE)

    assert house.rows(f'SELECT order_id FROM collections."{table}" WHERE order_id >= 900') == [
        {"order_id": 901}
    ]
    assert [one["code"] for one in house.rows("SELECT code FROM document_refusal")] == [
        "row_discarded"
    ]


def test_a_contract_may_discard_values_alone(house: House) -> None:
    table = approved(house)
    hold_to(house, "discard_value")

    store(house, ODD, FINE)
    think(house)

    kept = house.rows(
        f'SELECT order_id, total, extra FROM collections."{table}" WHERE order_id >= 900'
        " ORDER BY order_id"
    )
    assert [(one["order_id"], one["total"]) for one in kept] == [(900, None), (901, 0)]
    assert {json.dumps(one["extra"]) for one in kept} == {"{}"}
    documents = house.client().get("/api/v1/collections/orders/documents?filter[order_id][eq]=900")
    (found,) = documents.json()["items"]
    assert found["doc"].keys() == ORDERS[0].keys() - {"total"}


def test_a_proposal_follows_its_documents_without_waiting_for_the_janitor(house: House) -> None:
    store(house, *ORDERS)

    (proposal,) = schemas(house)

    assert proposal["status"] == "provisional"


def test_a_field_may_be_called_as_anything_in_our_statements(house: House) -> None:
    names = ["value", "kind", "path", "kinds", "note", "typed", "docs", "doc", "extra", "rows"]
    store(house, *({name: n for name in names} for n in range(5)), collection="odd")
    store(house, *ORDERS)
    think(house)

    assert [(one["status"], one["error"]) for one in schemas(house)] == [("provisional", None)] * 2

    for one in schemas(house):
        house.client().post(f"/api/v1/schemas/{one['id']}/approve")
    think(house)
    assert [one["status"] for one in schemas(house)] == ["active"] * 2
    found = house.client().get("/api/v1/collections/odd/documents?filter[value][gte]=3&sort=-path")
    assert [one["doc"]["kind"] for one in found.json()["items"]] == [4, 3]
