"""Placement cut short, or overtaken by others, at each of its steps: it converges all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from botocore.client import BaseClient
from mammothbox.catalog import placements
from mammothbox.errors import Retryable, Unavailable

from infra.topology import LIBRARY_BUCKET
from tests.e2e.stack import PATIENCE_S, wait_for
from tests.house import House
from tests.integration.shelves import OWNER, PART, SMALL, Shelves
from tests.integration.steps import Killed, disturbed

TEXT = b"What the mammoth saw."
LARGE = b"It saw more than goes into one call."
assert len(TEXT) < SMALL < len(LARGE) <= 2 * PART


@pytest.fixture
def shelves(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelves]:
    # Parts may be as small here as a test likes them.
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1)
    shelves = Shelves.build(house)
    yield shelves
    shelves.database.close()


def at_every_step(
    shelves: Shelves,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[], object],
    happening: Callable[[], object] | None,
    check: Callable[[], object],
    *,
    abandoned_after_s: float = 0,
) -> int:
    """Place again and again, disturbed at the first step, the second, and so on to the last."""
    number = 0
    while True:
        prepare()
        with (
            disturbed(monkeypatch, number, happening) as steps,
            suppress(Killed, Retryable, Unavailable),
        ):
            shelves.place(abandoned_after_s)
        if not steps.happened:
            return number
        for other in shelves.others:
            other.join()
        shelves.place()
        check()
        number += 1


@pytest.mark.prove
def test_killed_at_any_step_it_ends_as_if_nothing_had_been(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved, large = shelves.take_in(TEXT), shelves.take_in(LARGE)
    originals = shelves.originals()

    def prepare() -> None:
        shelves.clear()
        shelves.join(moved, 0)
        shelves.place()
        shelves.move(moved, 1)
        shelves.join(large, 2)

    prepare()
    shelves.place()
    expected = shelves.everything()
    assert expected[1] == {shelves.key(moved, 1): TEXT, shelves.key(large, 2): LARGE}

    def check() -> None:
        assert shelves.everything() == expected
        assert shelves.originals() == originals

    steps = at_every_step(shelves, monkeypatch, prepare, None, check)
    assert steps > 50


@pytest.mark.prove
def test_killed_at_any_step_and_then_moved_on_it_leaves_nothing_behind(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = shelves.take_in(LARGE)

    def prepare() -> None:
        shelves.clear()
        shelves.join(asset_id, 0)

    number = 0
    happened = True
    while happened:
        prepare()
        with disturbed(monkeypatch, number) as steps, suppress(Killed):
            shelves.place()
        happened = steps.happened
        shelves.move(asset_id, 1)
        shelves.place()
        assert shelves.objects() == {shelves.key(asset_id, 1): LARGE}
        assert shelves.uploads() == []
        number += 1


@pytest.mark.prove
def test_an_asset_that_moves_at_any_step_ends_where_it_belongs(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = shelves.take_in(TEXT)

    def prepare() -> None:
        shelves.clear()
        shelves.join(asset_id, 0)
        shelves.place()
        shelves.move(asset_id, 1)

    def check() -> None:
        assert shelves.objects() == {shelves.key(asset_id, 2): TEXT}
        assert [row[1] for row in shelves.rows()] == ["placed", shelves.clusters[2]]

    at_every_step(
        shelves,
        monkeypatch,
        prepare,
        lambda: beside(shelves, lambda: shelves.move(asset_id, 2)),
        check,
    )


@pytest.mark.prove
def test_an_asset_that_is_purged_at_any_step_is_gone(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = shelves.house.client("admin", OWNER)
    now: list[UUID] = []

    def prepare() -> None:
        shelves.clear()
        now[:] = [shelves.take_in(TEXT if len(now) % 2 else LARGE, cluster=0)]
        shelves.place()
        shelves.move(now[0], 1)

    def purge() -> None:
        answer = client.delete(f"/api/v1/objects/{now[0]}?purge=true")
        assert answer.status_code == 204, answer.text

    def check() -> None:
        assert shelves.everything() == ([], {}, [])
        assert shelves.originals() == []

    at_every_step(shelves, monkeypatch, prepare, lambda: beside(shelves, purge), check)


@pytest.mark.prove
def test_an_asset_that_another_worker_moves_back_at_any_step_has_its_copy(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = shelves.take_in(TEXT)

    def prepare() -> None:
        shelves.clear()
        shelves.join(asset_id, 0)
        shelves.place()
        shelves.move(asset_id, 1)

    def move_back() -> None:
        shelves.move(asset_id, 0)
        with suppress(Retryable):
            shelves.place(abandoned_after_s=1000)

    def check() -> None:
        assert shelves.objects() == {shelves.key(asset_id, 0): TEXT}
        assert [row[1] for row in shelves.rows()] == ["placed", shelves.clusters[0]]

    at_every_step(
        shelves,
        monkeypatch,
        prepare,
        lambda: beside(shelves, move_back),
        check,
        abandoned_after_s=1000,
    )


@pytest.mark.parametrize("dies", [False, True], ids=["lives", "dies"])
def test_a_copy_that_lands_in_the_midst_of_a_purge_goes_too(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    asset_id = shelves.take_in(TEXT, cluster=0)
    client = shelves.house.client("admin", OWNER)
    at_the_original, landed = threading.Event(), threading.Event()
    purge = threading.Thread(target=lambda: client.delete(f"/api/v1/objects/{asset_id}?purge=true"))
    call = vars(BaseClient)["_make_api_call"]

    def answer(s3: BaseClient, name: str, parameters: dict[str, Any]) -> Any:
        if name == "DeleteObject":
            at_the_original.set()
            assert landed.wait(PATIENCE_S)
        if name != "CopyObject":
            return call(s3, name, parameters)
        purge.start()
        assert at_the_original.wait(PATIENCE_S)
        copied = call(s3, name, parameters)
        landed.set()
        if dies:
            raise Killed
        return copied

    with monkeypatch.context() as patches:
        patches.setattr(BaseClient, "_make_api_call", answer)
        with suppress(Killed, Unavailable):
            shelves.place()
        purge.join()
    shelves.place()

    assert shelves.everything() == ([], {}, [])
    assert shelves.originals() == []


def test_a_copy_is_not_noted_as_placed_behind_a_merges_back(shelves: Shelves) -> None:
    asset_id = shelves.take_in(TEXT, cluster=1)

    def merge_and_settle() -> None:
        shelves.lead(1, to=0)
        with shelves.database.transaction() as connection:
            assert placements.settle(connection, OWNER, 10)

    with shelves.database.transaction() as connection:
        (item,) = placements.unplaced(connection, OWNER, after=None, limit=10)
        key = shelves.key(asset_id, 1)
        placements.begin(connection, OWNER, item, key)
        shelves.s3.put_object(Bucket=LIBRARY_BUCKET, Key=key, Body=TEXT)
        placements.conclude(connection, OWNER, item, key)
        beside(shelves, merge_and_settle)
    for other in shelves.others:
        other.join()
    shelves.place()

    assert shelves.objects() == {shelves.key(asset_id, 0): TEXT}


def beside(shelves: Shelves, act: Callable[[], object]) -> None:
    """Somebody else does this now, up to where they have to wait for us."""
    other = threading.Thread(target=act)
    other.start()
    shelves.others = [other]
    wait_for(lambda: not other.is_alive() or waits_for_a_lock(shelves))


def waits_for_a_lock(shelves: Shelves) -> bool:
    return bool(
        shelves.house.rows("SELECT 1 AS x FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    )


@pytest.mark.prove
def test_clusters_merged_and_split_again_and_again_while_it_places(shelves: Shelves) -> None:
    asset_ids = [shelves.take_in(TEXT + bytes([65 + number])) for number in range(12)]
    for number, asset_id in enumerate(asset_ids):
        shelves.join(asset_id, number % 3)
    over = threading.Event()

    def keep_placing() -> None:
        while not over.is_set():
            shelves.place()

    placer = threading.Thread(target=keep_placing)
    placer.start()
    for round_ in range(30):
        # Two clusters become part of the third, and two stand for themselves again; one by one
        # some members go elsewhere meanwhile.
        target, one, other = ((round_ + step) % 3 for step in range(3))
        shelves.lead(one, to=target)
        shelves.lead(other, to=one)
        for number, asset_id in enumerate(asset_ids):
            if number % 2:
                shelves.move(asset_id, (number + round_) % 3)
        shelves.lead(one, to=None)
        shelves.lead(other, to=None)
    shelves.lead(0, to=1)
    over.set()
    placer.join()
    shelves.place()

    members = shelves.house.rows("SELECT asset_id, cluster_id FROM membership WHERE placed")
    assert len(members) == len(asset_ids)
    lie = {f"media/clusters/{row['cluster_id']}/{row['asset_id']}.txt" for row in members}
    assert set(shelves.objects()) == lie
    copies = shelves.house.rows("SELECT state, key FROM placement")
    assert {(row["state"], row["key"]) for row in copies} == {("placed", key) for key in lie}
