"""What an owner has and takes up, told to them and to operators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from mammothbox.catalog import owners
from mammothbox.catalog.connection import Database
from starlette.testclient import TestClient

from tests.house import SPACE, House
from tests.integration.test_errors import BASE, assert_problem
from tests.samples import PNG

pytestmark = pytest.mark.xdist_group("models")

USAGE = f"{BASE}/usage"


def usage(client: TestClient, **params: str) -> dict[str, Any]:
    answer = client.get(USAGE, params=params)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def size(house: House, of: str) -> int:
    [row] = house.rows(f"SELECT coalesce(sum(size_bytes), 0) AS bytes FROM {of}")
    return int(row["bytes"])


def test_what_there_is_is_counted_and_weighed(house: House) -> None:
    client = house.client()
    picture = house.upload(client, PNG)
    house.upload(client, PNG)
    text = house.upload(client, b"abc", filename="a.txt")
    house.run_queues()
    # The bytes are there already: they lie there once.
    house.upload(client, b"abc", filename="b.txt", sha256=house.get(client, text)["sha256"])
    house.upload(client, b'[{"a": 1}, {"a": 2}]', filename="a.json", collection="things")
    house.run_queues()
    trashed = house.upload(client, b"rubbish", filename="c.txt")
    house.run_queues()
    client.delete(f"{BASE}/objects/{trashed}")

    told = usage(client)

    assert told["owner"] == "ada"
    assert told["objects"] == {"objects": 5, "bytes": 2 * len(PNG) + 3 + 3 + 20}
    assert told["trash"] == {"objects": 1, "bytes": 7}
    sorts = {
        (sort["kind"], sort["status"], sort["trashed"]): (sort["objects"], sort["bytes"])
        for sort in told["by_sort"]
    }
    assert sorts == {
        ("image", "ready", False): (1, len(PNG)),
        ("image", "duplicate", False): (1, len(PNG)),
        ("other", "ready", False): (1, 3),
        ("other", "duplicate", False): (1, 3),
        ("json", "ready", False): (1, 20),
        ("other", "ready", True): (1, 7),
    }
    assert told["originals"] == {"objects": 5, "bytes": 2 * len(PNG) + 3 + 20 + 7}
    [made] = house.rows("SELECT count(*) AS objects FROM derivative")
    assert made["objects"] > 0
    assert told["derivatives"] == {"objects": made["objects"], "bytes": size(house, "derivative")}
    assert (told["collections"], told["documents"]) == (1, 2)
    assert told["vectors"] == [{"space": SPACE.name, "state": "active", "vectors": 1}]
    assert house.get(client, picture)["status"] == "ready"


def test_tokens_are_told_against_the_budget(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPTION_TOKENS_A_DAY", "1000")
    monkeypatch.setenv("CAPTION_TOKENS_A_MONTH", "20000")
    utc = "(now() AT TIME ZONE 'UTC')"
    for day, spent, reserved in (
        (f"{utc}::date", 300, 20),
        (f"date_trunc('month', {utc})::date - 1", 5000, 0),
        (f"date_trunc('month', {utc})::date", 1, 0),
    ):
        house.rows(
            f"INSERT INTO token_use (owner, day, spent, reserved) VALUES ('ada', {day}, %s, %s)"
            " ON CONFLICT (owner, day) DO UPDATE SET spent = token_use.spent + excluded.spent",
            spent,
            reserved,
        )

    captions = usage(house.client())["captions"]

    assert captions["enabled"] is False
    assert captions["this_month"] == {"spent": 301, "reserved": 20, "budget": 20000}
    assert captions["today"]["budget"] == 1000
    assert captions["today"]["spent"] in (300, 301)


def test_each_owner_is_told_of_their_own_and_operators_of_all(house: House) -> None:
    ada, bob = house.client(), house.client(owner="bob")
    operator = house.client("operator", owner="zoe")
    house.upload(ada, b"abc", filename="a.txt")
    house.upload(bob, b"abcdef", filename="a.txt")
    house.run_queues("intake")

    assert [usage(each)["originals"]["bytes"] for each in (ada, bob, operator)] == [3, 6, 0]
    assert usage(operator, owner="bob") == usage(bob)
    assert_problem(ada.get(f"{BASE}/admin/usage"), 403)
    told, cursor = [], ""
    while cursor is not None:
        page = operator.get(f"{BASE}/admin/usage", params={"limit": 2, "cursor": cursor}).json()
        told += page["items"]
        cursor = page["next_cursor"]
    assert told == [usage(ada), usage(bob), usage(operator)]


def test_an_owner_is_who_has_a_key_or_anything_else(house: House) -> None:
    for owner in ("a", "b", "d"):
        house.key(owner=owner)
    house.put("drop/c/things/a.txt", b"abc")
    house.run_queues("intake")
    database = Database(house.urls.operator)

    with database.transaction() as connection:
        assert owners.page(connection) == ["a", "b", "c", "d"]
        assert owners.page(connection, "b") == ["c", "d"]
        assert owners.page(connection, "b", 1) == ["c"]
        assert owners.page(connection, "d") == []
    database.close()


def test_what_was_erased_is_counted_no_more(house: House) -> None:
    client = house.client()
    system_id: UUID = house.upload(client, b"abc", filename="a.txt")
    house.run_queues("intake")

    client.delete(f"{BASE}/objects/{system_id}?purge=true")

    told = usage(client)
    assert told["originals"] == told["objects"] == told["trash"] == {"objects": 0, "bytes": 0}
    assert told["by_sort"] == []
