"""Who takes which lock first, who comes too late, and what ends whoever keeps a lock for ever.

The tests of locks bring two real transactions into the very position in which they would wait
for each other, if they took their locks in another order.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count
from types import SimpleNamespace

import psycopg
import pytest
from mammothbox import removal, stages
from mammothbox.catalog import assets, originals
from mammothbox.catalog import connection as connections
from mammothbox.catalog.assets import Asset, Sniffed
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.stages import StageKey
from mammothbox.errors import Retryable, Unavailable
from mammothbox.messages import Outgoing
from mammothbox.route import INTAKE, Next
from mammothbox.stages import LeaseLost
from psycopg import sql

from infra.local.postgres import DatabaseUrls
from tests.property.small_house import SmallHouse

_owners = (f"turns-{number}" for number in count())
TEXT = b"What the mammoth saw."
SHA256 = hashlib.sha256(TEXT).hexdigest()
# What a transaction waits for, as Postgres calls it.
ASSET = ["transactionid", "tuple"]
BYTES = ["advisory"]

Lock = Callable[[Connection, Asset], None]


@pytest.fixture
def house(database_urls: DatabaseUrls) -> Iterator[SmallHouse]:
    house = SmallHouse(database_urls, next(_owners))
    yield house
    house.close()


@contextmanager
def another(house: SmallHouse) -> Iterator[Connection]:
    """Another transaction, which does not wait for ever."""
    database = Database(house.urls.worker)
    try:
        with database.transaction() as connection:
            connection.execute("SET LOCAL lock_timeout = '10s'")
            yield connection
    finally:
        database.close()


def lock_asset(connection: Connection, asset: Asset) -> None:
    assets.lock(connection, asset.owner, asset.id)
    connection.execute("SELECT 1").fetchone()


def lock_bytes(connection: Connection, asset: Asset) -> None:
    originals.lock(connection, asset.owner, SHA256)
    connection.execute("SELECT 1").fetchone()


def lock_stages(connection: Connection, asset: Asset) -> None:
    connection.execute(
        "SELECT 1 FROM stage WHERE owner = %s AND asset_id = %s FOR UPDATE", [asset.owner, asset.id]
    ).fetchone()


def lock_raw(connection: Connection, asset: Asset) -> None:
    connection.execute(
        "SELECT 1 FROM asset_raw WHERE owner = %s AND id = %s FOR UPDATE",
        [asset.owner, asset.raw_id],
    ).fetchone()


def until(house: SmallHouse, query: str, *values: object) -> None:
    """Until the query finds something."""
    deadline = time.monotonic() + 30
    with psycopg.connect(house.urls.superuser, autocommit=True) as connection:
        while not connection.execute(sql.SQL(query), values).fetchall():
            assert time.monotonic() < deadline, query


def until_somebody_waits(house: SmallHouse, for_: list[str]) -> None:
    until(
        house,
        "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND locktype = ANY(%s) AND datname = current_database()",
        for_,
    )


def trash(house: SmallHouse, asset: Asset) -> Outgoing:
    return removal.trash(house.app, house.owner, asset.id, actor="key:t", request_id="r")


def replay(house: SmallHouse, asset: Asset) -> Outgoing:
    with house.app.transaction(house.owner) as connection:
        return stages.replay(connection, asset, names=None, actor="key:t", request_id="r")


# --- the order of locks


def test_a_claim_takes_the_asset_before_its_stage(house: SmallHouse) -> None:
    asset, event = house.upload(TEXT)
    with house.worker.transaction() as connection:
        stages.queue(connection, asset, Next(INTAKE))

    with ThreadPoolExecutor(1) as pool:
        with another(house) as first:
            lock_asset(first, asset)
            claim = pool.submit(house.work_on, event)
            until_somebody_waits(house, ASSET)
            lock_stages(first, asset)
        claim.result(timeout=30)

    assert house.asset(asset.id).status == "ready"


def test_a_replay_takes_the_asset_before_its_stages(house: SmallHouse) -> None:
    asset, event = house.upload(TEXT)
    house.finish_everything(event)

    with ThreadPoolExecutor(1) as pool:
        with another(house) as first:
            lock_asset(first, asset)
            replayed = pool.submit(replay, house, asset)
            until_somebody_waits(house, ASSET)
            lock_stages(first, asset)
        assert len(replayed.result(timeout=30).wake_ups) == 1


def test_whoever_trashes_takes_the_bytes_before_the_asset(house: SmallHouse) -> None:
    asset, event = house.upload(TEXT)
    house.finish_everything(event)

    with ThreadPoolExecutor(1) as pool:
        with another(house) as first:
            lock_bytes(first, asset)
            trashed = pool.submit(trash, house, asset)
            until_somebody_waits(house, BYTES)
            lock_asset(first, asset)
        trashed.result(timeout=30)

    assert house.asset(asset.id).trashed_at is not None


def test_whoever_trashes_lets_go_of_an_asset_whose_bytes_become_known_only_now(
    house: SmallHouse,
) -> None:
    asset, _ = house.upload(TEXT)

    with ThreadPoolExecutor(1) as pool:
        with another(house) as decides:
            lock_bytes(decides, asset)
            with another(house) as intake:
                found = Sniffed("other", "text/plain", len(TEXT), SHA256)
                assets.sniffed(intake, asset.owner, asset.id, found)
                lock_asset(intake, asset)
                trashed = pool.submit(trash, house, asset)
                until_somebody_waits(house, ASSET)
            until_somebody_waits(house, BYTES)
            lock_asset(decides, asset)
        trashed.result(timeout=30)

    assert house.asset(asset.id).trashed_at is not None


@pytest.mark.parametrize(
    ("declared", "one", "waits_for", "other"),
    [
        (SHA256, lock_bytes, BYTES, lock_asset),
        (SHA256, lock_asset, ASSET, lock_raw),
        ("0" * 64, lock_asset, ASSET, lock_raw),
    ],
    ids=["bytes before asset", "asset before raw object", "the same when refused"],
)
def test_intake_takes_its_locks_in_the_order_of_a_purge(
    house: SmallHouse, declared: str, one: Lock, waits_for: list[str], other: Lock
) -> None:
    asset, event = house.upload(TEXT, sha256=declared)
    claimed, locked = threading.Event(), threading.Event()

    def hold() -> None:
        claimed.set()
        assert locked.wait(30)

    house.hook = hold
    with ThreadPoolExecutor(1) as pool:
        intake = pool.submit(house.work_on, event)
        assert claimed.wait(30)
        with another(house) as first:
            one(first, asset)
            locked.set()
            until_somebody_waits(house, waits_for)
            other(first, asset)
        intake.result(timeout=30)

    assert house.asset(asset.id).status == ("ready" if declared == SHA256 else "failed")


# --- too late


def test_what_was_purged_meanwhile_is_not_finished(house: SmallHouse) -> None:
    asset, event = house.upload(TEXT)
    house.hook = lambda: house.dispatch.send(
        removal.begin_purge(house.app, house.owner, asset.id, actor="key:t", request_id="r")[1]
    )

    with pytest.raises(LeaseLost):
        house.work_on(event)

    rows = house.rows()
    assert [row["state"] for row in rows["stage"]] == ["running"]
    assert [row["verified"] for row in rows["asset"]] == [False]
    assert [row["observed"] for row in rows["raw"]] == [False]
    assert [row["type"] for row in rows["announced"]] == ["asset.failed"]


def test_a_message_about_what_is_being_purged_comes_back_later(house: SmallHouse) -> None:
    """Its bytes may be late ones, which only then can be told from bytes nobody awaits."""
    asset, event = house.upload(TEXT)
    removal.begin_purge(house.app, house.owner, asset.id, actor="key:t", request_id="r")

    with pytest.raises(Retryable, match="being_purged"):
        house.work_on(event)

    assert house.store.first_version(asset.key) is not None


def test_a_worker_whose_lease_lapsed_leaves_nothing_of_its_refusal(house: SmallHouse) -> None:
    asset, event = house.upload(TEXT, sha256="0" * 64)

    def lose_the_lease() -> None:
        house.lapse()
        key = StageKey(asset.owner, asset.id, INTAKE)
        assert stages.take(house.worker, key, house.intake.limits) is not None

    house.hook = lose_the_lease

    with pytest.raises(LeaseLost):
        house.work_on(event)

    assert house.rows()["raw"] == [{"size_bytes": None, "sha256": None, "observed": False}]
    assert house.asset(asset.id).sha256 is None


# --- whoever keeps a lock for ever


@pytest.mark.parametrize("role", ["app", "worker", "operator"])
def test_a_transaction_that_idles_is_ended_after_a_minute(house: SmallHouse, role: str) -> None:
    database = Database(getattr(house.urls, role))
    with database.session() as connection:
        row = connection.execute("SHOW idle_in_transaction_session_timeout").fetchone()
    database.close()

    assert row == {"idle_in_transaction_session_timeout": "1min"}


def test_whoever_idles_in_a_transaction_loses_its_locks_and_nothing_else(
    house: SmallHouse,
) -> None:
    asset, event = house.upload(TEXT)

    with pytest.raises(Unavailable), house.worker.transaction() as connection:
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = '20ms'")
        lock_asset(connection, asset)
        until(
            house,
            "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)",
            connection.info.backend_pid,
        )
        with another(house) as next_one:
            lock_asset(next_one, asset)
        connection.execute("SELECT 1").fetchone()

    house.finish_everything(event)
    assert house.asset(asset.id).status == "ready"


def test_a_connection_that_has_idled_for_long_is_not_used_again(
    house: SmallHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server may have dropped it while nobody could hear of that."""
    now = 0.0
    monkeypatch.setattr(connections, "time", SimpleNamespace(time=lambda: now))
    database = Database(house.urls.worker)

    def served_by() -> int:
        with database.session() as connection:
            return connection.info.backend_pid

    with closing(database):
        first = served_by()
        now = connections.IDLE_S - 1
        assert served_by() == first
        now = 2 * connections.IDLE_S
        assert served_by() != first


def test_an_operator_may_not_change_an_asset(house: SmallHouse) -> None:
    asset, _ = house.upload(TEXT)
    operator = Database(house.urls.operator)

    with pytest.raises(psycopg.errors.InsufficientPrivilege), operator.transaction() as connection:
        assets.begin(connection, asset.owner, asset.id, status="queued")

    operator.close()
