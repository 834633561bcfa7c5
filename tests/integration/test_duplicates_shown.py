"""What a confirmed duplicate changes in the lists and in the objects themselves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from PIL import ExifTags, Image
from starlette.testclient import TestClient

from tests.house import House
from tests.integration.test_duplicates_api import encoded, halves, jpeg, listed, photo, say

pytestmark = pytest.mark.xdist_group("models")


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client()


def found(client: TestClient, **wanted: Any) -> set[UUID]:
    items = client.get("/api/v1/objects", params=wanted).json()["items"]
    return {UUID(item["system_id"]) for item in items}


def test_the_one_that_yields_is_hidden_as_a_duplicate(house: House, client: TestClient) -> None:
    keep = house.upload(client, encoded(photo("rocket")))
    other = house.upload(client, jpeg(photo("rocket")))
    house.run_queues()
    (pair,) = listed(client)
    assert halves(pair) == {keep, other}
    house.rows(
        "UPDATE media SET taken_at = '2024-05-01 18:30', taken_offset_min = 120, latitude = 52.5,"
        " longitude = 13.4 WHERE asset_id = %s",
        other,
    )
    assert found(client, duplicates="exclude") == {keep, other}

    decided = say(client, pair, verdict="confirm", keep=str(keep)).json()

    assert found(client, duplicates="exclude") == {keep}
    assert found(client, duplicates="only") == {other}
    assert found(client) == {keep, other}
    kept = house.get(client, keep)
    assert house.get(client, other)["same_as"] == str(keep)
    assert (kept["same_as"], kept["taken_at"], kept["location"]) == (None, None, None)
    (facts,) = kept["united"]
    assert (facts["system_id"], facts["taken_at"]) == (str(other), "2024-05-01T18:30:00+02:00")
    assert facts["location"]["latitude"] == 52.5
    operator = house.client("operator", owner="ops")
    seen = operator.get(f"/api/v1/objects/{keep}?owner=ada").json()
    assert seen["united"][0]["location"] is None

    client.delete(f"/api/v1/objects/{keep}")
    assert found(client, duplicates="exclude") == {other}
    client.post(f"/api/v1/objects/{keep}/restore")
    undone = client.post(f"/api/v1/decisions/{decided['decision_id']}/undo")

    assert undone.status_code == 200, undone.text
    assert found(client, duplicates="exclude") == {keep, other}
    assert house.get(client, keep)["united"] == []


def test_what_is_kept_is_found_by_the_camera_of_the_heir_that_yields(
    house: House, client: TestClient
) -> None:
    """Which is known only once the heir has been looked at."""
    picture = photo("rocket")
    keep = house.upload(client, taken_with("Leica", picture))
    yields = taken_with("Brownie", picture.resize((picture.width // 2, picture.height // 2)))
    first, heir = (house.upload(client, yields) for _ in range(2))
    house.run_queues()
    (pair,) = listed(client, **{"class": "same"})
    assert say(client, pair, verdict="confirm", keep=str(keep)).status_code == 200
    assert by_camera(client) == {keep}

    assert client.delete(f"/api/v1/objects/{first}?purge=true").status_code == 204
    house.run_queues()

    assert found(client, duplicates="only") == {heir}
    assert by_camera(client) == {keep}


def taken_with(model: str, picture: Image.Image) -> bytes:
    camera = Image.Exif()
    camera[ExifTags.Base.Model] = model
    return encoded(picture, "JPEG", quality=90, exif=camera)


def by_camera(client: TestClient) -> set[UUID]:
    answer = client.get("/api/v1/search", params={"query": "camera:brownie"})
    assert answer.status_code == 200, answer.text
    return {UUID(result["id"]) for result in answer.json()["results"]}
