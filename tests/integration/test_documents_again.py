"""JSON that is read once more, by several at once, or after its settings or its assets changed."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from mammothbox import wiring
from mammothbox.catalog import chores
from mammothbox.documents import keeping, unpack
from mammothbox.documents.receive import receive
from mammothbox.documents.source import Reading
from mammothbox.messages import Outgoing

from tests.house import House, forget_everything
from tests.integration.test_documents import cut_into_parts, texts
from tests.integration.test_schema_life import ORDERS, approved, hold_to, think

PATIENCE_S = 5
SOME: list[dict[str, Any]] = [{"n": n, "text": "x" * 20} for n in range(300)]
LINES = "\n".join(map(json.dumps, SOME)).encode()
LAYOUTS = {
    "lines": LINES,
    "array": json.dumps(SOME).encode(),
    "gzip": gzip.compress(LINES),
}


def read_again(house: House, asset_id: UUID) -> None:
    answer = house.client().post(f"/api/v1/objects/{asset_id}/replay", json={"stages": ["schema"]})
    assert answer.status_code == 202, answer.text
    house.run_queues()


def unfinished(house: House) -> list[dict[str, Any]]:
    return house.rows("SELECT part, state, error_code FROM stage WHERE state <> 'done'")


@pytest.mark.parametrize(("before", "after"), [(1 << 20, 2048), (2048, 1 << 20)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_is_cut_as_it_was_whatever_the_settings_say_by_now(
    house: House, monkeypatch: pytest.MonkeyPatch, layout: str, before: int, after: int
) -> None:
    cut_into_parts(monkeypatch, before)
    asset_id = house.upload(house.client(), LAYOUTS[layout], filename="a", collection="some")
    house.run_queues()
    cut_into_parts(monkeypatch, after)
    forget_everything()

    read_again(house, asset_id)

    assert [json.loads(text) for text in texts(house, "some")] == SOME
    assert unfinished(house) == []


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(os.urandom(16).hex().join(['{"n": "', '"}\n']).encode() * 300)[:-30],
        json.dumps(SOME).encode()[:-400],
    ],
    ids=["a gzip that was cut off", "an array that was cut off"],
)
def test_a_file_that_breaks_off_says_so_once_however_often_it_is_read(
    house: House, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    cut_into_parts(monkeypatch, 2048)
    asset_id = house.upload(house.client(), body, filename="a", collection="some")
    house.run_queues()
    kept, parts = texts(house, "some"), house.rows("SELECT count(*) FROM document_part")
    refused = house.rows("SELECT position, code FROM document_refusal ORDER BY position, code")
    assert kept
    assert refused

    for _ in range(3):
        read_again(house, asset_id)

    assert texts(house, "some") == kept
    assert house.rows("SELECT count(*) FROM document_part") == parts
    again = house.rows("SELECT position, code FROM document_refusal ORDER BY position, code")
    assert again == refused
    assert unfinished(house) == []


def test_pieces_that_end_at_once_do_not_wait_for_each_other_in_vain(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has refused documents, whose rows refer to the asset that the other one ends."""
    cut_into_parts(monkeypatch, 4096)
    lines = [json.dumps(one) if n % 10 else '{"n": NaN}' for n, one in enumerate(SOME)]
    house.upload(house.client(), "\n".join(lines).encode(), filename="a", collection="some")
    house.run_queues("intake")
    house.invoke("schema", house.receive("schema"))
    bodies = [record["body"] for record in house.receive("schema")]
    all_there = threading.Barrier(len(bodies))
    learn = keeping._learn

    def learn_together(*arguments: Any) -> None:
        all_there.wait(PATIENCE_S)
        learn(*arguments)

    monkeypatch.setattr(keeping, "_learn", learn_together)
    failures = at_once(house, bodies)

    assert len(bodies) > 2
    assert failures == []


def test_a_piece_may_end_while_the_next_one_is_unpacked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_into_parts(monkeypatch, 2048)
    house.upload(house.client(), gzip.compress(LINES), filename="a.gz", collection="some")
    house.run_queues("intake")
    (record,) = house.receive("schema")
    ending, stored = threading.Event(), threading.Event()
    store, ask = unpack._store, chores.ask
    pieces: list[threading.Thread] = []

    def ask_slowly(*arguments: Any, **options: Any) -> None:
        # The piece holds the collection's row by now, and its asset's only next.
        ending.set()
        assert stored.wait(PATIENCE_S)
        ask(*arguments, **options)

    def store_beside(*arguments: Any) -> Outgoing:
        outgoing = store(*arguments)
        if not pieces:
            body = outgoing.wake_ups[0].model_dump_json()
            pieces.append(threading.Thread(target=lambda: failures.extend(at_once(house, [body]))))
            pieces[0].start()
            assert ending.wait(PATIENCE_S)
        else:
            stored.set()
        return outgoing

    failures: list[Exception] = []
    monkeypatch.setattr(chores, "ask", ask_slowly)
    monkeypatch.setattr(unpack, "_store", store_beside)
    with house.as_worker():
        failures += at_once(house, [record["body"]])
        pieces[0].join()

    assert failures == []


def at_once(house: House, bodies: list[str]) -> list[Exception]:
    """Let as many workers as there are messages read them; what they raised."""
    failures: list[Exception] = []
    with house.as_worker():
        reading = Reading(
            database=wiring.database(),
            original=wiring.original,
            library=wiring.library(),
            limits=wiring.limits(),
            settings=wiring.document_settings(),
            time_left=lambda: 300.0,
        )

        def work(body: str) -> None:
            try:
                receive(reading, body)
            except Exception as error:
                failures.append(error)

        run_together([lambda body=body: work(body) for body in bodies])  # type: ignore[misc]
    return failures


def run_together(acts: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_contract_tells_of_what_it_kept_out_of_an_unpacked_file_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved(house)
    hold_to(house, "freeze")
    cut_into_parts(monkeypatch, 2048)
    forget_everything()
    more = [
        {**one, "order_id": 1000 + n, **({"new": 1} if n % 2 else {})}
        for n, one in enumerate(ORDERS)
    ]

    house.upload(house.client(), json.dumps(more).encode(), filename="b", collection="orders")
    house.run_queues()

    refusals = house.client().get("/api/v1/collections/orders/refusals?limit=200").json()["items"]
    assert {one["code"] for one in refusals} == {"schema_frozen"}
    assert len(refusals) == 100
    assert len(texts(house, "orders")) == 300


def test_documents_of_an_asset_that_came_back_as_a_duplicate_are_not_shown_twice(
    house: House,
) -> None:
    client = house.client()
    body = b'{"n": 1}\n{"n": 2}\n'
    first = house.upload(client, body, filename="a", collection="some")
    house.run_queues()
    house.upload(client, body, filename="b", collection="some")
    house.run_queues()

    client.delete(f"/api/v1/objects/{first}")
    house.run_queues()
    client.post(f"/api/v1/objects/{first}/restore")
    house.run_queues()

    found = client.get("/api/v1/collections/some/documents").json()["items"]
    assert [one["doc"] for one in found] == [{"n": 1}, {"n": 2}]
    assert client.get("/api/v1/collections/some").json()["documents"] == 2


def test_what_was_erased_is_forgotten_by_the_profile_whatever_came_meanwhile(
    house: House,
) -> None:
    client = house.client()
    gone = house.upload(client, b'{"gone": 1, "n": 1}\n', filename="a", collection="some")
    house.upload(client, b'{"n": 3}\n', filename="b", collection="some")
    house.run_queues()
    client.delete(f"/api/v1/objects/{gone}?purge=true")

    house.upload(client, b'{"n": 4}\n', filename="c", collection="some")
    house.run_queues()
    think(house)

    (found,) = house.rows("SELECT profile, profile_stale FROM collection")
    assert found["profile"]["documents"] == 2
    assert [field["path"] for field in found["profile"]["fields"]] == [["n"]]
    assert not found["profile_stale"]


def test_what_comes_when_a_file_is_read_again_can_be_asked_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where there are too many documents to look at all of them again."""
    monkeypatch.setattr("mammothbox.documents.relearn._MOST_DOCUMENTS", 10)
    approved(house)
    hold_to(house, "discard_row")
    odd = [{**ORDERS[0], "customer": n, "note": f"n{n}"} for n in range(5)]
    body = "\n".join(map(json.dumps, [{**ORDERS[0], "order_id": 900}, *odd])).encode()
    asset_id = house.upload(house.client(), body, filename="a", collection="orders")
    house.run_queues()
    hold_to(house, "evolve")

    for _ in range(2):
        read_again(house, asset_id)
        think(house)

    there = house.client().get("/api/v1/collections/orders").json()
    known = {field["field"]: field for field in there["fields"]}
    assert known["note"]["present"] == 5
    assert known["customer"]["types"] == {"integer": 5, "string": 202}
    assert there["documents"] == 206
    asked: dict[str, Any] = {"filter[note][exists]": "true", "sort": "-customer", "limit": 3}
    address = "/api/v1/collections/orders/documents"
    first = house.client().get(address, params=asked).json()
    second = house.client().get(address, params=asked | {"cursor": first["next_cursor"]}).json()
    found = [item["doc"]["customer"] for item in first["items"] + second["items"]]
    assert found == [4, 3, 2, 1, 0]


def test_a_file_of_nothing_but_refusals_ends_soon(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mammothbox.documents.survey._MOST_REFUSALS", 100)
    client = house.client()

    asset_id = house.upload(client, b'{"n": NaN}\n' * 200 + b'{"n": 1}', collection="some")
    house.run_queues()

    found = house.get(client, asset_id)
    assert found["status"] == "failed"
    assert found["error"]["code"] == "not_a_number"


def test_what_ends_half_way_goes_on_where_it_was_to_go(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A purge looks there, whatever the documents look more like by now."""
    client = house.client()

    def send(*numbers: int) -> UUID:
        text = json.dumps({f"key{n}": n for n in range(*numbers)})
        return house.upload(client, text.encode(), filename="a.json")

    send(0, 6)
    house.run_queues()
    asset_id = send(2, 10)
    house.run_queues("intake")
    records = house.receive("schema")
    with monkeypatch.context() as broken:
        broken.setattr("mammothbox.documents.piece.keep", lambda *_: 1 / 0)
        house.invoke("schema", records)
    send(4, 13)
    house.run_queues()
    house.invoke("schema", records)

    counts = "SELECT name, documents FROM collection ORDER BY created_at"
    assert [row["documents"] for row in house.rows(counts)] == [2, 1]
    client.delete(f"/api/v1/objects/{asset_id}?purge=true")
    house.run_queues()
    assert [row["documents"] for row in house.rows(counts)] == [1, 1]
    docs = house.rows("SELECT docs_table FROM collection")
    for row in docs:
        left = house.rows(f'SELECT count(*) AS n FROM collections."{row["docs_table"]}"')
        assert left == [{"n": 1}]
