"""Buckets of time and spots of the map: over the filters of a search, and complete."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from mammothbox.catalog import geo_clusters
from mammothbox.catalog.geo_clusters import MOST_CELLS, WHOLE_WORLD, cell_size
from mammothbox.searching.filters import Box
from starlette.testclient import TestClient

from tests.house import House
from tests.integration.test_errors import assert_problem
from tests.shown_library import put_down

NOON = datetime(2024, 3, 31, 12)


def show(client: TestClient, path: str, **asked: Any) -> dict[str, Any]:
    answer = client.get(f"/api/v1/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_times_are_counted_by_year_month_and_day(house: House) -> None:
    client, url = house.client(), house.urls.superuser
    # The last moment of a year and the first of the next, and two days of one month.
    newest = put_down(
        url, [datetime(2023, 12, 31, 23, 59, 59, 999999), datetime(2024, 1, 1), NOON, NOON]
    )[-2:]
    put_down(url, [NOON + timedelta(days=1)], kind="json", tag="order")
    put_down(url, [NOON], hidden=True)
    put_down(url, [NOON], duplicate=True)
    put_down(url, [NOON], owner="bob")

    def counted(**asked: Any) -> list[tuple[str, int]]:
        items = show(client, "timeline", **asked)["items"]
        return [(item["at"].removesuffix("T00:00:00"), item["count"]) for item in items]

    assert counted(bucket="year") == [("2024-01-01", 4), ("2023-01-01", 1)]
    assert counted() == [("2024-04-01", 1), ("2024-03-01", 2), ("2024-01-01", 1), ("2023-12-01", 1)]
    assert counted(bucket="day", query="tag:beach after:2024-02") == [("2024-03-31", 2)]
    assert counted(bucket="day", type="document") == [("2024-04-01", 1)]
    assert counted(duplicates="only") == [("2024-03-01", 1)]
    # The same, by another way through the catalogue.
    for bucket in ("year", "month", "day"):
        for asked in ({}, {"limit": 2}, {"from": "2024-01-01T00:00:00"}):
            walked = counted(bucket=bucket, **asked)
            assert counted(bucket=bucket, not_tags="nothing", **asked) == walked
    april, march, *_ = show(client, "timeline")["items"]
    # Of pictures or videos only, and the newest; ties go to the greater id.
    assert (april["cover"], march["cover"]["id"]) == (None, str(max(newest)))

    pages: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = show(client, "timeline", limit=1, **cursor)
        pages += [item["at"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert pages == [item["at"] for item in show(client, "timeline")["items"]]
    last = show(client, "timeline", limit=1, bucket="day")["next_cursor"]
    for asked in ({"cursor": last}, {"cursor": "month.2024"}, {"cursor": "2024-01-01T00:00:00"}):
        answer = client.get("/api/v1/timeline", params=asked)
        assert assert_problem(answer, 422)["code"] == "invalid_cursor", asked


def test_only_filters_are_counted(house: House) -> None:
    client = house.client()
    answer = client.get("/api/v1/timeline?query=sunset")
    assert assert_problem(answer, 422)["code"] == "words_not_counted"
    for path in ("timeline", "map"):
        assert show(client, path)["items"] == []
    assert show(client, "timeline", tags="a,b", any_tags="c,d")["items"] == []


def test_a_map_holds_everything_at_every_zoom(house: House) -> None:
    client, drawn = house.client(), random.Random(7)
    places = [(drawn.uniform(-90, 90), drawn.uniform(-180, 180)) for _ in range(600)]
    # Two close together, the corners of the world, and what lies by the date line.
    close = [(52.5, 13.4), (52.5001, 13.4001)]
    places += [*close, (90.0, 180.0), (-90.0, -180.0), (10.0, 179.9), (10.0, -179.9)]
    ids = put_down(house.urls.superuser, [NOON] * len(places), places)
    put_down(house.urls.superuser, [NOON], [(52.5, 13.4)], owner="bob")
    known = dict(zip(map(str, ids), places, strict=True))

    for zoom in (0, 3, 22):
        items = show(client, "map", zoom=zoom)["items"]
        assert sum(item["count"] for item in items) == len(places), zoom
        assert len(items) <= MOST_CELLS
        for item in items:
            west, south, east, north = item["bbox"]
            latitude, longitude = known[item["cover"]["id"]]
            assert south <= latitude <= north, item
            assert west <= longitude <= east, item
            assert south - 1e-9 <= item["latitude"] <= north + 1e-9, item
    berlin = show(client, "map", bbox="13.39,52.49,13.41,52.51", zoom=10)
    assert [item["count"] for item in berlin["items"]] == [2]
    for part in ({"bbox": "13.3999,52.4999,13.4002,52.5002"}, {"near": "52.5,13.4,50m"}):
        assert len(show(client, "map", **part, zoom=22)["items"]) == 2, part
    # What is shown has no more digits than places have, and its bounds find it again.
    for item in items:
        told = [item["latitude"], item["longitude"], *item["bbox"]]
        assert told == [round(each, 6) for each in told]
    for item in items[:3]:
        within = show(client, "map", bbox=",".join(map(str, item["bbox"])))["items"]
        assert sum(each["count"] for each in within) == item["count"]
    beyond = show(client, "map", bbox="179.5,9.5,-179.5,10.5", zoom=5)["items"]
    assert sum(item["count"] for item in beyond) == 2
    assert show(client, "map", bbox="13.39,52.49,13.41,52.51", query="-has:place")["items"] == []
    # What is asked by the query and what is seen of the map: within both.
    for query, seen, within in (
        ("in:13.39,52.49,13.41,52.51", "-180,-90,180,90", 2),
        ("in:13.39,52.49,13.41,52.51", "13.39,52.49,13.40005,52.51", 1),
        ("near:52.5,13.4,50m", "13.39,52.49,13.41,52.51", 2),
        ("near:52.5,13.4,1m near:52.5,13.4,50m", "13.39,52.49,13.41,52.51", 1),
        ("in:13.39,52.49,13.41,52.51", "0,0,1,1", 0),
    ):
        items = show(client, "map", query=query, bbox=seen, zoom=22)["items"]
        assert sum(item["count"] for item in items) == within, (query, seen)


def test_cells_are_as_fine_as_the_zoom_and_never_too_many() -> None:
    assert cell_size(2, WHOLE_WORLD) == 360 / 16
    drawn = random.Random(7)
    for _ in range(500):
        west, east = drawn.uniform(-180, 180), drawn.uniform(-180, 180)
        south, north = sorted((drawn.uniform(-90, 90), drawn.uniform(-90, 90)))
        box = Box(west, south, east, north)
        for zoom in (0, 5, 22):
            size = cell_size(zoom, box)
            width = (east - west) % 360
            assert size >= 360 / (2**zoom * 4)
            assert (width / size + 1) * ((north - south) / size + 1) <= MOST_CELLS * 1.001
    # A place without extent is a cell.
    assert geo_clusters.cell_size(22, Box(1, 1, 1, 1)) > 0


def test_any_part_of_a_month_is_shown_by_itself(house: House) -> None:
    client = house.client()
    for number in range(3):
        house.upload(client, b"%d" % number, filename=f"{number}.txt")
    house.run_queues()
    at = show(client, "timeline")["items"][0]["at"]

    def part(**asked: Any) -> list[str]:
        items = show(client, "timeline/objects", at=at, **asked)["items"]
        return [item["filename"] for item in items]

    assert part() == ["2.txt", "1.txt", "0.txt"]
    stands = {item["status"] for item in show(client, "timeline/objects", at=at)["items"]}
    assert stands == {"ready"}
    assert part(skip=1, limit=1) == ["1.txt"]
    assert part(skip=3) == part(kind="image") == part(**{"from": "2999"}) == []
    assert show(client, "timeline/objects", at="1999-01-01T00:00:00")["items"] == []
    words = client.get("/api/v1/timeline/objects", params={"at": at, "query": "sunset"})
    assert assert_problem(words, 422)["code"] == "words_not_counted"
