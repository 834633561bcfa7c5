"""The embedded server: shared, and stopped when nobody is left, however they left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from infra.local import postgres
from infra.local.postgres import REPOSITORY, Server
from tests.e2e.stack import wait_for

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


def test_a_deep_home_is_no_problem(tmp_path: Path) -> None:
    deep = tmp_path / ("deep-" * 12) / ("deeper-" * 12)

    with postgres.lease(deep, durable=False) as server:
        assert answers(server)
