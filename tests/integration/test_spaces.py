"""A second embedding space: filled in pieces beside the active one, called off, taken into use."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import count, product
from threading import Barrier, Event
from typing import Any
from uuid import UUID

import psycopg
import pytest
from mammothbox import filling, route
from mammothbox.catalog import space_walks, spaces
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.space_walks import Turn
from mammothbox.encoders import choose
from mammothbox.errors import Unavailable
from mammothbox.ids import new_id
from mammothbox.intake import take_in
from mammothbox.route import Next
from starlette.testclient import TestClient

from infra.local.postgres import DatabaseUrls
from tests.house import MODELS, SPACE, House
from tests.samples import png

OTHER = next(space for space in choose.available(MODELS) if space.name != SPACE.name)
SPACES = "/api/v1/admin/spaces"
FILL = f"{SPACES}/{OTHER.name}/fill"
ACTIVATE = f"{SPACES}/{OTHER.name}/activate"


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client()


@pytest.fixture
def operator(house: House) -> TestClient:
    """An operator of a house with a second space that it has a model of."""
    spaces.offer(house.urls.superuser, [(OTHER, {})], SPACE.name)
    return house.client("operator", owner="ops")


def of_other(house: House, columns: str = "owner, asset_id") -> list[dict[str, Any]]:
    return house.rows(
        f"SELECT {columns} FROM stage WHERE name = 'embed' AND space = %s ORDER BY owner, asset_id",
        OTHER.name,
    )


def states(house: House) -> list[str]:
    """How the stages of the second space stand."""
    return sorted(row["state"] for row in of_other(house, "state"))


def shown(operator: TestClient) -> dict[str, Any]:
    """The second space in the list of spaces."""
    items: list[dict[str, Any]] = operator.get(SPACES).json()["items"]
    return next(item for item in items if item["name"] == OTHER.name)


def embed_all(house: House) -> None:
    """Wake whatever waits, and let the queues run."""
    house.rows("UPDATE stage SET queued_at = 'epoch' WHERE woken_at IS NULL")
    house.sweep()
    house.run_queues()


def add(
    house: House, owner: str, amount: int, *, kind: str = "image", **columns: Any
) -> list[UUID]:
    """Assets straight in the catalogue, ready unless `columns` say otherwise."""
    ids = sorted(new_id() for _ in range(amount))
    named = {"status": "ready", **columns, "kind": kind}
    for asset_id in ids:
        house.rows(
            "INSERT INTO job (owner, id, request_id, source, objects)"
            " VALUES (%s, %s, 'upload', 'upload', 1)",
            *[owner, asset_id],
        )
        house.rows(
            "INSERT INTO asset_raw (owner, id, bucket, key) VALUES (%s, %s, 'b', %s)",
            *[owner, asset_id, str(asset_id)],
        )
        house.rows(
            f"INSERT INTO asset (owner, id, job_id, ordinal, raw_id, {', '.join(named)})"
            f" VALUES (%s, %s, %s, 0, %s, {', '.join(['%s'] * len(named))})",
            *[owner, asset_id, asset_id, asset_id, *named.values()],
        )
    return ids


def test_what_waits_while_a_deployment_prefers_another_model_is_embedded_by_that_one(
    house: House, client: TestClient
) -> None:
    asset_id = house.upload(client, png(shade=1))
    house.run_queues("intake")

    spaces.offer(house.urls.superuser, [(OTHER, {})], OTHER.name)
    house.run_queues()
    house.sweep()
    embed_all(house)

    asset = house.get(client, asset_id)
    assert (asset["space"], asset["status"]) == (OTHER.name, "ready")


def test_a_space_is_filled_beside_the_active_one_and_then_takes_its_place(
    house: House, client: TestClient, operator: TestClient
) -> None:
    first = house.upload(client, png(shade=1))
    house.run_queues()
    assert operator.post(ACTIVATE).json()["code"] == "space_not_full"

    filling_now = operator.post(FILL)
    second = house.upload(client, png(shade=2))
    house.run_queues()
    house.sweep()
    assert (filling_now.status_code, filling_now.json()["state"]) == (202, "filling")
    assert shown(operator)["fill"] == {"done": 1, "waiting": 1, "failed": 0, "missing": 0}
    assert operator.post(ACTIVATE).status_code == 409
    embed_all(house)

    activated = operator.post(ACTIVATE).json()
    assert activated["state"] == "active"
    assert activated["fill"] == {"done": 2, "waiting": 0, "failed": 0, "missing": 0}
    for asset_id in (first, second):
        asset = house.get(client, asset_id)
        assert (asset["space"], asset["status"]) == (OTHER.name, "ready")


def test_a_fill_queues_nothing_by_itself_and_the_janitor_queues_what_is_lacking(
    house: House, operator: TestClient
) -> None:
    wanted = {("ada", asset_id) for asset_id in add(house, "ada", 3)}
    wanted |= {("bob", asset_id) for asset_id in add(house, "bob", 1, kind="video")}
    wanted |= {("bob", asset_id) for asset_id in add(house, "bob", 1, trashed_at="now")}
    [original] = add(house, "eve", 1, kind="audio", status="processing")
    wanted |= {("eve", original)}
    add(house, "eve", 1, status="duplicate", duplicate_of=original)
    add(house, "eve", 1, status="failed", error_code="broken")
    add(house, "eve", 1, purging_at="now")
    add(house, "eve", 1, kind="json")

    answer = operator.post(FILL)

    assert (answer.json()["walk"]["looked_at"], answer.json()["walk"]["ended_at"]) == (0, None)
    assert of_other(house) == []
    assert house.sweep()["assets_looked_at_for_fills"] == 10
    found = of_other(house, "owner, asset_id, state, optional, request_id")
    assert {(row["owner"], row["asset_id"]) for row in found} == wanted
    told = {(row["state"], row["optional"], row["request_id"]) for row in found}
    assert told == {("queued", True, answer.headers["X-Request-Id"])}
    assert shown(operator)["walk"]["ended_at"] is not None
    assert house.sweep()["assets_looked_at_for_fills"] == 0


def test_a_run_does_some_pieces_and_the_next_goes_on_where_it_stood(
    house: House, operator: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "_ASSETS_PER_PIECE", 2)
    # There is time to set out and do one piece, and then for two pieces each run.
    clock = count()
    monkeypatch.setattr(filling, "monotonic", lambda: next(clock))
    monkeypatch.setattr(filling, "_SECONDS_PER_RUN", 3)
    ids = add(house, "ada", 4) + add(house, "bob", 5)
    operator.post(FILL)

    runs, queued, told = [], [], []
    while shown(operator)["walk"]["ended_at"] is None:
        runs.append(house.sweep()["assets_looked_at_for_fills"])
        queued.append(len(of_other(house)))
        told.append(shown(operator)["walk"]["looked_at"])

    assert runs == [2, 4, 3, 0]
    assert queued == told == [2, 6, 9, 9]
    assert [row["asset_id"] for row in of_other(house)] == ids


def test_a_fill_that_is_asked_for_again_tries_again_what_failed_and_leaves_what_is_done(
    house: House, operator: TestClient
) -> None:
    add(house, "ada", 5)
    operator.post(FILL)
    house.sweep()
    for row, state in zip(of_other(house), ("failed", "dead", "skipped", "done"), strict=False):
        house.rows(
            "UPDATE stage SET state = %s, attempt = 3, error_code = 'x', retryable = false,"
            " finished_at = now() WHERE asset_id = %s",
            *[state, row["asset_id"]],
        )

    operator.post(FILL)
    house.sweep()

    assert states(house) == ["done", "queued", "queued", "queued", "queued"]
    queued = of_other(house, "state, attempt - revived_at_attempt AS spent, error_code")
    assert {(row["spent"], row["error_code"]) for row in queued if row["state"] == "queued"} == {
        (0, None)
    }


def test_a_fill_is_called_off_and_a_later_one_goes_on_from_there(
    house: House, client: TestClient, operator: TestClient
) -> None:
    ids = [house.upload(client, png(shade=shade)) for shade in (1, 2, 3)]
    house.run_queues()
    operator.post(FILL)
    house.sweep()
    house.rows("UPDATE stage SET queued_at = 'epoch' WHERE asset_id = ANY(%s)", ids[:2])
    house.sweep()
    first, second = house.receive("embed")
    assert house.invoke("embed", [first]) == []

    answer = operator.delete(FILL)

    assert (answer.status_code, answer.json()["state"]) == (202, "known")
    # A message that is under way ends well, before the janitor comes and after.
    assert house.invoke("embed", [second]) == []
    house.sweep()
    assert house.invoke("embed", [first, second]) == []
    assert states(house) == ["done", "skipped", "skipped"]
    codes = {row["error_code"] for row in of_other(house, "error_code")}
    assert codes == {None, "space_not_in_use"}
    assert shown(operator)["fill"] == {"done": 1, "waiting": 0, "failed": 0, "missing": 2}
    assert (shown(operator)["walk"]["aim"], operator.post(ACTIVATE).status_code) == ("clear", 409)
    assert {house.get(client, asset_id)["status"] for asset_id in ids} == {"ready"}
    house.upload(client, png(shade=4))
    embed_all(house)
    assert len(of_other(house)) == 3

    operator.post(FILL)
    house.sweep()
    embed_all(house)

    attempts = of_other(house, "state, attempt")
    assert [(row["state"], row["attempt"]) for row in attempts] == [("done", 1)] * 4
    assert operator.post(ACTIVATE).status_code == 200


def test_only_a_fill_is_called_off(house: House, operator: TestClient) -> None:
    assert operator.delete(f"{SPACES}/none/fill").status_code == 404
    assert operator.delete(f"{SPACES}/{SPACE.name}/fill").json()["code"] == "space_active"

    never_begun = operator.delete(FILL)
    assert (never_begun.json()["state"], never_begun.json()["walk"]) == ("known", None)


def test_a_space_taken_into_use_half_full_is_filled_to_the_end(
    house: House, operator: TestClient
) -> None:
    add(house, "ada", 3)
    operator.post(FILL)

    assert operator.post(f"{ACTIVATE}?incomplete=true").json()["state"] == "active"
    house.sweep()

    assert states(house) == ["queued"] * 3


def test_taking_another_space_into_use_calls_off_what_still_waits_for_the_one_before(
    house: House, operator: TestClient
) -> None:
    add(house, "ada", 1)
    operator.post(FILL)
    operator.post(f"{ACTIVATE}?incomplete=true")
    house.sweep()

    operator.post(f"{SPACES}/{SPACE.name}/activate?incomplete=true")
    house.sweep()

    assert states(house) == ["skipped"]


def test_what_an_object_waits_for_is_done_even_in_a_space_that_has_retired(
    house: House, client: TestClient, operator: TestClient
) -> None:
    asset_id = house.upload(client, png())
    house.run_queues("intake")

    operator.post(f"{ACTIVATE}?incomplete=true")
    house.run_queues()

    asset = house.get(client, asset_id)
    states = {stage["name"]: stage["state"] for stage in asset["stages"]}
    assert (asset["status"], states["embed"]) == ("ready", "done")


@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize("again", ["objects/{}/replay", "admin/replay", "admin/dlq/embed/redrive"])
def test_what_failed_in_a_space_without_a_model_becomes_ready_in_the_next(
    house: House, client: TestClient, operator: TestClient, again: str, filled: bool
) -> None:
    house.rows(
        "INSERT INTO embedding_space (name, model, weights_sha256, dimension)"
        " VALUES ('gone', 'm', '0', 3)"
    )
    asset_id = house.upload(client, png())
    with closing(Database(house.urls.superuser)) as database, database.transaction() as connection:
        connection.execute("SET LOCAL search_path = catalog, public")
        spaces.activate(connection, "gone")
    if filled:
        operator.post(FILL)
    house.run_queues("intake")
    house.rows("UPDATE stage SET attempt = 2 WHERE space = 'gone'")
    house.run_queues()
    assert house.get(client, asset_id)["status"] == "failed"
    assert states(house) == (["done"] if filled else [])
    assert operator.post(f"{ACTIVATE}?incomplete=true").status_code == 200

    by = operator if "dlq" in again else client
    answer = by.post(f"/api/v1/{again.format(asset_id)}", json={})
    assert answer.status_code in (200, 202), answer.text
    house.run_queues()

    asset = house.get(client, asset_id)
    assert (asset["status"], asset["space"]) == ("ready", OTHER.name)
    assert asset["cluster"] is not None


def test_a_fill_called_off_and_then_taken_into_use_loses_nothing_more(
    house: House, operator: TestClient
) -> None:
    add(house, "ada", 3)
    operator.post(FILL)
    house.sweep()
    operator.delete(FILL)

    operator.post(f"{ACTIVATE}?incomplete=true")
    house.sweep()

    assert states(house) == ["queued"] * 3


# --- beside others


def test_media_whose_intake_saw_the_space_before_its_fill_began_is_filled_in(
    house: House, client: TestClient, operator: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, png())

    def and_then_a_fill_begins(connection: Connection, kind: str) -> tuple[Next, ...]:
        following = route.after_intake(connection, kind)
        assert operator.post(FILL).status_code == 202
        with pytest.raises(Unavailable, match="assets_looked_at_for_fills"):
            house.sweep()
        return following

    with monkeypatch.context() as patched:
        patched.setattr(take_in, "after_intake", and_then_a_fill_begins)
        assert house.invoke_intake(house.receive()) == []
    assert of_other(house) == []

    house.sweep()

    assert [row["asset_id"] for row in of_other(house)] == [asset_id]


@dataclass(frozen=True)
class Newcomers:
    """Assets that arrive as intake lets them, one transaction each, as fast as they can."""

    database: Database
    owner: str
    amount: int
    start: Barrier
    half_way: Event

    def arrive(self) -> None:
        self.start.wait()
        for number in range(self.amount):
            self._arrive()
            if number == self.amount // 2:
                self.half_way.set()

    def _arrive(self) -> None:
        asset_id = new_id()
        with self.database.transaction() as connection:
            following = route.after_intake(connection, "image")
            connection.execute(
                "INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status, kind)"
                " SELECT owner, %s, job_id, 0, raw_id, 'ready', 'image' FROM asset"
                " WHERE owner = %s LIMIT 1",
                [asset_id, self.owner],
            )
            for stage in following:
                connection.execute(
                    "INSERT INTO stage (owner, asset_id, name, space, state, request_id, optional)"
                    " VALUES (%s, %s, %s, %s, 'queued', 'intake', %s)",
                    [self.owner, asset_id, stage.name, stage.space, stage.optional],
                )


def test_no_asset_is_missed_however_many_arrive_while_a_fill_begins(
    house: House, operator: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "_ASSETS_PER_PIECE", 7)
    owners = ["ada", "bob", "eve"]
    start, half_way = Barrier(len(owners)), Event()
    databases = [Database(house.urls.worker) for _ in range(len(owners) + 2)]
    for owner in owners:
        add(house, owner, 20)
    newcomers = [
        Newcomers(database, owner, 60, start, half_way)
        for owner, database in zip(owners, databases, strict=False)
    ]
    with ThreadPoolExecutor(len(databases)) as threads:
        arrivals = [threads.submit(each.arrive) for each in newcomers]
        half_way.wait(30)
        operator.post(FILL)
        janitors = [threads.submit(filling.go_on, database) for database in databases[-2:]]
        looked_at = sum(janitor.result(60) for janitor in janitors)
        for arrival in arrivals:
            arrival.result(60)
    for database in databases:
        database.close()

    assert 60 <= looked_at <= 3 * 80
    missed = house.rows(
        "SELECT a.id FROM asset a WHERE NOT EXISTS (SELECT FROM stage s WHERE s.owner = a.owner"
        " AND s.asset_id = a.id AND s.space = %s)",
        OTHER.name,
    )
    assert missed == []
    assert len(of_other(house)) == 3 * 80


def test_a_piece_gives_way_to_whoever_works_on_one_of_its_assets(
    house: House, operator: TestClient
) -> None:
    add(house, "ada", 2)
    [busy, _] = [row["id"] for row in house.rows("SELECT id FROM asset ORDER BY id DESC")]
    operator.post(FILL)
    janitor, worker = Database(house.urls.worker), Database(house.urls.worker)

    with closing(janitor), closing(worker):
        with worker.transaction() as connection:
            locked = connection.execute("SELECT FROM asset WHERE id = %s FOR UPDATE", [busy])
            assert len(locked.fetchall()) == 1
            with pytest.raises(Unavailable):
                filling.go_on(janitor)
            assert of_other(house) == []
        filling.go_on(janitor)

    assert states(house) == ["queued"] * 2


def test_an_asset_that_is_erased_while_its_piece_waits_for_it_is_left_out(
    house: House, operator: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space_walks, "_PATIENCE", "60s")
    [erased, other] = add(house, "ada", 2)
    operator.post(FILL)
    janitor, worker = Database(house.urls.worker), Database(house.urls.worker)
    waits = (
        "SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    with closing(janitor), closing(worker), ThreadPoolExecutor(1) as thread:
        with worker.transaction() as connection:
            gone = connection.execute("DELETE FROM asset WHERE id = %s RETURNING id", [erased])
            assert gone.fetchall() == [{"id": erased}]
            run = thread.submit(filling.go_on, janitor)
            while not run.done() and not house.rows(waits):
                pass
        assert run.result(60) == 1

    assert [row["asset_id"] for row in of_other(house)] == [other]


# --- in a large library


def test_a_piece_takes_the_same_few_statements_however_many_assets_it_has(
    house: House, operator: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    executed: list[str] = []
    execute = psycopg.Connection.execute

    def note(self: psycopg.Connection[Any], query: Any, *values: Any, **named: Any) -> Any:
        executed.append(query.decode() if isinstance(query, bytes) else query)
        return execute(self, query, *values, **named)

    add(house, "ada", 21)
    operator.post(FILL)
    monkeypatch.setattr(filling, "_ASSETS_PER_PIECE", 20)

    with closing(Database(house.urls.worker)) as database, monkeypatch.context() as patched:
        patched.setattr(psycopg.Connection, "execute", note)
        filling.go_on(database)

    of_a_piece = ["BEGIN", "SET", "SELECT", "WITH", "UPDATE", "COMMIT"]
    set_out = ["BEGIN", "SET", "SELECT", "SELECT", "UPDATE", "COMMIT"]
    no_more = ["BEGIN", "SET", "SELECT", "COMMIT"]
    begun = [statement.split()[0] for statement in executed]
    # Twenty, one, none: that is the end of the walk.
    assert begun == [*set_out, *of_a_piece * 3, *no_more]


MANY = """
    INSERT INTO job (owner, id, request_id, source, objects)
    SELECT 'owner-' || n, md5('job' || n)::uuid, 'r', 'upload', 1 FROM generate_series(0, 3) n;
    INSERT INTO asset_raw (owner, id, bucket, key)
    SELECT owner, id, 'b', owner FROM job;
    INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status, kind)
    SELECT j.owner, md5('asset' || n)::uuid, j.id, n, j.id, 'ready',
        CASE WHEN n % 5 = 0 THEN 'json' ELSE 'image' END
    FROM generate_series(1, 12000) n JOIN job j ON j.owner = 'owner-' || least(n % 20, 3);
    INSERT INTO stage (owner, asset_id, name, state, request_id)
    SELECT owner, id, name, 'done', 'r'
    FROM asset, unnest(ARRAY['intake', 'tag', 'cluster']) name;
"""


class Explaining:
    """A connection that keeps the plan of what it executes, with the rows each node gave."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.plans: list[dict[str, Any]] = []

    def execute(self, statement: bytes, values: Any) -> psycopg.Cursor[Any]:
        explain = b"EXPLAIN (ANALYZE, FORMAT json) " + statement
        (row,) = self._connection.execute(explain, values).fetchall()
        self.plans.append(row["QUERY PLAN"][0]["Plan"])
        return self._connection.execute(statement, values)

    def nodes(self) -> list[dict[str, Any]]:
        found = list(self.plans)
        for node in found:
            found += node.get("Plans", [])
        return found


@pytest.mark.parametrize("analyzed", [True, False], ids=["with statistics", "without"])
def test_a_piece_reads_its_own_assets_and_no_more(
    database_urls: DatabaseUrls, analyzed: bool
) -> None:
    with closing(psycopg.connect(database_urls.superuser, autocommit=True)) as connection:
        connection.execute("SET search_path = catalog, public")
        connection.execute(MANY.encode())
        if analyzed:
            connection.execute("VACUUM ANALYZE asset, stage")
        middle = connection.execute(
            "SELECT owner, id FROM asset WHERE owner = 'owner-3' ORDER BY id OFFSET 4000 LIMIT 1"
        ).fetchone()
    assert middle is not None
    database = Database(database_urls.worker)
    pieces: list[Callable[..., Any]] = [space_walks.queue_lacking, space_walks.skip_waiting]

    for do_a_piece, (owner, asset_id) in product(pieces, [("", UUID(int=0)), middle]):
        with closing(database), database.transaction() as connection:
            explaining = Explaining(connection)
            turn = Turn(1, "tiny", "fill", "r", True, owner, asset_id)
            # What 2000 are among a million.
            piece = do_a_piece(explaining, turn, 20)

        assert piece.looked_at == 20
        scans = [node for node in explaining.nodes() if "Relation Name" in node]
        tables = [node for node in scans if node["Relation Name"] in ("asset", "stage")]
        assert not [node for node in tables if node["Node Type"] == "Seq Scan"]
        read = sum(node["Actual Rows"] * node["Actual Loops"] for node in tables)
        assert 20 <= read <= 60
