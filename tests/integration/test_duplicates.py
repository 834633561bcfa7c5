"""The same picture in other bytes is found, and what people say about it lasts."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from uuid import UUID

import pytest
from mammothbox.clustering.duplicates import MOST_PAIRS

from infra.local.postgres import DatabaseUrls
from tests.pictures import (
    BEACH,
    LOOK,
    RAINY,
    SUNNY,
    changed,
    find_duplicates,
    forget,
    measure,
    near,
    pairs,
    read_anew,
    replay,
    take,
    take_unseen,
)
from tests.vector_library import VectorLibrary

ELSEWHERE = (0.0, 1.0)


@pytest.fixture
def library(database_urls: DatabaseUrls) -> Iterator[VectorLibrary]:
    library = VectorLibrary.open(database_urls)
    yield library
    library.close()


def test_nothing_within_twelve_bits_is_missed(library: VectorLibrary) -> None:
    chance = random.Random(7)
    hashes = {take_unseen(library, BEACH): BEACH}
    for _ in range(300):
        bits = chance.sample(range(64), chance.randint(0, 16))
        phash = BEACH ^ sum(1 << bit for bit in bits)
        hashes[take_unseen(library, phash)] = phash

    for asset_id in chance.sample(sorted(hashes), 20):
        distances = {
            other: (phash ^ hashes[asset_id]).bit_count()
            for other, phash in hashes.items()
            if other != asset_id
        }
        assert near(library, asset_id, hashes[asset_id]) == {
            other: distance for other, distance in distances.items() if distance <= 12
        }


def test_what_differs_evenly_in_every_part_is_found(library: VectorLibrary) -> None:
    one = take_unseen(library, BEACH)
    spread = sum(1 << bit for bit in (0, 6, 17, 20, 25, 33, 35, 40, 47, 50, 60, 63))
    other = take_unseen(library, BEACH ^ spread)

    assert near(library, one, BEACH) == {other: 12}


def test_of_many_the_nearest_are_found_first(library: VectorLibrary) -> None:
    one = take_unseen(library, BEACH)
    for bits in range(13):
        take_unseen(library, changed(BEACH, bits))

    assert sorted(near(library, one, BEACH, limit=4).values()) == [0, 1, 2, 3]


def test_other_owners_are_never_near(library: VectorLibrary, database_urls: DatabaseUrls) -> None:
    stranger = VectorLibrary.open(database_urls)
    stranger.owner = "bob"
    take(stranger, BEACH)
    one = take(library, BEACH)

    assert near(library, one, BEACH) == {}
    assert pairs(library, one) == {}
    stranger.close()


def test_copies_are_paired_across_clusters_with_why(library: VectorLibrary) -> None:
    small = take(library, BEACH, width=200)
    large = take(library, changed(BEACH, 3), ELSEWHERE, width=400)

    assert library.cluster_of(small) != library.cluster_of(large)
    (pair,) = pairs(library, large).values()
    assert (pair.asset_a, pair.asset_b, pair.state) == (small, large, "open")
    assert pair.distance == 3
    assert pair.features == pytest.approx(0, abs=1e-6)
    assert pair.colours == pytest.approx(1)
    assert pair.suggested == large
    assert "pixel" in pair.reason


@pytest.mark.parametrize(
    ("bits", "look", "is_same"),
    [
        (4, ELSEWHERE, True),
        (5, LOOK, True),
        (5, ELSEWHERE, False),
        (12, LOOK, True),
        (13, LOOK, False),
    ],
)
def test_a_doubt_is_settled_by_the_features(
    library: VectorLibrary, bits: int, look: tuple[float, ...], is_same: bool
) -> None:
    measure(library, 0.9)
    one = take(library, BEACH)
    other = take(library, changed(BEACH, bits), look)

    assert (other in pairs(library, one)) is is_same


def test_a_space_nobody_measured_settles_no_doubt(library: VectorLibrary) -> None:
    take(library, BEACH)

    assert pairs(library, take(library, changed(BEACH, 5))) == {}


def test_where_there_is_little_to_see_every_pixel_has_to_agree(library: VectorLibrary) -> None:
    brighter = bytes(min(255, level + 1) for level in SUNNY)
    page = take(library, BEACH, detail=0.2)
    take(library, BEACH, detail=0.2, colours=RAINY)
    again = take(library, changed(BEACH, 2), detail=0.3, colours=brighter)

    assert set(pairs(library, page)) == {again}


def test_other_colours_are_another_picture(library: VectorLibrary) -> None:
    take(library, BEACH)

    assert pairs(library, take(library, BEACH, colours=RAINY)) == {}


def test_a_burst_is_put_beside_its_nearest_only(library: VectorLibrary) -> None:
    for _ in range(MOST_PAIRS + 5):
        last = take(library, BEACH)

    assert len(pairs(library, last)) == MOST_PAIRS


def test_an_open_pair_goes_when_a_new_reading_sees_another_picture(library: VectorLibrary) -> None:
    one, other = take(library, BEACH), take(library, BEACH)
    assert set(pairs(library, one)) == {other}

    read_anew(library, other, ~BEACH & (1 << 64) - 1)
    find_duplicates(library, other)
    assert pairs(library, one) == {}

    read_anew(library, other, BEACH)
    find_duplicates(library, other)
    assert set(pairs(library, one)) == {other}
    forget(library, other)
    find_duplicates(library, other)
    assert pairs(library, one) == {}


def test_a_replay_keeps_the_pair_and_its_id(library: VectorLibrary) -> None:
    one, other = take(library, BEACH), take(library, changed(BEACH, 2))
    before = pairs(library, one)

    for each in (one, other, one):
        replay(library, each)

    assert pairs(library, one) == before


def test_two_that_come_at_once_find_each_other(library: VectorLibrary) -> None:
    both = [take_unseen(library, phash) for phash in (BEACH, ~BEACH & (1 << 64) - 1)]
    begun = threading.Barrier(2)

    def come(asset_id: UUID) -> None:
        begun.wait()
        read_anew(library, asset_id, BEACH)
        find_duplicates(library, asset_id)

    threads = [threading.Thread(target=come, args=[each]) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(pairs(library, both[0])) == {both[1]}
