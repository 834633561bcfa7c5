"""Saved searches: live, with how many they find and the first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from mammothbox.catalog import saved_searches
from mammothbox.ids import new_id
from starlette.testclient import TestClient

from tests.house import House
from tests.integration.test_errors import assert_problem
from tests.shown_library import put_down

NOON = datetime(2024, 3, 31, 12)
PATH = "/api/v1/searches"


def save(client: TestClient, name: str, **asked: Any) -> dict[str, Any]:
    answer = client.post(PATH, json={"name": name, **asked})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_saved_search_is_live(house: House) -> None:
    client, url = house.client("uploader"), house.urls.superuser
    asked = {"query": "after:2024", "tags": ["beach"], "from": "2024-01", "bbox": "-1,-1,1,1"}
    saved = save(client, "Beaches", **asked)
    assert (saved["asked"], saved["count"], saved["cover"]) == (asked, 0, None)

    ids = put_down(url, [NOON, NOON + timedelta(hours=1)], [(0, 0), (0, 0)])
    put_down(url, [NOON], [(5, 5)])
    now = client.get(f"{PATH}/{saved['id']}").json()

    assert (now["count"], now["more"], now["cover"]["id"]) == (2, False, str(ids[1]))
    assert client.get(PATH).json()["items"] == [now]
    # An operator may not look by place for others, and is told no number.
    operator = house.client("operator", owner="ops")
    [told] = operator.get(f"{PATH}?owner=ada").json()["items"]
    assert (told["count"], told["asked"]) == (None, {})
    answer = operator.get(f"/api/v1/search?owner=ada&saved={saved['id']}")
    assert assert_problem(answer, 403)["code"] == "place_withheld"
    assert client.delete(f"{PATH}/{saved['id']}").status_code == 204
    assert_problem(client.delete(f"{PATH}/{saved['id']}"), 404)


def test_a_saved_search_is_renamed_and_asks_something_else(house: House) -> None:
    client = house.client("uploader")
    ids = put_down(house.urls.superuser, [NOON, datetime(2020, 1, 1)])
    saved = save(client, "Old", query="after:2024", tags=["beach"])
    save(client, "Taken")
    path = f"{PATH}/{saved['id']}"

    renamed = client.patch(path, json={"name": "New"}).json()
    assert renamed == {**saved, "name": "New"}
    asks = client.patch(path, json={"query": "before:2024"}).json()
    assert (asks["asked"], asks["cover"]["id"]) == ({"query": "before:2024"}, str(ids[1]))
    for change, status, code in (
        ({"name": "Taken"}, 409, "name_taken"),
        ({"query": "colour:red"}, 422, "invalid_query"),
        ({"query": "cluster:nobody"}, 422, "unknown_cluster"),
        ({"colour": "red"}, 422, "invalid_request"),
        ({}, 422, "nothing_to_change"),
        ({"name": None}, 422, "nothing_to_change"),
    ):
        answer = client.patch(path, json=change)
        assert assert_problem(answer, status)["code"] == code, change
    assert client.get(path).json() == asks
    eve = house.client("uploader", owner="eve")
    assert_problem(eve.patch(path, json={"name": "Hers"}), 404)


def test_a_count_is_bounded(house: House) -> None:
    client = house.client("uploader")
    put_down(house.urls.superuser, [NOON + timedelta(seconds=n) for n in range(1001)])

    saved = save(client, "Everything")

    assert (saved["count"], saved["more"]) == (1000, True)
    page = client.get("/api/v1/search", params={"saved": saved["id"], "limit": 3})
    # There are no assets behind these rows, so that nothing is shown of them.
    assert page.status_code == 200
    beside = client.get("/api/v1/search", params={"saved": saved["id"], "type": "media"})
    problem = assert_problem(beside, 422)
    assert (problem["code"], problem["detail"][-15:]) == ("saved_or_asked", "leave out type.")


def test_saved_searches_are_listed_by_name_and_not_without_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_searches, "MOST", 3)
    client = house.client("uploader")
    # The last is one sign, of three that are joined by another.
    names = ["Äpfel, 'n' <b>", "a", "👨\u200d👩\u200d👧"]
    for name in names:
        save(client, name, query="\0cat", tags=[name])

    taken = client.post(PATH, json={"name": "a"})
    assert assert_problem(taken, 409)["code"] == "name_taken"
    one_more = client.post(PATH, json={"name": "b"})
    assert assert_problem(one_more, 409)["code"] == "too_many_searches"
    listed: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get(PATH, params={"limit": 1, **cursor}).json()
        listed += [item["name"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert sorted(listed) == sorted(names)


def test_a_saved_search_keeps_to_its_clusters_whatever_they_are_called(house: House) -> None:
    client = house.client("uploader")
    put_down(house.urls.superuser, [NOON])
    cluster = new_id()
    house.rows(f"INSERT INTO cluster (owner, id, name) VALUES ('ada', '{cluster}', 'Panda')")
    saved = save(client, "By text", query='cluster:panda -cluster:"PANDA"')
    assert saved["clusters"] == {"panda": [str(cluster)], "PANDA": [str(cluster)]}
    other = save(client, "By parameter", query="kind:image", cluster=["Panda"])
    house.rows("UPDATE cluster SET name = 'Bear'")
    renamed = new_id()
    house.rows(f"INSERT INTO cluster (owner, id, name) VALUES ('ada', '{renamed}', 'Panda')")
    assert [item["count"] for item in client.get(PATH).json()["items"]] == [0, 0]

    house.rows(f"DELETE FROM cluster WHERE id = '{cluster}'")

    assert client.get(f"{PATH}/{other['id']}").json()["count"] is None
    answer = client.get("/api/v1/search", params={"saved": saved["id"]})
    assert "may be gone" in assert_problem(answer, 422)["detail"]
    for unknown in ({"query": "cluster:bear"}, {"cluster": [str(cluster)]}):
        answer = client.post(PATH, json={"name": "a", **unknown})
        assert assert_problem(answer, 422)["code"] == "unknown_cluster"


def test_a_saved_search_of_words_finds_what_is_likely_and_says_so(house: House) -> None:
    client = house.client("uploader")

    assert save(client, "a", query="tower")["asked"] == {"query": "tower", "min_score": 0.25}
    assert save(client, "b", query="tower", min_score=0)["asked"]["min_score"] == 0
    assert save(client, "c", query="after:2024")["asked"] == {"query": "after:2024"}


def test_what_cannot_be_asked_is_not_saved(house: House) -> None:
    client = house.client("uploader")
    for asked, code in (
        ({"query": "colour:red"}, "invalid_query"),
        ({"query": '"open'}, "invalid_query"),
        ({"query": "kind:image", "kind": ["video"]}, "invalid_query"),
        ({"rating": "six"}, "invalid_request"),
        ({"tags": ["\u0000"]}, "invalid_request"),
        ({"colour": "red"}, "invalid_request"),
        ({"name": " "}, "invalid_request"),
        ({"limit": 5}, "invalid_request"),
    ):
        answer = client.post(PATH, json={"name": "a", **asked})
        assert assert_problem(answer, 422)["code"] == code, asked
    assert client.get(PATH).json()["items"] == []
