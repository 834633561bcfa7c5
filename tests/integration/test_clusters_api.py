"""Clusters over HTTP: look, correct, undo; and nobody else's."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from starlette.testclient import TestClient

from infra.topology import LIBRARY_BUCKET
from tests.house import House
from tests.samples import png

pytestmark = pytest.mark.xdist_group("models")


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client()


def clustered(house: House, client: TestClient, *shades: int) -> list[UUID]:
    """Pictures that went all the way; those of near shades are alike."""
    ids = [house.upload(client, png(320, 240, shade)) for shade in shades]
    house.run_queues()
    return ids


def cluster_of(house: House, client: TestClient, asset_id: UUID) -> dict[str, Any]:
    found = house.get(client, asset_id)["cluster"]
    assert found is not None
    return dict(found)


def change(client: TestClient, cluster_id: str, **edit: Any) -> dict[str, Any]:
    answer = client.patch(f"/api/v1/clusters/{cluster_id}", json=edit)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_an_upload_finds_its_cluster(house: House, client: TestClient) -> None:
    one, other = clustered(house, client, 0, 1)

    found = cluster_of(house, client, one)
    listed = client.get("/api/v1/clusters").json()["items"]
    assert cluster_of(house, client, other)["id"] == found["id"]
    assert [(item["id"], item["size"], item["status"]) for item in listed] == [
        (found["id"], 2, "provisional")
    ]
    assert listed[0]["cover"] in (str(one), str(other))
    alone = client.get(f"/api/v1/clusters/{found['id']}").json()
    for told in (listed[0], alone):
        assert f"{listed[0]['cover']}/thumb-300.webp" in told["thumbnail"]
    members = client.get("/api/v1/objects", params={"cluster": found["id"]}).json()["items"]
    assert {item["system_id"] for item in members} == {str(one), str(other)}
    stages = {stage["name"]: stage["state"] for stage in house.get(client, one)["stages"]}
    assert stages["cluster"] == "done"


def test_split_merge_rename_and_undo(house: House, client: TestClient) -> None:
    one, other = clustered(house, client, 0, 1)
    cluster = cluster_of(house, client, one)["id"]

    split = change(client, cluster, action="split", asset_ids=[str(other)])
    change(client, split["made"][0], action="rename", name="Holiday")
    assert cluster_of(house, client, other)["name"] == "Holiday"
    merged = change(client, cluster, action="merge", **{"with": split["made"]})

    led = client.get(f"/api/v1/clusters/{split['made'][0]}")
    assert (led.status_code, led.headers["location"]) == (307, cluster)
    assert client.get(f"/api/v1/clusters/{cluster}").json()["size"] == 2
    somebody = house.client("operator", "ops")
    other_s = somebody.get(f"/api/v1/clusters/{split['made'][0]}?owner=ada")
    assert other_s.headers["location"] == f"{cluster}?owner=ada"
    undone = client.post(f"/api/v1/decisions/{merged['decision_id']}/undo")
    assert undone.status_code == 200
    assert cluster_of(house, client, other)["name"] == "Holiday"
    history = client.get("/api/v1/decisions", params={"cluster": cluster}).json()["items"]
    assert [item["action"] for item in history] == ["undo", "merge", "split"]
    assert history[1]["undone_by"] == history[0]["decision_id"]


def test_a_preview_changes_nothing(house: House, client: TestClient) -> None:
    one, other = clustered(house, client, 0, 1)
    cluster = cluster_of(house, client, one)["id"]
    way = f"/api/v1/clusters/{cluster}/preview"

    leaving = client.get(way, params={"threshold": 1}).json()
    parts = client.get(way, params={"parts": 2}).json()

    assert {item["system_id"] for item in leaving["leaving"]} == {str(one), str(other)}
    assert [part["size"] for part in parts["parts"]] == [1, 1]
    assert client.get(f"/api/v1/clusters/{cluster}").json()["size"] == 2
    assert client.get(way).status_code == 422


def test_links(house: House, client: TestClient) -> None:
    one, other = clustered(house, client, 0, 1)

    made = client.post(
        "/api/v1/links", json={"kind": "cannot", "system_ids": [str(one), str(other)]}
    )

    assert made.status_code == 201, made.text
    assert cluster_of(house, client, one)["id"] != cluster_of(house, client, other)["id"]
    assert [item["kind"] for item in client.get("/api/v1/links").json()["items"]] == ["cannot"]
    refused = client.post(
        f"/api/v1/objects/{other}/move",
        json={"cluster_id": cluster_of(house, client, one)["id"]},
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_link")
    gone = client.delete(f"/api/v1/links/{made.json()['link_id']}")
    assert gone.status_code == 200
    assert gone.json()["cluster_id"] in [
        cluster_of(house, client, each)["id"] for each in (one, other)
    ]


def test_what_a_hand_has_declined_is_not_suggested_again(house: House, client: TestClient) -> None:
    one, other = clustered(house, client, 0, 1)
    first = cluster_of(house, client, one)["id"]
    link = client.post(
        "/api/v1/links", json={"kind": "cannot", "system_ids": [str(one), str(other)]}
    ).json()["link_id"]
    second = cluster_of(house, client, other)["id"]
    with psycopg.connect(house.urls.superuser, autocommit=True) as connection:
        for kind, ids in (("merge", [first, second]), ("split", [first])):
            connection.execute(
                "INSERT INTO catalog.suggestion"
                " (owner, id, kind, cluster_ids, similarity, threshold, detail)"
                " VALUES ('ada', %s, %s, %s::uuid[], 0.8, 0.8, '{}')",
                [uuid4(), kind, ids],
            )

    def suggested() -> list[str]:
        return [each["kind"] for each in client.get("/api/v1/clusters/suggestions").json()["items"]]

    assert suggested() == ["split"]
    assert client.delete(f"/api/v1/links/{link}").status_code == 200
    assert sorted(suggested()) == ["merge", "split"]
    confirmed = client.patch(f"/api/v1/clusters/{first}", json={"action": "confirm"}).json()
    assert suggested() == ["merge"]
    client.post(f"/api/v1/decisions/{confirmed['decision_id']}/undo")
    assert sorted(suggested()) == ["merge", "split"]


def test_trash_and_purge_leave_the_counts_right(house: House, client: TestClient) -> None:
    one, other = clustered(house, client, 0, 1)
    cluster = cluster_of(house, client, one)["id"]

    client.delete(f"/api/v1/objects/{one}")
    assert client.get(f"/api/v1/clusters/{cluster}").json()["size"] == 1
    client.post(f"/api/v1/objects/{one}/restore")
    assert client.get(f"/api/v1/clusters/{cluster}").json()["size"] == 2
    client.delete(f"/api/v1/objects/{other}", params={"purge": True})

    assert client.get(f"/api/v1/clusters/{cluster}").json()["size"] == 1
    assert house.rows("SELECT size, trashed FROM cluster_shape WHERE size > 0") == [
        {"size": 1, "trashed": 0}
    ]


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ({"action": "rename", "name": " "}, "invalid_request"),
        ({"action": "rename"}, "invalid_request"),
        ({"action": "explode"}, "invalid_request"),
        ({"action": "split"}, "pick_or_parts"),
        ({"action": "threshold", "threshold": 2}, "invalid_request"),
        ({"action": "merge", "with": []}, "invalid_request"),
    ],
)
def test_an_edit_that_makes_no_sense_is_told(
    client: TestClient, edit: dict[str, Any], code: str
) -> None:
    answer = client.patch(f"/api/v1/clusters/{uuid4()}", json=edit)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_anothers_clusters_and_decisions_do_not_exist(house: House, client: TestClient) -> None:
    (one,) = clustered(house, client, 0)
    cluster = cluster_of(house, client, one)["id"]
    renamed = change(client, cluster, action="rename", name="Mine")
    eve = house.client(owner="eve")
    clustered(house, eve, 0)

    for answer in (
        eve.get(f"/api/v1/clusters/{cluster}"),
        eve.patch(f"/api/v1/clusters/{cluster}", json={"action": "confirm"}),
        eve.get(f"/api/v1/clusters/{cluster}/preview", params={"threshold": 1}),
        eve.post(f"/api/v1/decisions/{renamed['decision_id']}/undo"),
        eve.post(f"/api/v1/objects/{one}/move", json={"cluster_id": None}),
    ):
        assert answer.status_code == 404, answer.text
    assert eve.get("/api/v1/decisions").json()["items"] == []
    assert eve.get("/api/v1/objects", params={"cluster": cluster}).json()["items"] == []


def test_a_viewer_looks_and_does_not_decide(house: House, client: TestClient) -> None:
    (one,) = clustered(house, client, 0)
    cluster = cluster_of(house, client, one)["id"]
    viewer = house.client("viewer")

    assert viewer.get(f"/api/v1/clusters/{cluster}").status_code == 200
    assert (
        viewer.patch(f"/api/v1/clusters/{cluster}", json={"action": "confirm"}).status_code == 403
    )


def test_operators_see_how_clusters_drift(house: House, client: TestClient) -> None:
    clustered(house, client, 0, 1)
    house.sweep()
    due = house.rows("UPDATE chore SET due_at = now() RETURNING name")
    house.sweep()
    house.run_queues("cluster")

    stats = house.client("operator", owner="ops").get("/api/v1/admin/stats").json()

    assert {row["name"] for row in due} == {"consolidate", "name", "place"}
    (space,) = stats["clusters"]
    assert (space["clusters"], space["members"], space["unmeasured"]) == (1, 2, 0)
    assert space["tightness"] > 0.9
    assert stats["loosest"][0]["owner"] == "ada"
    assert stats["chores"] == []
    assert client.get("/api/v1/admin/stats").status_code == 403


def test_the_copy_lies_in_the_clusters_folder(house: House, client: TestClient) -> None:
    (one,) = clustered(house, client, 0)
    house.rows("UPDATE chore SET due_at = now()")
    house.sweep()
    house.run_queues("cluster")

    cluster = cluster_of(house, client, one)["id"]
    listed = house.s3.list_objects_v2(Bucket=LIBRARY_BUCKET, Prefix="media/")["Contents"]
    assert [item["Key"] for item in listed] == [f"media/clusters/{cluster}/{one}.png"]


def test_what_looks_alike_is_shown_as_similar(house: House, client: TestClient) -> None:
    one, other, trashed = clustered(house, client, 0, 1, 2)
    client.delete(f"/api/v1/objects/{trashed}")

    found = client.get(f"/api/v1/objects/{one}/similar").json()["items"]

    assert [item["system_id"] for item in found] == [str(other)]
    assert 0.9 < found[0]["similarity"] <= 1.0001
    assert f"/derived/{other}/thumb-300.webp?" in found[0]["thumbnail"]
    assert found[0]["uri"]
    assert found[0]["filename"] == house.get(client, other)["filename"]
    # The same bytes once more are like what the first are like.
    (copy,) = clustered(house, client, 0)
    assert house.get(client, copy)["duplicate_of"] == str(one)
    of_copy = client.get(f"/api/v1/objects/{copy}/similar").json()["items"]
    assert [item["system_id"] for item in of_copy] == [str(other)]
    nothing = client.get(f"/api/v1/objects/{one}/similar", params={"min_similarity": 1})
    assert nothing.json()["items"] == []
    assert house.client(owner="eve").get(f"/api/v1/objects/{one}/similar").status_code == 404
