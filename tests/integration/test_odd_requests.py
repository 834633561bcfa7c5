"""Requests that are formed well and mean something that nobody would think of first."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from mammothbox.catalog import asset_list, duplicate_list

from tests.house import House
from tests.integration.test_collections_api import store
from tests.integration.test_errors import assert_problem

BASE = "/api/v1"
# It is three characters once its parts are put in order.
GROWS = "\U0001d160"


def test_an_id_is_no_other_collections_name(house: House) -> None:
    store(house, '{"kept": 1}', collection="orders")
    client = house.client()
    path = f"{BASE}/collections/{client.get(f'{BASE}/collections/orders').json()['id']}"
    store(house, '{"evil": 1}', collection=path.rpartition("/")[2])

    changed = client.patch(path, json={"contract": "freeze"}).json()

    assert (changed["name"], changed["contract"]) == ("orders", "freeze")
    assert [each["doc"] for each in client.get(f"{path}/documents").json()["items"]] == [
        {"kept": 1}
    ]


def test_a_page_ends_before_it_is_too_much_for_an_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asset_list, "_MOST_WRITTEN", 3_000)
    client = house.client()
    files = [{"filename": f"{number}.txt", "size_bytes": 5} for number in range(5)]
    sent = client.post(f"{BASE}/uploads", json={"files": files, "comments": "😀" * 300})
    assert sent.status_code == 201

    seen: list[str] = []
    pages: list[int] = []
    cursor: str | None = None
    while cursor is not None or not pages:
        given = f"&cursor={cursor}" if cursor else ""
        page = client.get(f"{BASE}/objects?limit=10{given}").json()
        pages.append(len(page["items"]))
        seen += [each["system_id"] for each in page["items"]]
        cursor = page["next_cursor"]

    assert (pages, len(set(seen))) == ([2, 2, 1], 5)


def test_what_is_erased_while_pairs_are_listed_is_left_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.client()
    first, second = (house.upload(client, b"The same bytes.") for _ in range(2))
    house.run_queues()
    assert len(client.get(f"{BASE}/duplicates").json()["items"]) == 1
    looked_up = duplicate_list.page

    def erased_behind_it(*given: Any) -> Any:
        found = looked_up(*given)
        house.rows("DELETE FROM stage WHERE asset_id = ANY(%s)", [first, second])
        house.rows("DELETE FROM asset WHERE duplicate_of IS NOT NULL")
        return found

    monkeypatch.setattr(duplicate_list, "page", erased_behind_it)

    answer = client.get(f"{BASE}/duplicates")

    assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_the_history_of_what_never_was_is_none_wherever_one_begins(house: House) -> None:
    client = house.client()
    mine = house.upload(client, b"What the mammoth saw.")

    for cursor in (0, 1):
        assert_problem(client.get(f"{BASE}/objects/{uuid4()}/lineage?cursor={cursor}"), 404)
    assert client.get(f"{BASE}/objects/{mine}/lineage?cursor=999999").json()["items"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("searches", {"name": GROWS * 120}),
        ("keys", {"name": GROWS * 120, "role": "viewer"}),
    ],
)
def test_names_are_as_long_as_they_are_kept(house: House, path: str, body: dict[str, str]) -> None:
    answer = house.client("admin").post(f"{BASE}/{path}", json=body)

    assert "NFC" in str(assert_problem(answer, 422))
