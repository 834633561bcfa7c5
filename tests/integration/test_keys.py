"""Keys by request: made once, shown once, revoked for good, and none beyond one's own reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import pytest
from mammothbox.catalog.connection import Database
from psycopg import errors
from starlette.testclient import TestClient

from tests.house import House, app
from tests.integration.test_errors import BASE, assert_problem

KEYS = f"{BASE}/keys"


def with_key(key: str) -> TestClient:
    return TestClient(
        app, headers={"Authorization": f"Bearer {key}"}, raise_server_exceptions=False
    )


def made(client: TestClient, name: str = "laptop", **more: Any) -> dict[str, Any]:
    answer = client.post(
        KEYS, params=more.pop("params", {}), json={"name": name, "role": "viewer", **more}
    )
    assert answer.status_code == 201, answer.text
    key: dict[str, Any] = answer.json()
    return key


def as_client(house: House, owner: str, statement: LiteralString, *values: str) -> None:
    """What the functions that face clients may do in the catalogue."""
    with closing(Database(house.urls.app)) as database, database.transaction(owner) as connection:
        connection.execute(statement, values).fetchall()


def pages(client: TestClient) -> Iterator[list[dict[str, Any]]]:
    cursor = None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get(KEYS, params=params).json()
        yield page["items"]
        if (cursor := page["next_cursor"]) is None:
            return


def test_a_key_that_was_made_opens_what_its_role_may_until_it_is_revoked(house: House) -> None:
    admin = house.client("admin")
    key = made(admin, role="uploader", expires_in_days=1)
    new = with_key(key["key"])

    current = new.get(f"{KEYS}/current").json()

    assert current == {name: key[name] for name in current}
    assert (current["owner"], current["role"], current["name"]) == ("ada", "uploader", "laptop")
    expires_at = datetime.fromisoformat(current["expires_at"])
    assert abs(expires_at - datetime.now(UTC) - timedelta(days=1)) < timedelta(minutes=1)
    assert new.get(f"{BASE}/objects").status_code == 200
    assert_problem(new.get(KEYS), 403)
    for _ in range(2):
        assert admin.delete(f"{KEYS}/{key['key_id']}").status_code == 204
    assert assert_problem(new.get(f"{KEYS}/current"), 401)["code"] == "invalid_key"


def test_a_secret_is_told_once_and_its_hash_never(house: House) -> None:
    admin = house.client("admin")
    key = made(admin)

    listed = admin.get(KEYS)

    assert key["key"] not in listed.text
    assert {"key", "key_hash"}.isdisjoint(listed.json()["items"][0])
    rows = house.rows("SELECT event, actor, detail FROM lineage WHERE event LIKE 'key.%%'")
    me = admin.get(f"{KEYS}/current").json()["key_id"]
    assert [(row["event"], row["actor"], row["detail"]["key_id"]) for row in rows] == [
        ("key.made", f"key:{me}", key["key_id"])
    ]
    with pytest.raises(errors.InsufficientPrivilege):
        as_client(house, "ada", "SELECT key_hash FROM api_key")


def test_a_name_is_one_key_in_force(house: House) -> None:
    admin = house.client("admin")
    first = made(admin)

    again = admin.post(KEYS, json={"name": " laptop ", "role": "viewer"})

    problem = assert_problem(again, 409)
    assert (problem["code"], first["key_id"] in problem["detail"]) == ("key_exists", True)
    admin.delete(f"{KEYS}/{first['key_id']}")
    short = made(admin, expires_in_days=1e-9)
    third = made(admin)
    assert len({first["key_id"], short["key_id"], third["key_id"]}) == 3
    assert [row["event"] for row in house.rows("SELECT event FROM lineage ORDER BY id")] == [
        "key.made",
        "key.revoked",
        "key.made",
        "key.made",
    ]


def test_keys_are_listed_newest_first_with_their_last_use(house: House) -> None:
    admin = house.client("admin")
    names = [f"key {number}" for number in range(5)]
    secrets = [made(admin, name)["key"] for name in names]
    house.client("admin", owner="bob")
    with_key(secrets[2]).get(f"{BASE}/objects")

    listed = [key for page in pages(admin) for key in page]

    assert [key["name"] for key in listed] == [*reversed(names), "test"]
    used = [key["name"] for key in listed if key["last_used_at"]]
    assert used == ["key 2", "test"]


def test_the_last_use_is_noted_at_most_once_an_hour_and_only_of_what_opens(house: House) -> None:
    admin = house.client("admin")
    key = made(admin)
    new = with_key(key["key"])
    for hours, noted in ((0.9, False), (1.1, True)):
        house.rows(
            "UPDATE api_key SET last_used_at = now() - make_interval(secs => %s) WHERE id = %s",
            hours * 3600,
            UUID(key["key_id"]),
        )
        before = _last_use(house, key)
        new.get(f"{BASE}/objects")
        assert (_last_use(house, key) != before) is noted
    house.rows(
        "UPDATE api_key SET last_used_at = NULL, revoked_at = now() WHERE id = %s",
        UUID(key["key_id"]),
    )

    assert_problem(new.get(f"{BASE}/objects"), 401)

    assert _last_use(house, key) is None


def _last_use(house: House, key: dict[str, Any]) -> datetime | None:
    (row,) = house.rows("SELECT last_used_at FROM api_key WHERE id = %s", UUID(key["key_id"]))
    found: datetime | None = row["last_used_at"]
    return found


def test_nobody_makes_sees_or_revokes_what_is_beyond_their_reach(house: House) -> None:
    admin, other = house.client("admin"), house.client("admin", owner="bob")
    operator = house.client("operator")
    reaching = {"name": "far", "role": "operator"}

    assert_problem(admin.post(KEYS, json=reaching), 403)
    far = made(operator, **reaching)
    for_bob = made(operator, params={"owner": "bob"}, role="admin")

    assert for_bob["owner"] == "bob"
    assert with_key(for_bob["key"]).get(f"{KEYS}/current").json()["owner"] == "bob"
    assert with_key(far["key"]).get(f"{KEYS}/current").json()["role"] == "operator"
    seen = {key["key_id"] for key in admin.get(KEYS).json()["items"]}
    assert far["key_id"] not in seen
    assert far["key_id"] in {key["key_id"] for key in operator.get(KEYS).json()["items"]}
    for foreign in (far["key_id"], for_bob["key_id"]):
        assert_problem(admin.delete(f"{KEYS}/{foreign}"), 404)
    assert other.delete(f"{KEYS}/{for_bob['key_id']}").status_code == 204
    assert operator.delete(f"{KEYS}/{far['key_id']}").status_code == 204


def test_no_statement_of_a_client_makes_a_key_of_an_operator(house: House) -> None:
    """Not by the code's care, but by the database's."""
    for owner, role in (("ada", "operator"), ("bob", "admin")):
        with pytest.raises(errors.WithCheckOptionViolation):
            as_client(
                house,
                "ada",
                "INSERT INTO api_key (id, owner, role, name, key_hash)"
                " VALUES (gen_random_uuid(), %s, %s, 'x', 'x') RETURNING id",
                owner,
                role,
            )


def test_the_key_in_the_hand_is_not_revoked_by_itself(house: House) -> None:
    admin = house.client("admin")
    me = admin.get(f"{KEYS}/current").json()["key_id"]

    assert assert_problem(admin.delete(f"{KEYS}/{me}"), 409)["code"] == "key_in_use"
    assert house.client("admin").delete(f"{KEYS}/{me}").status_code == 204
    assert_problem(admin.get(f"{KEYS}/current"), 401)
