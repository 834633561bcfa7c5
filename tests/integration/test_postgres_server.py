"""The embedded server: shared, and stopped when nobody is left, however they left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from infra.local import postgres
from infra.local.postgres import REPOSITORY, Server
from tests.e2e.stack import command_line, run, wait_for

HOLDER = """
import pathlib, sys
from infra.local import postgres
with postgres.lease(pathlib.Path(sys.argv[1]), durable=False) as server:
    print(postgres.postmaster(server), flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(home: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that holds a lease, and the postmaster it sees."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        process.kill()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "pg"


def answers(server: Server) -> bool:
    try:
        with psycopg.connect(server.url("postgres", "postgres")) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def test_several_processes_share_one_server(home: Path) -> None:
    with holder(home) as (_, first), holder(home) as (_, second), postgres.lease(home) as server:
        assert first == second == postgres.postmaster(server)
        assert answers(server)


def test_the_server_stops_when_its_only_holder_is_killed(home: Path) -> None:
    with holder(home) as (process, postmaster):
        process.kill()
        server = Server(home, durable=False)

        wait_for(lambda: postgres.postmaster(server) is None, patience_s=10)
        assert postmaster > 0


def test_a_killed_postmaster_is_started_again_with_its_data(home: Path) -> None:
    with postgres.lease(home) as server:
        server.create_database("kept")
        killed = postgres.postmaster(server)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: postgres.postmaster(server) is None)

        server.ensure_running()

        with psycopg.connect(server.url("postgres", "kept")) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ("kept",)


def watchdog(home: Path) -> psutil.Process:
    """The living watchdog of a server's home."""

    def look() -> psutil.Process | None:
        marker = ["infra.local.postgres_watchdog", str(home)]
        return next((p for p in psutil.process_iter() if command_line(p)[-2:] == marker), None)

    return wait_for(look)


def kill_watchdog(home: Path) -> None:
    os.kill(watchdog(home).pid, signal.SIGKILL)
    # Its lock goes last, and it may stay a zombie.
    with (home / "watchdog.lock").open("w") as lock:
        wait_for(lambda: postgres.try_to_lock(lock))


def test_a_killed_watchdog_is_replaced(home: Path) -> None:
    with holder(home) as (process, _), postgres.lease(home, durable=False) as server:
        # Given a watchdog that was killed
        kill_watchdog(home)
        # When a holder looks after the server as it does every second
        server.ensure_running()
        # Then the death of every holder is noticed again
        assert watchdog(home).is_running()
        process.kill()
    wait_for(lambda: postgres.postmaster(Server(home, durable=False)) is None, patience_s=10)


def test_only_one_watchdog_is_kept(home: Path) -> None:
    with postgres.lease(home, durable=False) as server:
        first = watchdog(home)

        server.ensure_running()

        assert watchdog(home) == first


def test_make_down_stops_a_server_that_nobody_holds_or_watches(tmp_path: Path) -> None:
    # Given a stack's server whose watchdog and whose holder were killed, in this order
    home = tmp_path / "postgres"
    with holder(home) as (process, _):
        kill_watchdog(home)
        process.kill()
    server = Server(home, durable=False)
    assert postgres.postmaster(server) is not None

    # When the stack, which does not run, is to end
    ended = run("down", tmp_path)

    # Then the server is stopped, and a person told
    assert "Postgres, left behind by a killed stack: ended" in ended.stdout
    assert postgres.postmaster(server) is None
    assert run("down", tmp_path).stdout == "mammothbox: nothing is running\n"


def test_a_server_that_is_held_is_not_taken_for_an_orphan(home: Path) -> None:
    with holder(home):
        assert not postgres.stop_orphan(home)
        assert answers(Server(home, durable=False))


def test_another_homes_server_is_not_taken_for_ones_own(home: Path, tmp_path: Path) -> None:
    # Given a home whose server's id now belongs to the server of another home
    with postgres.lease(home, durable=False):
        pass
    with postgres.lease(tmp_path / "other", durable=False) as other:
        stale = Server(home, durable=False).data / "postmaster.pid"
        stale.write_text((other.data / "postmaster.pid").read_text())

        # Then it is neither stopped nor taken for the one that runs here
        assert not postgres.stop_orphan(home)
        with postgres.lease(home, durable=False) as server:
            assert answers(server)
        assert answers(other)


def test_a_deep_home_is_no_problem(tmp_path: Path) -> None:
    deep = tmp_path / ("deep-" * 12) / ("deeper-" * 12)

    with postgres.lease(deep, durable=False) as server:
        assert answers(server)


def test_a_deep_homes_server_is_seen_from_a_shell_with_another_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep-" * 12) / ("deeper-" * 12)
    with holder(deep) as (_, postmaster):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

        assert postgres.postmaster(Server(deep, durable=False)) == postmaster
