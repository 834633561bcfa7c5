"""Copies of originals in the folders of their clusters: they follow, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mammothbox.catalog import placements
from mammothbox.clustering.placement import place
from mammothbox.errors import Retryable, Unavailable

from infra.topology import LIBRARY_BUCKET, RAW_BUCKET
from tests.house import House
from tests.integration.outside import cut_off, happen_during
from tests.integration.shelves import OWNER, PART, SMALL, Shelves
from tests.integration.steps import Killed

TEXT = b"What the mammoth saw."
LARGE = b"It saw more than goes into one call of S3, and less than it liked."
assert len(TEXT) < SMALL < PART * 2 < len(LARGE)


@pytest.fixture
def shelves(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelves]:
    # Parts may be as small here as a test likes them.
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1)
    shelves = Shelves.build(house)
    yield shelves
    shelves.database.close()


@pytest.mark.parametrize("content", [TEXT, LARGE], ids=["small", "large"])
def test_a_member_is_copied_into_the_folder_of_its_cluster(
    shelves: Shelves, content: bytes
) -> None:
    asset_id = shelves.take_in(content, cluster=0)

    shelves.place()

    key = shelves.key(asset_id, 0)
    assert shelves.objects() == {key: content}
    head = shelves.s3.head_object(Bucket=LIBRARY_BUCKET, Key=key)
    assert head["ContentType"] == "text/plain"
    with shelves.database.transaction() as connection:
        assert placements.key_of(connection, OWNER, [asset_id]) == {asset_id: key}


def test_a_copy_moves_with_its_asset(shelves: Shelves) -> None:
    asset_id = shelves.take_in(TEXT, cluster=0)
    shelves.place()
    originals = shelves.originals()

    shelves.move(asset_id, 1)
    shelves.place()

    assert shelves.objects() == {shelves.key(asset_id, 1): TEXT}
    assert shelves.originals() == originals


def test_what_comes_back_before_it_was_moved_stays_where_it_is(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = shelves.take_in(TEXT, cluster=0)
    shelves.place()
    shelves.move(asset_id, 1)
    shelves.move(asset_id, 0)

    cut_off(monkeypatch, "CopyObject")
    shelves.place()

    assert shelves.objects() == {shelves.key(asset_id, 0): TEXT}


def test_copies_follow_a_merge_and_its_undo(shelves: Shelves) -> None:
    members = [shelves.take_in(b"Number %d." % number, cluster=number % 2) for number in range(4)]
    shelves.place()

    shelves.lead(1, to=0)
    shelves.place()
    assert set(shelves.objects()) == {shelves.key(each, 0) for each in members}

    shelves.lead(1, to=None)
    shelves.place()
    assert set(shelves.objects()) == {
        shelves.key(each, number % 2) for number, each in enumerate(members)
    }


def test_a_merge_that_was_undone_before_anything_was_moved_copies_nothing(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = shelves.take_in(TEXT, cluster=1)
    shelves.place()
    shelves.lead(1, to=0)
    shelves.lead(1, to=None)

    cut_off(monkeypatch, "CopyObject")
    shelves.place()

    assert shelves.objects() == {shelves.key(asset_id, 1): TEXT}


def test_a_copy_that_ends_after_a_merge_is_not_taken_for_the_right_one(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = shelves.take_in(TEXT, cluster=1)
    happen_during(monkeypatch, "CopyObject", lambda: shelves.lead(1, to=0))

    shelves.place()
    shelves.place()

    assert shelves.objects() == {shelves.key(asset_id, 0): TEXT}


def test_a_new_edition_in_which_nothing_moved_copies_nothing(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = shelves.take_in(TEXT, cluster=0)
    shelves.place()
    shelves.house.rows("UPDATE clustering SET edition = 2, last_edition = 2")
    shelves.join(asset_id, 0)

    cut_off(monkeypatch, "CopyObject")
    shelves.place()

    assert shelves.objects() == {shelves.key(asset_id, 0): TEXT}


def test_the_version_that_was_taken_in_is_copied_and_no_later_one(shelves: Shelves) -> None:
    asset_id = shelves.take_in(TEXT, cluster=0)
    shelves.house.store(f"incoming/{OWNER}/{asset_id}", b"Somebody wrote over it.")

    shelves.place()

    assert shelves.objects() == {shelves.key(asset_id, 0): TEXT}


def test_a_copy_that_is_not_like_its_original_is_not_taken_for_it(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = shelves.take_in(TEXT, cluster=0)
    shelves.place()
    shelves.move(asset_id, 1)
    with monkeypatch.context() as faulty:

        def spoil() -> None:
            shelves.s3.put_object(
                Bucket=LIBRARY_BUCKET, Key=shelves.key(asset_id, 1), Body=TEXT[::-1]
            )

        happen_during(faulty, "HeadObject", spoil)
        with pytest.raises(Unavailable):
            shelves.place()

    assert shelves.objects()[shelves.key(asset_id, 0)] == TEXT
    with shelves.database.transaction() as connection:
        known = placements.key_of(connection, OWNER, [asset_id])
    assert known == {asset_id: shelves.key(asset_id, 0)}
    shelves.place()
    assert shelves.objects() == {shelves.key(asset_id, 1): TEXT}


def test_trash_stays_where_it_is_until_it_is_restored(shelves: Shelves) -> None:
    asset_id = shelves.take_in(TEXT, cluster=0)
    shelves.place()
    client = shelves.house.client()
    assert client.delete(f"/api/v1/objects/{asset_id}").status_code == 204
    shelves.move(asset_id, 1)

    shelves.place()
    assert shelves.objects() == {shelves.key(asset_id, 0): TEXT}

    assert client.post(f"/api/v1/objects/{asset_id}/restore").status_code == 200
    assert shelves.house.rows("SELECT name FROM chore") == [{"name": "place"}]
    shelves.place()
    assert shelves.objects() == {shelves.key(asset_id, 1): TEXT}


def test_a_duplicate_has_no_copy_of_its_own(shelves: Shelves) -> None:
    first = shelves.take_in(TEXT, cluster=0)
    shelves.take_in(TEXT, cluster=0)

    shelves.place()

    assert shelves.objects() == {shelves.key(first, 0): TEXT}


def test_a_duplicate_that_takes_the_place_of_its_original_gets_a_copy(shelves: Shelves) -> None:
    first, second = [shelves.take_in(TEXT, cluster=0) for _ in range(2)]
    shelves.place()

    assert shelves.house.client().delete(f"/api/v1/objects/{first}").status_code == 204

    assert shelves.house.rows("SELECT name FROM chore") == [{"name": "place"}]
    shelves.place()
    assert shelves.objects() == {shelves.key(asset_id, 0): TEXT for asset_id in (first, second)}


def test_an_original_that_is_gone_holds_up_nobody(shelves: Shelves) -> None:
    gone, there = shelves.take_in(TEXT, cluster=0), shelves.take_in(LARGE, cluster=0)
    shelves.place()
    shelves.move(gone, 1)
    shelves.move(there, 1)
    [version] = [v for k, v in shelves.originals() if k.endswith(str(gone))]
    shelves.s3.delete_object(Bucket=RAW_BUCKET, Key=f"incoming/{OWNER}/{gone}", VersionId=version)

    shelves.place()

    # The copy is all there is of it now.
    assert shelves.objects() == {shelves.key(gone, 0): TEXT, shelves.key(there, 1): LARGE}
    client = shelves.house.client()
    assert client.delete(f"/api/v1/objects/{gone}?purge=true").status_code == 204
    assert shelves.objects() == {shelves.key(there, 1): LARGE}


def test_one_that_fails_holds_up_no_other(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = shelves.take_in(LARGE, cluster=0), shelves.take_in(TEXT, cluster=0)

    with monkeypatch.context() as outage:
        cut_off(outage, "UploadPartCopy")
        with pytest.raises(Unavailable):
            shelves.place()
    assert shelves.objects() == {shelves.key(small, 0): TEXT}

    shelves.place()
    assert shelves.objects() == {shelves.key(small, 0): TEXT, shelves.key(large, 0): LARGE}


def test_a_large_copy_goes_on_where_its_time_was_over(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = shelves.take_in(LARGE, cluster=0)
    copied: list[int] = []
    happen_during(monkeypatch, "UploadPartCopy", lambda: copied.append(1))

    # Each time there is time for one part.
    for parts in range(1, 4):
        remaining = iter([100.0, 100.0])
        assert not place(shelves.placing(), OWNER, lambda: next(remaining, 0.0))  # noqa: B023
        assert (len(copied), shelves.objects()) == (parts, {})
    shelves.place()

    assert len(copied) == -(-len(LARGE) // PART)
    assert shelves.objects() == {shelves.key(asset_id, 0): LARGE}
    assert shelves.uploads() == []


def test_what_was_begun_for_a_cluster_that_the_asset_left_goes_once_nobody_is_at_it(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = shelves.take_in(LARGE, cluster=0)
    with monkeypatch.context() as power_cut:
        cut_off(power_cut, "CompleteMultipartUpload", Killed())
        with pytest.raises(Killed):
            shelves.place()
    shelves.move(asset_id, 1)

    with pytest.raises(Retryable):
        place(shelves.placing(abandoned_after_s=1000), OWNER, lambda: 300)
    assert shelves.uploads() == [shelves.key(asset_id, 0)]
    shelves.place()

    assert shelves.objects() == {shelves.key(asset_id, 1): LARGE}
    assert shelves.uploads() == []


def test_what_was_begun_and_put_off_goes_at_once_when_the_asset_moves(shelves: Shelves) -> None:
    asset_id = shelves.take_in(LARGE, cluster=0)
    remaining = iter([100.0, 100.0])
    assert not place(shelves.placing(), OWNER, lambda: next(remaining, 0.0))

    shelves.move(asset_id, 1)
    shelves.place(abandoned_after_s=1000)

    assert shelves.objects() == {shelves.key(asset_id, 1): LARGE}
    assert shelves.uploads() == []


def test_a_purge_drops_the_parts_that_were_copied_so_far(shelves: Shelves) -> None:
    asset_id = shelves.take_in(LARGE, cluster=0)
    remaining = iter([100.0, 100.0])
    assert not place(shelves.placing(), OWNER, lambda: next(remaining, 0.0))
    assert shelves.uploads() == [shelves.key(asset_id, 0)]

    answer = shelves.house.client().delete(f"/api/v1/objects/{asset_id}?purge=true")

    assert answer.status_code == 204
    assert (shelves.objects(), shelves.uploads(), shelves.originals()) == ({}, [], [])
    shelves.place()
    assert shelves.rows() == []
