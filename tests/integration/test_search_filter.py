"""Filters of a search, each beside what it means, on assets of every sort."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from uuid import UUID

import psycopg
import pytest
from mammothbox.catalog import searchable_list
from mammothbox.catalog.connection import Database
from mammothbox.searching.filters import NOTHING, Box, Circle, Filters, Range

from infra.local.postgres import Server

ASSETS = 600
BEGIN = datetime(2024, 1, 1)
LABELS = ("beach", "dog", "red car", "x' or true --", "50%", "straße")
CLUSTERS = [UUID(int=n) for n in range(1, 5)]


@dataclass(frozen=True)
class Row:
    id: UUID
    owner: str
    kind: str | None
    at: datetime
    place: tuple[float, float] | None
    size: int
    duration: int | None
    rating: int | None
    facets: frozenset[str]
    cluster: UUID | None
    earlier_cluster: UUID
    hidden: bool
    duplicate: bool = field(default=False)

    def away(self, latitude: float, longitude: float) -> float:
        """Metres, on a sphere; further than anything for what has no place."""
        if self.place is None:
            return 1e9
        here, there = radians(self.place[0]), radians(latitude)
        aside = radians(self.place[1] - longitude)
        half = sin((here - there) / 2) ** 2 + cos(here) * cos(there) * sin(aside / 2) ** 2
        return 2 * 6_371_008.8 * asin(min(1.0, sqrt(half)))


def make(number: int) -> Row:
    numbers = random.Random(number)
    kind = numbers.choice(["image", "image", "image", "video", "audio", "json", "other", None])
    place = None
    if numbers.random() < 0.8:
        # Poles, the date line and Greenwich have more than their share.
        latitude = numbers.choice([numbers.uniform(-90, 90), 90.0, -89.95, 48.1, -17.0])
        longitude = numbers.choice([numbers.uniform(-180, 180), 180.0, -180.0, 179.9, 11.5, 0.0])
        place = (latitude, longitude)
    facets = {f"tag:{label}" for label in LABELS if numbers.random() < 0.3}
    facets |= {f"camera:{word}" for word in ("canon", "eos") if numbers.random() < 0.4}
    facets |= {f"lens:{word}" for word in ("canon", "50mm") if numbers.random() < 0.4}
    facets |= {"has:caption"} if numbers.random() < 0.5 else set()
    facets |= {"has:place"} if place else set()
    facets |= {f"kind:{kind}"} if kind else set()
    facets.add(f"orientation:{numbers.choice(['portrait', 'landscape', 'square'])}")
    facets.add("collection:" + numbers.choice(["bills", "it's", "Ünï"]))
    return Row(
        id=UUID(int=1000 + number),
        owner=numbers.choice(["ada", "ada", "ada", "eve"]),
        kind=kind,
        at=BEGIN + timedelta(hours=numbers.randrange(2000)),
        place=place,
        size=numbers.randrange(1000),
        duration=numbers.choice([None, numbers.randrange(1000)]),
        rating=numbers.choice([None, 0, 1, 2, 3, 4, 5]),
        facets=frozenset(facets),
        cluster=numbers.choice([None, *CLUSTERS]),
        earlier_cluster=numbers.choice(CLUSTERS),
        hidden=numbers.random() < 0.1,
        duplicate=numbers.random() < 0.2,
    )


ROWS = [make(number) for number in range(ASSETS)]


@pytest.fixture(scope="module")
def app(postgres_server: Server) -> Iterator[Database]:
    name = f"filters_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    postgres_server.create_database(name, template="migrated")
    urls = postgres_server.urls(name)
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("SET search_path = catalog, public")
        # Foreign keys are not what this is about.
        connection.execute("SET session_replication_role = replica")
        cursor = connection.cursor()
        cursor.executemany(
            "INSERT INTO searchable (owner, asset_id, kind, created_at, at, latitude, longitude,"
            " size_bytes, duration_ms, rating, facets, words, hidden, duplicate) VALUES"
            " (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', %s, %s)",
            [
                (
                    row.owner,
                    row.id,
                    row.kind,
                    row.at.replace(tzinfo=UTC),
                    row.at,
                    *(row.place or (None, None)),
                    row.size,
                    row.duration,
                    row.rating,
                    sorted(row.facets),
                    row.hidden,
                    row.duplicate,
                )
                for row in ROWS
            ],
        )
        connection.execute(
            "INSERT INTO clustering (owner, edition, space_id, last_edition)"
            " VALUES ('ada', 2, 1, 2), ('eve', 2, 1, 2)"
        )
        cursor.executemany(
            "INSERT INTO joined (owner, edition, asset_id, cluster_id) VALUES (%s, %s, %s, %s)",
            [
                (row.owner, edition, row.id, cluster)
                for row in ROWS
                for edition, cluster in ((1, row.earlier_cluster), (2, row.cluster))
                if cluster
            ],
        )
    with closing(Database(urls.app)) as database:
        yield database
    postgres_server.drop_database(name)


def tags(*labels: str) -> frozenset[str]:
    return frozenset(labels)


def has(*facets: str) -> Callable[[Row], bool]:
    return lambda row: row.facets >= set(facets)


def hasnt(*facets: str) -> Callable[[Row], bool]:
    return lambda row: not row.facets & set(facets)


def within(south: float, north: float, *sides: tuple[float, float]) -> Callable[[Row], bool]:
    return lambda row: (
        row.place is not None
        and south <= row.place[0] <= north
        and any(west <= row.place[1] <= east for west, east in sides)
    )


def near(latitude: float, longitude: float, metres: float) -> tuple[Filters, Callable[[Row], bool]]:
    circle = Filters(circles=frozenset({Circle(latitude, longitude, metres)}))
    return circle, lambda row: row.away(latitude, longitude) <= metres


MEANINGS: dict[str, tuple[Filters, Callable[[Row], bool]]] = {
    "nothing": (NOTHING, lambda _: True),
    "one kind": (Filters(kinds=frozenset({"video"})), lambda row: row.kind == "video"),
    "kinds": (
        Filters(kinds=frozenset({"image", "audio"})),
        lambda row: row.kind in {"image", "audio"},
    ),
    "not a kind": (
        Filters(not_kinds=frozenset({"image", "json"})),
        lambda row: row.kind not in {"image", "json"},
    ),
    "all tags": (Filters(all_tags=tags("beach", "dog")), has("tag:beach", "tag:dog")),
    "any tag": (
        Filters(any_tags=frozenset({tags("beach", "red car")})),
        lambda row: bool(row.facets & {"tag:beach", "tag:red car"}),
    ),
    "any tag of each list": (
        Filters(any_tags=frozenset({tags("beach", "red car"), tags("beach", "dog")})),
        lambda row: (
            bool(row.facets & {"tag:beach", "tag:red car"})
            and bool(row.facets & {"tag:beach", "tag:dog"})
        ),
    ),
    "no tag": (Filters(no_tags=tags("beach", "dog")), hasnt("tag:beach", "tag:dog")),
    "tags of all sorts": (
        Filters(
            all_tags=tags("beach"), any_tags=frozenset({tags("dog", "50%")}), no_tags=tags("straße")
        ),
        lambda row: (
            {"tag:beach"} <= row.facets
            and bool(row.facets & {"tag:dog", "tag:50%"})
            and "tag:straße" not in row.facets
        ),
    ),
    "an injection": (Filters(all_tags=tags(LABELS[3])), has(f"tag:{LABELS[3]}")),
    "a tag that nothing has": (Filters(all_tags=tags("}', true")), lambda _: False),
    "clusters": (
        Filters(clusters=frozenset(CLUSTERS[:2])),
        lambda row: row.cluster in CLUSTERS[:2],
    ),
    "not a cluster": (
        Filters(not_clusters=frozenset(CLUSTERS[:1])),
        lambda row: row.cluster != CLUSTERS[0],
    ),
    "collection": (Filters(collection="it's"), has("collection:it's")),
    "from": (
        Filters(at_from=BEGIN + timedelta(hours=500)),
        lambda row: row.at >= BEGIN + timedelta(hours=500),
    ),
    "to": (
        Filters(at_to=BEGIN + timedelta(hours=500)),
        lambda row: row.at < BEGIN + timedelta(hours=500),
    ),
    "camera": (Filters(camera=tags("canon", "eos")), has("camera:canon", "camera:eos")),
    "lens": (Filters(lens=tags("50mm")), has("lens:50mm")),
    "size": (Filters(size_bytes=Range(100, 500)), lambda row: 100 <= row.size <= 500),
    "duration": (
        Filters(duration_ms=Range(most=499.5)),
        lambda row: row.duration is not None and row.duration <= 499.5,
    ),
    "rating": (
        Filters(rating=Range(least=3)),
        lambda row: row.rating is not None and row.rating >= 3,
    ),
    "an open range": (Filters(rating=Range()), lambda _: True),
    "orientation": (Filters(orientation="square"), has("orientation:square")),
    "with a caption": (Filters(has_caption=True), has("has:caption")),
    "without a caption": (Filters(has_caption=False), hasnt("has:caption")),
    "with a place": (Filters(has_place=True), has("has:place")),
    "without a place": (Filters(has_place=False), hasnt("has:place")),
    "a box": (Filters(boxes=frozenset({Box(-20, 10, 60, 60)})), within(10, 60, (-20, 60))),
    "a box across the date line": (
        Filters(boxes=frozenset({Box(170, -30, -170, 0)})),
        within(-30, 0, (170, 180), (-180, -170)),
    ),
    "around a place": near(48.1, 11.5, 300_000),
    "around nothing": near(48.1, 11.5, 0),
    "around the date line": near(-17, 180, 30_000),
    "east of the date line": near(-17, -179.95, 30_000),
    "around the pole": near(89.9, 30, 1_000_000),
    "around the other pole": near(-89.95, 0, 20_000),
    "half of the world": near(10, 10, 10_000_000),
    "all of the world": near(10, 10, 30_000_000),
}


@pytest.mark.parametrize("name", MEANINGS)
def test_a_filter_lets_through_what_it_says(app: Database, name: str) -> None:
    filters, means = MEANINGS[name]
    meant = {
        row.id
        for row in ROWS
        if row.owner == "ada" and not (row.hidden or row.duplicate) and means(row)
    }

    with app.transaction("ada") as connection:
        found = searchable_list.newest(connection, "ada", filters, ASSETS)

    assert {hit.asset_id for hit in found.hits} == meant
    assert bool(meant) == (name != "a tag that nothing has")
    assert found.exhausted


def test_duplicates_are_found_when_they_are_asked_for(app: Database) -> None:
    mine = [row for row in ROWS if row.owner == "ada" and not row.hidden]
    with app.transaction("ada") as connection:
        every = searchable_list.newest(connection, "ada", Filters(duplicates="include"), ASSETS)
        only = searchable_list.newest(connection, "ada", Filters(duplicates="only"), ASSETS)

    newest = sorted(mine, key=lambda row: (row.at, row.id), reverse=True)
    assert [hit.asset_id for hit in every.hits] == [row.id for row in newest]
    assert [hit.asset_id for hit in only.hits] == [row.id for row in newest if row.duplicate]


def test_a_list_ends_where_it_is_to(app: Database) -> None:
    with app.transaction("ada") as connection:
        found = searchable_list.newest(connection, "ada", NOTHING, 7)
        none = searchable_list.newest(connection, "nobody", NOTHING, 7)

    assert (len(found.hits), found.exhausted) == (7, False)
    assert (none.hits, none.exhausted) == ((), True)
