"""`make up` itself: starting, ending, dying, coming back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import psutil
import pytest

from infra.local import postgres
from infra.local.home import LOOPBACK
from infra.local.postgres import Server
from tests.e2e.stack import (
    REPOSITORY,
    LocalStack,
    command_line,
    processes_of,
    run,
    start,
    started,
    wait_for,
)

# Presses Ctrl-C as soon as `make up` loads what is large.
_INTERRUPTED = """
import os, runpy, signal, sys

class Impatience:
    def find_spec(self, name, path=None, target=None):
        if name == "infra.local.up":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Impatience())
sys.argv = ["infra.local", "up"]
runpy.run_module("infra.local", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_a_second_up_says_that_it_runs_already(stack: LocalStack) -> None:
    second = run("up", stack.home)

    assert second.returncode == 1
    assert second.stdout == f"mammothbox: it runs already: {stack.env['MAMMOTHBOX_URL']}\n"


def test_a_taken_port_is_named_in_one_line(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]

        refused = run("up", home, port)

    assert refused.returncode == 1
    assert refused.stdout.startswith(f"mammothbox: port {port} is taken")
    assert refused.stdout.count("\n") == 1
    assert not home.exists()


def test_a_home_that_cannot_be_is_named_in_one_line() -> None:
    for command in ("up", "down", "key"):
        refused = run(command, Path("/dev/null/home"))

        assert refused.stdout.count("\n") == 1
        assert refused.stderr == ""
    assert "/dev/null/home cannot be used" in run("up", Path("/dev/null/home")).stdout


def test_ctrl_c_while_it_loads_is_no_traceback(home: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED],
        cwd=REPOSITORY,
        env=os.environ | {"MAMMOTHBOX_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (refused.returncode, refused.stdout, refused.stderr) == (-signal.SIGINT, "", "")
    assert not home.exists()


@pytest.mark.parametrize(
    "arguments", [[], ["--owner", "", "--role", ""], ["--owner", "ada", "--role", "boss"]]
)
def test_a_key_asked_for_wrongly_gets_a_hint_of_one_line(home: Path, arguments: list[str]) -> None:
    refused = run("key", home, 0, *arguments)

    assert refused.returncode == 1
    assert refused.stderr == ""
    assert "make key OWNER=ada ROLE=uploader" in refused.stdout
    assert refused.stdout.count("\n") == 1


def test_everything_listens_on_loopback_only(stack: LocalStack) -> None:
    listening = [
        connection.laddr.ip
        for process in processes_of(stack.home)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]

    assert set(listening) == {LOOPBACK}


def test_keys_are_made_for_other_owners(stack: LocalStack) -> None:
    made = run("key", stack.home, 0, "--owner", "grace", "--role", "viewer")

    answer = httpx2.get(
        f"{stack.env['MAMMOTHBOX_URL']}/api/v1/objects",
        headers={"Authorization": f"Bearer {made.stdout.strip()}"},
    )
    assert answer.json() == {"items": [], "next_cursor": None}


@pytest.mark.prove
def test_two_stacks_run_side_by_side_and_share_nothing(stack: LocalStack, home: Path) -> None:
    with started(home) as other:
        system_id = other.upload("only-here.txt", b"only here")

        assert other.settled(system_id)["status"] == "ready"
        assert stack.http.get(f"objects/{system_id}").status_code == 404
        assert other.env["AWS_ENDPOINT_URL"] != stack.env["AWS_ENDPOINT_URL"]


@pytest.mark.prove
def test_a_proxy_for_the_outside_is_not_asked_for_this_machine(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as proxied:
        # Nobody listens there.
        proxied.setenv("HTTP_PROXY", f"http://{LOOPBACK}:9")
        proxied.setenv("NO_PROXY", "example.com")
        stack = start(home)

    system_id = stack.upload("past the proxy.txt", b"past the proxy")

    assert stack.settled(system_id)["status"] == "ready"
    stack.open.close()
    assert run("down", home).returncode == 0
    assert stack.process.wait(timeout=10) == 0


def test_after_ctrl_c_and_after_kill_nine_nothing_lives_on_and_the_next_up_finds_it_all(
    home: Path,
) -> None:
    # Given a ready upload
    first = start(home)
    system_id = first.upload("kept.txt", b"kept")
    first.settled(system_id)
    first.open.close()

    # When somebody presses Ctrl-C, everything ends, and the next start finds it all
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(timeout=10) == 0
    wait_for(lambda: not processes_of(home), patience_s=2)
    second = start(home)
    assert second.env == first.env
    found = second.object(system_id)
    assert found["status"] == "ready"
    assert httpx2.get(found["uri"]).content == b"kept"

    # When the parent is killed while a drop is just arriving
    second.s3.put_object(Bucket=second.env["RAW_BUCKET"], Key="drop/local/late.txt", Body=b"late")
    second.open.close()
    second.process.kill()
    second.process.wait()

    # Then nothing of it is alive ten seconds later
    wait_for(lambda: not processes_of(home), patience_s=10)
    # And the next start loses neither the old nor the new
    with started(home) as third:
        assert httpx2.get(third.object(system_id)["uri"]).content == b"kept"
        assert third.dropped("late.txt")["status"] == "ready"


@pytest.mark.prove
def test_sigterm_ends_everything_and_the_next_up_finds_it_all(home: Path) -> None:
    first = start(home)
    system_id = first.upload("kept.txt", b"kept")
    first.settled(system_id)
    first.open.close()

    first.process.send_signal(signal.SIGTERM)

    assert first.process.wait(timeout=10) == 0
    wait_for(lambda: not processes_of(home), patience_s=2)
    with started(home) as second:
        assert second.env == first.env
        found = second.object(system_id)
        assert found["status"] == "ready"
        assert httpx2.get(found["uri"]).content == b"kept"


@pytest.mark.prove
def test_down_ends_what_hangs_and_the_next_up_recovers_even_elsewhere(home: Path) -> None:
    # Given a stack that cannot answer any more, and neither can its Postgres
    stack = start(home)
    system_id = stack.upload("kept.txt", b"kept")
    stack.settled(system_id)
    stack.open.close()
    suspend_postgres(home)
    stack.process.send_signal(signal.SIGSTOP)

    # When it is to end, by a command that has taken so long to start
    begun = time.monotonic()
    run("down", home / "nobody")
    started_s = time.monotonic() - begun
    begun = time.monotonic()
    ended = run("down", home)

    # Then nothing of it is left ten seconds later
    assert ended.returncode == 0, ended.stdout
    assert "by force" in ended.stdout
    left_s = 10 + started_s - (time.monotonic() - begun)
    wait_for(lambda: not processes_of(home), patience_s=left_s)
    stack.process.wait()
    # And all is there at the next start, although somebody took the emulator's port meanwhile
    old = stack.env["AWS_ENDPOINT_URL"]
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((LOOPBACK, int(old.rpartition(":")[2])))
        taken.listen()
        with started(home) as second:
            assert httpx2.get(second.object(system_id)["uri"]).content == b"kept"
            assert second.settled(second.upload("new.txt", b"new"))["status"] == "ready"
            assert second.env["AWS_ENDPOINT_URL"] != old
            assert old not in second.env["QUEUE_URLS"]


@pytest.mark.prove
def test_a_signal_ends_within_ten_seconds_what_hangs(home: Path) -> None:
    # Given a stack all of whose children hang
    stack = start(home)
    for marker in (
        "local.gateway",
        "functions.search",
        "ministack",
        "infra.local.execution_child functions.intake",
    ):
        stack.child(marker).suspend()
    suspend_postgres(home)

    begun = time.monotonic()
    stack.process.send_signal(signal.SIGINT)

    stack.process.wait(timeout=10)
    wait_for(lambda: not processes_of(home), patience_s=10 - (time.monotonic() - begun))


@pytest.mark.prove
def test_a_function_that_hangs_ends_with_all_the_others(home: Path) -> None:
    stack = start(home)
    stack.child("infra.local.execution_child functions.intake").suspend()

    assert run("down", home).stdout == "mammothbox: ended\n"

    assert stack.process.wait(timeout=10) == 0
    wait_for(lambda: not processes_of(home), patience_s=5)


def test_a_killed_watchdog_is_replaced(stack: LocalStack) -> None:
    first = watchdog_of(stack.home)

    first.kill()

    wait_for(lambda: watchdog_of(stack.home) != first)


def suspend_postgres(home: Path) -> None:
    postmaster = postgres.postmaster(Server(home / "postgres", durable=True))
    assert postmaster is not None
    os.kill(postmaster, signal.SIGSTOP)


def watchdog_of(home: Path) -> psutil.Process:
    def look() -> psutil.Process | None:
        found = [
            p for p in processes_of(home) if "infra.local.postgres_watchdog" in command_line(p)
        ]
        return found[0] if found else None

    return wait_for(look)


@pytest.mark.parametrize("child", ["local.gateway", "functions.search", "ministack"])
def test_a_child_that_died_is_started_again(stack: LocalStack, child: str) -> None:
    stack.child(child).kill()

    def answers() -> bool:
        try:
            return all(stack.http.get(path).is_success for path in ("health/ready", "search"))
        except httpx2.TransportError:
            return False

    wait_for(answers)
    system_id = stack.upload("after.txt", f"after {child} died".encode())
    assert stack.settled(system_id)["status"] == "ready"
