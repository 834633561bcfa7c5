"""Copies of real photos, from the drop to the verdict, as a client sees it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image, ImageOps
from starlette.testclient import TestClient

from tests.house import MODELS, House

# One process loads the model and the vectors of the labels for all of these.
pytestmark = pytest.mark.xdist_group("models")

GALLERY: Path = MODELS / "evaluation" / "gallery"


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client()


def photo(name: str) -> Image.Image:
    with Image.open(GALLERY / f"{name}.webp") as picture:
        return picture.convert("RGB")


def encoded(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    body = io.BytesIO()
    picture.save(body, form, **options)
    return body.getvalue()


def jpeg(picture: Image.Image, quality: int = 60) -> bytes:
    return encoded(picture, "JPEG", quality=quality)


def listed(client: TestClient, **wanted: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/duplicates", params=wanted)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def ids(client: TestClient, **wanted: Any) -> list[str]:
    return [pair["id"] for pair in listed(client, **wanted)]


def halves(pair: dict[str, Any]) -> set[UUID]:
    return {UUID(half["system_id"]) for half in pair["objects"]}


def say(client: TestClient, pair: dict[str, Any], **said: Any) -> Any:
    return client.post(f"/api/v1/duplicates/{pair['id']}", json=said)


@pytest.fixture
def pair(house: House, client: TestClient) -> dict[str, Any]:
    """An open pair: a photo, and a smaller copy in another format."""
    picture = photo("astronaut")
    small = picture.resize((picture.width // 2, picture.height // 2))
    house.upload(client, encoded(picture), filename="large.png")
    house.upload(client, jpeg(small), filename="small.jpg")
    house.run_queues()
    (found,) = listed(client)
    return found


def test_a_copy_is_shown_with_the_evidence_and_which_to_keep(
    house: House, client: TestClient, pair: dict[str, Any]
) -> None:
    assert (pair["class"], pair["state"], pair["keeper"]) == ("same", "open", None)
    assert pair["evidence"]["distance"] <= 4
    assert pair["evidence"]["colours"] > 0.9
    large, small = sorted(pair["objects"], key=lambda half: -half["width"])
    assert (large["filename"], small["filename"]) == ("large.png", "small.jpg")
    assert pair["suggested_keeper"] == large["system_id"]
    assert "most pixels" in pair["reason"]
    for half in (large, small):
        assert f"/derived/{half['system_id']}/thumb-300.webp?" in half["thumbnail"]
    cluster = house.get(client, UUID(large["system_id"]))["cluster"]["id"]
    assert ids(client, cluster=cluster) == ids(client)
    assert ids(client, object=large["system_id"]) == ids(client)
    assert ids(client, object=cluster) == []
    assert ids(client, cluster=large["system_id"]) == []


def test_what_only_looks_alike_is_not_called_the_same(house: House, client: TestClient) -> None:
    picture = photo("cat")
    for other in (picture, ImageOps.mirror(picture), photo("koala"), photo("panda")):
        house.upload(client, jpeg(other))
    house.run_queues()

    assert listed(client) == []


def test_exact_duplicates_stand_in_the_same_list(
    house: House, client: TestClient, pair: dict[str, Any]
) -> None:
    original = house.upload(client, jpeg(photo("moon")))
    house.run_queues()
    copy = house.upload(client, jpeg(photo("moon")))
    house.run_queues()

    first, second = listed(client)
    assert (first["class"], first["state"], second["class"]) == ("exact", "confirmed", "same")
    assert halves(first) == {original, copy}
    assert first["keeper"] == str(original)
    assert len(first["evidence"]["sha256"]) == 64
    exact, same = first["id"], second["id"]
    assert ids(client, **{"class": "exact"}) == ids(client, state="confirmed") == [exact]
    assert ids(client, **{"class": "same"}) == ids(client, state="open") == [same]
    assert ids(client, state="dismissed") == ids(client, state="open", **{"class": "exact"}) == []
    assert say(client, first, verdict="dismiss").json()["code"] == "exact_duplicate"
    page = client.get("/api/v1/duplicates?limit=1").json()
    rest = client.get("/api/v1/duplicates", params={"cursor": page["next_cursor"]}).json()
    assert [each["id"] for each in page["items"] + rest["items"]] == [exact, same]
    assert rest["next_cursor"] is None


def test_a_confirmed_pair_tells_what_was_decided(client: TestClient, pair: dict[str, Any]) -> None:
    keep = pair["objects"][0]["system_id"]

    answer = say(client, pair, verdict="confirm", keep=keep)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["state"], told["keeper"], told["id"]) == ("confirmed", keep, pair["id"])
    (decided,) = listed(client, state="confirmed")
    assert (decided["keeper"], decided["decision_id"]) == (keep, told["decision_id"])
    assert listed(client, state="open") == []
    decisions = client.get("/api/v1/decisions").json()["items"]
    assert [each["decision_id"] for each in decisions] == [told["decision_id"]]
    again = say(client, pair, verdict="dismiss")
    assert (again.status_code, again.json()["code"]) == (409, "already_decided")
    # No cluster has a part in it.
    undone = client.post(f"/api/v1/decisions/{told['decision_id']}/undo").json()
    assert (undone["cluster_id"], undone["made"]) == (None, [])


def test_a_dismissed_pair_survives_a_replay(
    house: House, client: TestClient, pair: dict[str, Any]
) -> None:
    assert say(client, pair, verdict="dismiss").json()["state"] == "dismissed"

    for half in halves(pair):
        stages = {"stages": ["embed", "cluster"]}
        assert client.post(f"/api/v1/objects/{half}/replay", json=stages).status_code == 202
    house.run_queues()

    (dismissed,) = listed(client)
    assert (dismissed["id"], dismissed["state"]) == (pair["id"], "dismissed")


def test_who_may_say_what(house: House, client: TestClient, pair: dict[str, Any]) -> None:
    viewer, uploader, stranger = (
        house.client("viewer"),
        house.client("uploader"),
        house.client(owner="bob"),
    )
    assert ids(viewer) == [pair["id"]]
    assert say(viewer, pair, verdict="dismiss").status_code == 403
    assert say(uploader, pair, verdict="dismiss").status_code == 403
    assert listed(stranger) == []
    assert say(stranger, pair, verdict="dismiss").status_code == 404
    contradiction = say(client, pair, verdict="dismiss", keep=pair["suggested_keeper"])
    assert (contradiction.status_code, contradiction.json()["code"]) == (422, "contradiction")
    assert say(client, pair, verdict="maybe").status_code == 422


def test_trash_hides_a_pair_and_a_purge_ends_it(
    house: House, client: TestClient, pair: dict[str, Any]
) -> None:
    half = pair["objects"][0]["system_id"]

    client.delete(f"/api/v1/objects/{half}")
    assert listed(client) == []
    client.post(f"/api/v1/objects/{half}/restore")
    assert ids(client) == [pair["id"]]
    assert client.delete(f"/api/v1/objects/{half}?purge=true").status_code == 204

    assert listed(client) == []
    for table in ("duplicate", "fingerprint", "miniature"):
        rows = house.rows("TABLE " + table)
        assert not any(UUID(half) in row.values() for row in rows)
