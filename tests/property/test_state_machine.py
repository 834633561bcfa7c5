"""However messages, crashes and lapsed leases interleave, the same rows come out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from mammothbox import heirs, stages
from mammothbox.errors import Refused, Retryable
from mammothbox.intake import take_in
from mammothbox.messages import Outgoing
from mammothbox.route import Next
from mammothbox.stages import Failed

from infra.local.postgres import DatabaseUrls
from tests.property.small_house import AFTER_INTAKE, Crash, SmallHouse

_owners = (f"owner-{number}" for number in count())
STAGES = ("intake", "embed", "probe", "tag")


@pytest.fixture(autouse=True)
def pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (take_in, heirs):
        monkeypatch.setattr(
            module, "after_intake", lambda _, kind: tuple(map(Next, AFTER_INTAKE.get(kind, ())))
        )


@pytest.fixture
def house(database_urls: DatabaseUrls) -> Iterator[SmallHouse]:
    house = SmallHouse(database_urls, next(_owners))
    yield house
    house.close()


class Disturbed(RuleBasedStateMachine):
    """One upload, and everything that may happen to it on its way."""

    def __init__(self, urls: DatabaseUrls, undisturbed: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__()
        self.house = SmallHouse(urls, next(_owners))
        self.undisturbed = undisturbed
        self.upload, self.event = self.house.upload()
        # Messages come back until they were dealt with, and some even then.
        self.waiting = [self.event]
        self.was_ready = False
        self.finished_job: dict[str, Any] | None = None

    def take(self, data: st.DataObject) -> str:
        return self.waiting[data.draw(st.integers(0, len(self.waiting) - 1))]

    def deliver(self, body: str, *, acknowledge: bool = True, send: bool = True) -> None:
        outgoing = Outgoing()
        done = False
        try:
            outgoing = self.house.work_on(body)
            done = True
        except Failed as failed:
            outgoing = failed.outgoing
        except (Retryable, Crash):
            pass
        if done and acknowledge and body in self.waiting:
            self.waiting.remove(body)
        if send:
            self.house.dispatch.send(outgoing)
        self.waiting += self.house.sent()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), acknowledge=st.booleans())
    def a_message_comes(self, data: st.DataObject, acknowledge: bool) -> None:
        self.house.hook = lambda: None
        self.deliver(self.take(data), acknowledge=acknowledge)

    @rule()
    def the_event_comes_again(self) -> None:
        self.house.hook = lambda: None
        self.deliver(self.event)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def a_worker_dies_in_the_middle(self, data: st.DataObject) -> None:
        self.house.hook = _crash
        self.deliver(self.take(data))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def a_worker_dies_before_it_sends(self, data: st.DataObject) -> None:
        self.house.hook = lambda: None
        self.deliver(self.take(data), send=False)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def the_queues_do_not_answer(self, data: st.DataObject) -> None:
        self.house.hook = lambda: None
        with self.house.wake_ups.line.cut(), self.house.bus.line.cut():
            self.deliver(self.take(data))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), error=st.sampled_from([Retryable("busy", "later"), ValueError("odd")]))
    def an_attempt_fails(self, data: st.DataObject, error: Exception) -> None:
        def fail() -> None:
            raise error

        self.house.hook = fail
        self.deliver(self.take(data))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), lapse=st.booleans(), sweep=st.booleans(), crash=st.booleans())
    def another_worker_gets_the_message_meanwhile(
        self, data: st.DataObject, lapse: bool, sweep: bool, crash: bool
    ) -> None:
        """With a lapsed lease it takes over, and the first one goes on as a zombie."""
        body = self.take(data)

        def meanwhile() -> None:
            self.house.hook = _crash if crash else lambda: None
            if lapse:
                self.house.lapse()
            if sweep:
                self.house.sweep()
            self.deliver(body, acknowledge=False)

        self.house.hook = meanwhile
        self.deliver(body)

    @rule()
    def leases_lapse(self) -> None:
        self.house.lapse()

    @rule()
    def the_janitor_comes(self) -> None:
        self.house.sweep()
        self.waiting += self.house.sent()

    @rule(names=st.none() | st.lists(st.sampled_from(STAGES), min_size=1, unique=True))
    def somebody_replays(self, names: list[str] | None) -> None:
        asset = self.house.asset(self.upload.id)
        try:
            with self.house.app.transaction(self.house.owner) as connection:
                outgoing = stages.replay(
                    connection, asset, names=names, actor="key:test", request_id="again"
                )
        except Refused:
            return
        self.house.dispatch.send(outgoing)
        self.waiting += self.house.sent()

    @invariant()
    def what_is_settled_stays_and_is_told_once(self) -> None:
        """Ready is never taken back, a finished job never changes, and each is announced once."""
        (asset,) = self.house.execute("SELECT status FROM asset WHERE owner = %s")
        (job,) = self.house.execute("SELECT * FROM job WHERE owner = %s")
        told = self.house.execute("SELECT type FROM outbox WHERE owner = %s")
        is_ready = asset["status"] == "ready"

        assert is_ready or not self.was_ready
        assert self.finished_job in (None, job)
        assert (job["finished_at"] is not None) == is_ready
        assert [row["type"] for row in told] == ["asset.ready"] * is_ready
        self.was_ready = is_ready
        self.finished_job = job if is_ready else None

    def teardown(self) -> None:
        try:
            self.house.lapse()
            self.house.finish_everything(*self.waiting, self.event)
            assert self.house.rows() == self.undisturbed
            self._lineage_is_consistent()
        finally:
            self.house.close()

    def _lineage_is_consistent(self) -> None:
        entries = self.house.lineage()
        assert [entry["event"] for entry in entries].count("asset.ready") == 1
        for stage in STAGES:
            of_stage = [entry for entry in entries if entry["stage"] == stage]
            started = [one["attempt"] for one in of_stage if one["event"] == "stage.started"]
            ended = [
                one["attempt"] for one in of_stage if one["event"] in ("stage.done", "stage.failed")
            ]
            assert started == list(range(1, len(started) + 1))
            # An attempt ends at most once, and only if it has begun.
            assert ended == sorted(set(ended) & set(started))
            assert [one for one in of_stage if one["event"] != "stage.replayed"][-1][
                "event"
            ] == "stage.done"


def _crash() -> None:
    raise Crash


def test_any_interleaving_ends_in_the_rows_of_an_undisturbed_run(house: SmallHouse) -> None:
    """Given what an undisturbed run leaves, When a run is disturbed, Then it leaves the same."""
    _, event = house.upload()
    house.finish_everything(event)
    undisturbed = house.rows()
    assert undisturbed["asset"][0]["status"] == "ready"
    assert [row["state"] for row in undisturbed["stage"]] == ["done"] * len(STAGES)
    assert undisturbed["announced"] == [{"type": "asset.ready", "count": 1, "sent": 1}]

    run_state_machine_as_test(
        lambda: Disturbed(house.urls, undisturbed),  # type: ignore[arg-type]
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_stages_that_end_at_once_make_the_asset_ready_once(house: SmallHouse) -> None:
    for _ in range(10):
        asset, event = house.upload(body=b"\x89PNG\r\n\x1a\n" + asset_bytes())
        house.dispatch.send(house.work_on(event))
        embed, probe = sorted(house.sent())
        house.dispatch.send(house.work_on(embed))
        (tag,) = house.sent()

        both_hold_their_claims = threading.Barrier(2, timeout=30)
        house.hook = lambda barrier=both_hold_their_claims: barrier.wait()  # type: ignore[misc]
        with ThreadPoolExecutor(2) as pool:
            outgoing = list(pool.map(house.work_on, [probe, tag]))
        house.hook = lambda: None

        announced = [one.type for left in outgoing for one in left.announcements]
        assert announced == ["asset.ready"]
        assert house.asset(asset.id).status == "ready"
    jobs = house.rows()["job"]
    assert jobs == [{"objects": 1, "settled": 1, "failed": 0, "finished": True}] * 10


_contents = count()


def asset_bytes() -> bytes:
    return b"\x00" * 8 + str(next(_contents)).encode()


def test_one_message_in_many_hands_is_worked_on_once(house: SmallHouse) -> None:
    _, event = house.upload()
    everybody = threading.Barrier(6, timeout=30)

    def deliver(_: int) -> Outgoing:
        everybody.wait()
        return house.work_on(event)

    with ThreadPoolExecutor(6) as pool:
        left = [outgoing for outgoing in pool.map(deliver, range(6)) if outgoing.wake_ups]

    assert len(left) == 1
    assert [entry["event"] for entry in house.lineage()].count("stage.started") == 1


def test_identical_uploads_at_once_have_one_original(house: SmallHouse) -> None:
    for round_ in range(10):
        body = b"\x89PNG\r\n\x1a\n" + asset_bytes()
        uploads = [house.upload(body) for _ in range(3)]
        all_hold_their_claims = threading.Barrier(3, timeout=30)
        house.hook = lambda barrier=all_hold_their_claims: barrier.wait()  # type: ignore[misc]

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(house.work_on, [event for _, event in uploads]))
        house.hook = lambda: None

        found = [house.asset(asset.id) for asset, _ in uploads]
        originals = [asset for asset in found if asset.duplicate_of is None]
        assert len(originals) == 1, round_
        assert all(asset.verified for asset in found)
        pointed_to = {asset.duplicate_of for asset in found if asset.status == "duplicate"}
        assert pointed_to == {originals[0].id}


def test_spent_attempts_fail_the_asset_and_a_replay_revives_it(
    database_urls: DatabaseUrls,
) -> None:
    house = SmallHouse(database_urls, next(_owners), attempts=2)
    asset, event = house.upload()
    house.hook = _crash

    for _ in range(2):
        with pytest.raises(Crash):
            house.work_on(event)
        house.lapse()
    with pytest.raises(Failed) as dead:
        house.work_on(event)

    assert [one.type for one in dead.value.outgoing.announcements] == ["asset.failed"]
    assert house.asset(asset.id).status == "failed"
    job = house.rows()["job"]
    assert job == [{"objects": 1, "settled": 1, "failed": 1, "finished": True}]
    with pytest.raises(Failed):
        house.work_on(event)

    with house.app.transaction(house.owner) as connection:
        failed = house.asset(asset.id)
        outgoing = stages.replay(connection, failed, names=None, actor="key:t", request_id="x")
    house.dispatch.send(outgoing)
    house.finish_everything(*house.sent())

    assert house.asset(asset.id).status == "ready"
    assert house.rows()["job"] == job
    house.close()
