"""Children that die, and what the stack does about it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest

from infra.local import running as under_test
from infra.local.running import Running, Start
from tests.e2e.stack import wait_for


class Watch:
    """The time that the stack sees."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(under_test, "time", watch)
    return watch


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def running(said: list[str]) -> Iterator[Running]:
    running = Running(threading.Event(), said.append)
    yield running
    running.end()


def sleeper() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)


def dead() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(["true"])
    process.wait()
    return process


def in_turn(*starts: Start) -> Start:
    """Starts that follow each other; the last one again and again."""
    left = list(starts)

    def start() -> subprocess.Popen[bytes]:
        return (left.pop(0) if len(left) > 1 else left[0])()

    return start


def unreachable() -> subprocess.Popen[bytes]:
    raise ConnectionRefusedError("the catalogue is away")


def starts_within(running: Running, watch: Watch, seconds: int) -> int:
    """How often a child that always dies is started in that time."""
    starts = 0

    def start() -> subprocess.Popen[bytes]:
        nonlocal starts
        starts += 1
        return dead()

    running.start_child("child", start)
    for _ in range(seconds):
        watch.now += 1
        running.revive_the_dead()
    return starts


def test_a_dead_child_is_started_again(running: Running, said: list[str], watch: Watch) -> None:
    running.start_child("child", in_turn(dead, sleeper))

    running.revive_the_dead()
    watch.now += 1
    running.revive_the_dead()

    assert running.is_alive("child")
    assert said == ["child ended with 0; starting it again"]


def test_whatever_keeps_a_child_from_starting_is_told_and_tried_again(
    running: Running, said: list[str], watch: Watch
) -> None:
    running.start_child("child", in_turn(dead, unreachable, sleeper))

    for _ in range(5):
        watch.now += 1
        running.revive_the_dead()

    assert "child does not start: the catalogue is away" in said
    assert running.is_alive("child")


def test_a_child_that_always_dies_is_started_less_and_less_often(
    running: Running, watch: Watch
) -> None:
    # A few times at the beginning, and then every half minute
    assert 100 <= starts_within(running, watch, seconds=3600) <= 127


def test_a_child_that_died_a_thousand_times_does_not_end_the_stack(
    running: Running, watch: Watch
) -> None:
    # 2.0**1024 is no number any more.
    assert starts_within(running, watch, seconds=1100 * 31) > 1024


def test_a_child_that_was_well_for_long_is_started_at_once(running: Running, watch: Watch) -> None:
    # Given a child that has died often, but then lived
    running.start_child("child", in_turn(*[dead] * 9, sleeper))
    while not running.is_alive("child"):
        watch.now += 1
        running.revive_the_dead()
    watch.now += 600

    # When it dies again
    victim = running.children["child"].process
    victim.kill()
    victim.communicate()
    running.revive_the_dead()

    # Then nobody waits for it
    assert running.is_alive("child")


def test_one_child_does_not_wait_for_another(running: Running, watch: Watch) -> None:
    # Given one that must wait, as it died before
    running.start_child("first", dead)
    running.start_child("second", in_turn(dead, sleeper))
    for _ in range(20):
        watch.now += 1
        running.revive_the_dead()

    assert running.is_alive("second")


def until_told(stop: threading.Event) -> None:
    stop.wait()


def test_the_end_ends_all(said: list[str]) -> None:
    running = Running(threading.Event(), said.append)
    running.start_child("child", sleeper)
    running.start_thread("thread", until_told)
    pid = running.children["child"].process.pid

    running.end()

    assert not psutil.pid_exists(pid)
    wait_for(lambda: not running.threads[0].is_alive())
