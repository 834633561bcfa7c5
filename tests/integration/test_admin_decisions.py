"""The history of what people decided: every kind of act, by whom, about what, and its undoing."""

from __future__ import annotations

from typing import Any

import pytest
from mammothbox.clustering.undo import UNDO
from starlette.testclient import TestClient

from tests.house import House
from tests.integration.test_clusters_api import change, cluster_of, clustered
from tests.integration.test_duplicates_api import encoded, jpeg, photo
from tests.integration.test_errors import BASE, assert_problem

pytestmark = pytest.mark.xdist_group("models")


def decided(client: TestClient, **narrowed: Any) -> list[dict[str, Any]]:
    answer = client.get(f"{BASE}/decisions", params={"limit": 200, **narrowed})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def make_every_kind_of_decision(house: House, client: TestClient) -> dict[str, str]:
    """One act of each kind; the objects that some of them are about, by their part in it."""
    one, other = map(str, clustered(house, client, 0, 1))
    picture = photo("astronaut")
    small = picture.resize((picture.width // 2, picture.height // 2))
    for content, name in ((encoded(picture), "large.png"), (jpeg(small), "small.jpg")):
        house.upload(client, content, filename=name)
    house.run_queues()
    cluster = cluster_of(house, client, one)["id"]  # type: ignore[arg-type]
    change(client, cluster, action="rename", name="Holiday")
    change(client, cluster, action="confirm")
    change(client, cluster, action="threshold", threshold=0.1)
    [made] = change(client, cluster, action="split", asset_ids=[other])["made"]
    change(client, cluster, action="merge", **{"with": [made]})
    client.post(f"{BASE}/objects/{one}/move", json={"cluster_id": None})
    link = client.post(f"{BASE}/links", json={"kind": "must", "system_ids": [one, other]}).json()
    client.delete(f"{BASE}/links/{link['link_id']}")
    [pair] = client.get(f"{BASE}/duplicates").json()["items"]
    verdict = f"{BASE}/duplicates/{pair['id']}"
    told = client.post(verdict, json={"verdict": "dismiss"}).json()
    client.post(f"{BASE}/decisions/{told['decision_id']}/undo")
    assert client.post(verdict, json={"verdict": "confirm"}).status_code == 200
    half = pair["objects"][0]["system_id"]
    return {"moved": one, "cluster": cluster, "half": half, "merged": made}


def test_every_kind_of_act_is_told_with_who_and_what_and_whether_it_stands(house: House) -> None:
    client = house.client()
    about = make_every_kind_of_decision(house, client)

    told = decided(client)

    assert {each["action"] for each in told} == {*UNDO, "undo"}
    assert {each["actor_name"] for each in told} == {"test"}
    by_action = {each["action"]: each for each in told}
    undo, dismissed = by_action["undo"], by_action["dismiss_duplicate"]
    assert (undo["undoes"], dismissed["undone_by"]) == (
        dismissed["decision_id"],
        undo["decision_id"],
    )
    assert [each["action"] for each in told if each["undone_by"]] == ["dismiss_duplicate"]
    assert {"id": about["cluster"], "name": "Holiday"} in by_action["merge"]["clusters"]
    merged = {each["id"]: each["name"] for each in by_action["merge"]["clusters"]}
    assert set(merged) == set(by_action["merge"]["cluster_ids"])
    assert merged[about["merged"]]
    for action in (*UNDO, "undo"):
        assert decided(client, action=action) == [each for each in told if each["action"] == action]
    of_moved = {each["action"] for each in decided(client, object=about["moved"])}
    assert {"move", "link", "unlink"} <= of_moved <= {*UNDO} - {"rename", "confirm"}
    of_half = [each["action"] for each in decided(client, object=about["half"])]
    assert of_half == ["confirm_duplicate", "dismiss_duplicate"]
    of_cluster = [each["action"] for each in decided(client, cluster=about["cluster"])]
    assert {"rename", "confirm", "threshold", "split", "merge"} <= {*of_cluster}
    assert decided(client, object=about["moved"], action="rename") == []


def test_others_are_told_no_names(house: House) -> None:
    client = house.client()
    [one] = clustered(house, client, 0)
    cluster = cluster_of(house, client, one)["id"]
    operator = house.client("operator", owner="zoe")
    renamed = f"{BASE}/clusters/{cluster}?owner=ada"
    operator.patch(renamed, json={"action": "rename", "name": "Trunks"})

    [told] = decided(client)

    assert (told["actor_name"], told["clusters"]) == (None, [{"id": cluster, "name": "Trunks"}])
    assert decided(house.client(owner="bob")) == []
    for wrong in ({"action": "DROP TABLE"}, {"object": "x"}):
        assert_problem(client.get(f"{BASE}/decisions", params=wrong), 422)
