"""What arrives as bytes becomes facts, derivatives, vectors and tags."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import pytest
from mammothbox import stages
from mammothbox.embedding import embed
from mammothbox.messages import Outgoing
from mammothbox.storage.library import Library
from PIL import Image
from starlette.testclient import TestClient

from infra.topology import LIBRARY_BUCKET
from tests.house import SPACE, House
from tests.samples import PNG, png

# One process loads the model and the vectors of the labels for all of these.
pytestmark = pytest.mark.xdist_group("models")


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client()


def photo(shade: int = 0) -> bytes:
    """A photo with a camera, a time with its offset, a place, and an orientation."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F], exif[0x0110] = "Canon", "EOS R6"
    details = exif.get_ifd(0x8769)
    details[0x9003], details[0x9011] = "2024:05:01 18:30:00", "+02:00"
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (52.0, 30.0, 0.0)
    place[3], place[4] = "E", (13.0, 24.0, 0.0)
    body = io.BytesIO()
    Image.open(io.BytesIO(png(640, 480, shade))).save(body, "JPEG", exif=exif)
    return body.getvalue()


def names_of(house: House, asset_id: UUID) -> set[str]:
    listed = house.s3.list_objects_v2(Bucket=LIBRARY_BUCKET, Prefix=f"derived/{asset_id}/")
    return {item["Key"].rsplit("/", 1)[-1] for item in listed.get("Contents", [])}


def test_a_photo_is_understood(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, photo(), filename="evening.jpg")

    house.run_queues()

    asset = house.get(client, asset_id)
    assert (asset["status"], asset["kind"]) == ("ready", "image")
    assert (asset["width"], asset["height"]) == (480, 640)
    assert asset["taken_at"] == "2024-05-01T18:30:00+02:00"
    assert (asset["location"]["latitude"], asset["location"]["longitude"]) == (52.5, 13.4)
    assert (asset["camera"]["make"], asset["camera"]["model"]) == ("Canon", "EOS R6")
    assert asset["space"] == SPACE.name
    assert len(asset["phash"]) == 16
    made = {item["name"]: item for item in asset["derivatives"]}
    assert set(made) == {"thumb-150.webp", "thumb-300.webp", "preview-1024.jpg"}
    assert names_of(house, asset_id) == set(made)
    assert (made["thumb-150.webp"]["width"], made["thumb-150.webp"]["height"]) == (112, 150)
    assert [(stage["name"], stage["state"]) for stage in asset["stages"]] == [
        ("intake", "done"),
        ("embed", "done"),
        ("cluster", "done"),
        ("tag", "done"),
    ]
    assert "thumb-300.webp" in client.get("/api/v1/objects").json()["items"][0]["thumbnail"]
    everything = client.get(f"/api/v1/objects/{asset_id}/metadata").json()["metadata"]
    assert everything["exif"]


def test_a_batch_is_one_run_and_a_broken_file_fails_alone(house: House, client: TestClient) -> None:
    good = [house.upload(client, png(shade=shade)) for shade in range(3)]
    broken = house.upload(client, PNG[:200])
    house.run_queues("intake")

    records = house.receive("embed")
    assert len(records) == 4
    assert house.invoke("embed", records) == []
    house.run_queues()

    assert {house.get(client, asset_id)["status"] for asset_id in good} == {"ready"}
    failed = house.get(client, broken)
    assert failed["status"] == "failed"
    assert failed["error"]["code"] == "broken_picture"
    assert not failed["error"]["retryable"]
    assert client.get(f"/api/v1/objects/{broken}/content").status_code == 302
    assert client.get(f"/api/v1/objects/{broken}/thumbnail").json()["code"] == "no_thumbnail"


def test_a_thumbnail_is_at_an_address_of_its_own(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, photo())
    house.run_queues()

    for size, name in (
        (150, "thumb-150.webp"),
        (300, "thumb-300.webp"),
        (1024, "preview-1024.jpg"),
    ):
        answer = client.get(f"/api/v1/objects/{asset_id}/thumbnail", params={"size": size})
        assert answer.status_code == 302
        assert f"/derived/{asset_id}/{name}?" in answer.headers["Location"]
    assert client.get(f"/api/v1/objects/{asset_id}/thumbnail?size=151").status_code == 422
    stranger = house.client(owner="bob")
    assert stranger.get(f"/api/v1/objects/{asset_id}/thumbnail").status_code == 404


def test_whose_place_it_is_not_is_told_none(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, photo())
    house.run_queues()
    operator = house.client("operator", owner="ops")

    seen = operator.get(f"/api/v1/objects/{asset_id}?owner=ada").json()
    listed = operator.get("/api/v1/objects?owner=ada").json()["items"][0]
    metadata = operator.get(f"/api/v1/objects/{asset_id}/metadata?owner=ada")

    assert seen["location"] is None
    assert listed["location"] is None
    assert (metadata.status_code, metadata.json()["code"]) == (403, "place_withheld")
    assert house.get(client, asset_id)["location"] is not None
    preview = house.s3.get_object(
        Bucket=LIBRARY_BUCKET, Key=f"derived/{asset_id}/preview-1024.jpg"
    )["Body"].read()
    assert not Image.open(io.BytesIO(preview)).getexif()


def test_media_is_found_by_time_and_place(house: House, client: TestClient) -> None:
    asset_id = str(house.upload(client, photo()))
    house.upload(client, PNG)
    house.run_queues()

    def found(**wanted: str) -> list[str]:
        answer = client.get("/api/v1/objects", params=wanted)
        assert answer.status_code == 200, answer.text
        return [item["system_id"] for item in answer.json()["items"]]

    assert found(bbox="13,52,14,53") == [asset_id]
    assert found(bbox="14,52,15,53") == []
    assert found(bbox="170,-10,-170,10") == []
    assert found(taken_from="2024-05-01T00:00:00", taken_to="2024-05-02T00:00:00") == [asset_id]
    assert found(taken_from="2024-05-02T00:00:00") == []
    assert found(tag="Canon EOS R6") in ([asset_id], [])
    for bad in ("1,2,3", "a,b,c,d", "0,10,1,9", "0,0,0,91", "nan,0,0,0"):
        assert client.get("/api/v1/objects", params={"bbox": bad}).json()["code"] == "invalid_bbox"


def test_a_hands_tags_survive_every_run(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, photo())
    house.run_queues()
    before = {tag["label"]: tag["source"] for tag in house.get(client, asset_id)["tags"]}
    said_by_the_file = next(label for label, source in before.items() if source == "metadata")

    answer = client.patch(
        f"/api/v1/objects/{asset_id}",
        json={"tags": {"add": ["grandma's  garden"], "remove": [said_by_the_file]}, "rating": 4},
    )
    assert answer.status_code == 200, answer.text
    client.post(f"/api/v1/objects/{asset_id}/replay", json={"stages": ["embed", "tag"]})
    house.run_queues()

    asset = house.get(client, asset_id)
    after = {tag["label"]: tag["source"] for tag in asset["tags"]}
    assert after["grandma's garden"] == "hand"
    assert said_by_the_file not in after
    assert asset["tags_removed"] == [said_by_the_file]
    assert asset["rating"] == 4
    listed = client.get("/api/v1/objects", params={"tag": "grandma's garden"}).json()["items"]
    assert [item["system_id"] for item in listed] == [str(asset_id)]
    assert client.get("/api/v1/objects", params={"tag": said_by_the_file}).json()["items"] == []


def test_a_change_of_tags_is_taken_back(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, photo())
    house.run_queues()
    path = f"/api/v1/objects/{asset_id}"

    def said() -> tuple[dict[str, str], list[str]]:
        asset = house.get(client, asset_id)
        return {tag["label"]: tag["source"] for tag in asset["tags"]}, asset["tags_removed"]

    def sent(**edit: list[str]) -> Any:
        answer = client.patch(path, json={"tags": edit})
        assert answer.status_code == 200, answer.text
        return answer.json()["undo"]

    by_file = next(label for label, source in said()[0].items() if source == "metadata")
    sent(add=["kept"], remove=["gone"])
    before = said()
    undo = sent(add=["new", "kept", "gone", by_file])
    assert undo == {"add": [], "remove": ["gone"], "forget": sorted([by_file, "new"])}
    assert said()[0][by_file] == "hand"
    sent(**undo)
    assert said() == before

    undo = sent(remove=["kept", "gone", "absent"])
    assert undo == {"add": ["kept"], "remove": [], "forget": ["absent"]}
    sent(**undo)
    assert said() == before
    # What machines alone said has gone with it, so that a hand says it again.
    assert sent(remove=[by_file]) == {"add": [by_file], "remove": [], "forget": []}
    twice = client.patch(path, json={"tags": {"add": ["a"], "forget": ["a"]}})
    assert twice.json()["code"] == "contradiction"


def test_a_tag_is_the_same_whatever_its_capitals(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, photo())
    house.run_queues()
    path = f"/api/v1/objects/{asset_id}"

    def tags() -> dict[str, str]:
        told = house.get(client, asset_id)["tags"]
        [found] = client.get("/api/v1/search", params={"kind": "image"}).json()["results"]
        assert found["tags"] == told
        return {tag["label"]: tag["source"] for tag in told}

    def sent(**edit: list[str]) -> Any:
        answer = client.patch(path, json={"tags": edit})
        assert answer.status_code == 200, answer.text
        return answer.json()["undo"]

    before = tags()
    by_file = next(label for label, source in before.items() if source == "metadata")
    undo = sent(add=[by_file.swapcase(), "Öresund"])
    assert tags() == {label: each for label, each in before.items() if label != by_file} | {
        by_file.swapcase(): "hand",
        "Öresund": "hand",
    }
    sent(**undo)
    assert tags() == before

    sent(add=["kept"])
    undo = sent(add=["Kept"])
    assert ("kept" in tags(), tags()["Kept"]) == (False, "hand")
    sent(**undo)
    assert ("Kept" in tags(), tags()["kept"]) == (False, "hand")
    sent(forget=["KEPT"])
    assert tags() == before

    # What is taken away is the tag that is there, and no run brings another spelling of it.
    assert sent(remove=[by_file.swapcase()]) == {"add": [by_file], "remove": [], "forget": []}
    assert sent(remove=[by_file.swapcase()]) == {"add": [], "remove": [], "forget": []}
    assert house.get(client, asset_id)["tags_removed"] == [by_file]
    house.rows("UPDATE tag_by_hand SET label = %s", by_file.swapcase())
    client.post(f"{path}/replay", json={"stages": ["embed", "tag"]})
    house.run_queues()
    assert by_file not in tags()
    sent(add=[by_file])
    assert house.get(client, asset_id)["tags_removed"] == []


@pytest.mark.parametrize(
    ("label", "asked"),
    [
        ("Beach", ("beach", "BEACH")),
        ("İstanbul", ("İstanbul", "istanbul", "i\u0307stanbul")),
        ("ΟΔΟΣ ΜΟΥ", ("ΟΔΟΣ μου", "οδος ΜΟΥ", "οδοσ μου")),
        ("οδος μου", ("ΟΔΟΣ ΜΟΥ", "οδος μου")),
    ],
)
def test_tags_are_found_whatever_their_capitals(
    house: House, client: TestClient, label: str, asked: tuple[str, ...]
) -> None:
    asset_id = house.upload(client, b"kept as it came")
    house.run_queues("intake")
    client.patch(f"/api/v1/objects/{asset_id}", json={"tags": {"add": [label, label.upper()]}})

    def found(query: str) -> int:
        answer = client.get("/api/v1/search", params={"query": query})
        assert answer.status_code == 200, answer.text
        return len(answer.json()["results"])

    for each in asked:
        assert found(f'tag:"{each}"') == 1
        assert found(f'tag:"{each}",other') == 1
        assert found(f'-tag:"{each}"') == 0
        listed = client.get("/api/v1/objects", params={"tag": each, "limit": 1}).json()
        assert [item["system_id"] for item in listed["items"]] == [str(asset_id)]
        assert listed["next_cursor"] is None


def test_what_a_hand_left_out_stays(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, PNG)
    client.patch(f"/api/v1/objects/{asset_id}", json={"comments": "by the sea", "rating": 5})

    answer = client.patch(f"/api/v1/objects/{asset_id}", json={"rating": None})

    assert (answer.json()["comments"], answer.json()["rating"]) == ("by the sea", None)
    theirs = {"comments": "by the lake", "comments_before": "at sea"}
    refused = client.patch(f"/api/v1/objects/{asset_id}", json=theirs)
    assert (refused.status_code, refused.json()["code"]) == (409, "comments_changed")
    # What has arrived already may be sent again, and with what it was before it is changed.
    for before in ("by the sea", "by the sea", None):
        sent = theirs | {"comments_before": before}
        answer = client.patch(f"/api/v1/objects/{asset_id}", json=sent)
        assert (answer.status_code, answer.json()["comments"]) == (200, "by the lake")
    contradiction = {"tags": {"add": ["a"], "remove": ["a"]}}
    refused = client.patch(f"/api/v1/objects/{asset_id}", json=contradiction)
    assert (refused.status_code, refused.json()["code"]) == (422, "contradiction")
    for bad in ({"rating": 6}, {"tags": {"add": [""]}}, {"tags": {"add": ["\n"]}}, {"x": 1}):
        assert client.patch(f"/api/v1/objects/{asset_id}", json=bad).status_code == 422
    assert house.client("viewer").patch(f"/api/v1/objects/{asset_id}", json={}).status_code == 403


def test_a_purge_leaves_nothing_that_was_made(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, photo())
    house.run_queues()
    assert names_of(house, asset_id)

    assert client.delete(f"/api/v1/objects/{asset_id}?purge=true").status_code == 204

    assert names_of(house, asset_id) == set()
    for table in ("media", "derivative", "embedding", "tag", "tag_by_hand", "caption"):
        assert house.rows(f"SELECT * FROM {table}") == [], table


def test_an_erased_asset_leaves_nothing_behind_when_embed_comes_late(
    house: House, client: TestClient
) -> None:
    asset_id = house.upload(client, photo())
    house.run_queues("intake")
    records = house.receive("embed")

    client.delete(f"/api/v1/objects/{asset_id}?purge=true")

    assert house.invoke("embed", records) == []
    house.sqs.send_message(
        QueueUrl=house.queue_urls["tag"],
        MessageBody=records[0]["body"].replace('"embed"', '"tag"'),
    )
    assert house.invoke("tag", house.receive("tag")) == []
    assert names_of(house, asset_id) == set()


def test_a_message_that_is_not_for_embed_goes_to_the_dead_letters(house: House) -> None:
    house.sqs.send_message(QueueUrl=house.queue_urls["embed"], MessageBody="{}")
    records = house.receive("embed")

    assert house.invoke("embed", records) == [records[0]["messageId"]]


def test_a_purge_in_the_middle_of_embedding_leaves_nothing_behind(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, photo())
    house.run_queues("intake")
    records = house.receive("embed")
    finish = stages.finish

    def purged_just_before(*arguments: Any) -> Outgoing:
        assert names_of(house, asset_id)
        client.delete(f"/api/v1/objects/{asset_id}?purge=true")
        return finish(*arguments)

    monkeypatch.setattr(embed, "finish", purged_just_before)
    house.invoke("embed", records)
    monkeypatch.undo()

    assert names_of(house, asset_id) == set()
    assert house.rows("SELECT * FROM embedding") == []


def test_a_purge_that_comes_while_a_file_is_decoded_leaves_nothing_behind(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, photo())
    house.run_queues("intake")
    records = house.receive("embed")
    store = Library.store

    def purged_just_before(library: Library, made: Any) -> None:
        client.delete(f"/api/v1/objects/{asset_id}?purge=true")
        store(library, made)
        assert names_of(house, asset_id)

    monkeypatch.setattr(Library, "store", purged_just_before)

    failed = house.invoke("embed", records)

    assert names_of(house, asset_id) == set()
    assert failed == [records[0]["messageId"]]
    assert house.invoke("embed", records) == []


def test_a_model_that_is_missing_holds_nothing_else_up(house: House, client: TestClient) -> None:
    """One message's space has no model here; its neighbour is embedded all the same."""
    first, second = house.upload(client, png(shade=1)), house.upload(client, png(shade=2))
    house.run_queues("intake")
    house.rows(
        "INSERT INTO embedding_space (name, model, weights_sha256, dimension)"
        " VALUES ('gone', 'm', '0', 3)"
    )
    house.rows("UPDATE stage SET space = 'gone' WHERE name = 'embed' AND asset_id = %s", first)
    records = house.receive("embed")
    for record in records:
        if str(first) in record["body"]:
            record["body"] = record["body"].replace(SPACE.name, "gone")

    failed = house.invoke("embed", records)

    assert failed == [r["messageId"] for r in records if str(first) in r["body"]]
    stages = {stage["name"]: stage for stage in house.get(client, first)["stages"]}
    assert (stages["embed"]["state"], stages["embed"]["error"]["code"]) == (
        "failed",
        "space_unavailable",
    )
    house.run_queues("tag", "cluster")
    assert house.get(client, second)["status"] == "ready"


def test_the_same_message_twice_in_a_batch_is_done_once(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues("intake")
    [record] = house.receive("embed")

    assert house.invoke("embed", [record, {**record, "messageId": "again"}]) == []

    house.run_queues()
    asset = house.get(client, asset_id)
    assert asset["status"] == "ready"
    assert {stage["name"]: stage["attempt"] for stage in asset["stages"]}["embed"] == 1
