"""Execution environments: what a function sees, and what becomes of one that misbehaves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.local.execution import EnvironmentDied, ExecutionEnvironment, HandlerRaised
from infra.local.lifeline import REPOSITORY
from tests.e2e.stack import wait_for

PARENT = """
import pathlib, sys, threading, os
from infra.local.execution import ExecutionEnvironment
environment = ExecutionEnvironment(
    "tests.infra.handlers.by_event", 60, dict(os.environ), pathlib.Path(sys.argv[1])
)
child = environment.invoke({"wish": "have a child"})["child"]
print(environment.pid, child, flush=True)
environment.invoke({"wish": "sleep"})
"""


def environment_of(handler: str, log: Path, timeout_s: float = 20) -> ExecutionEnvironment:
    told = {
        **os.environ,
        "AWS_LAMBDA_FUNCTION_NAME": "mammothbox-test",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    }
    return ExecutionEnvironment(f"tests.infra.handlers.{handler}", timeout_s, told, log)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "function.log"


@pytest.fixture
def echo(log: Path) -> Iterator[ExecutionEnvironment]:
    environment = environment_of("answer", log)
    yield environment
    environment.end()


@pytest.fixture
def wishing(log: Path) -> Iterator[ExecutionEnvironment]:
    environment = environment_of("by_event", log, timeout_s=2)
    yield environment
    environment.end()


def test_the_handler_sees_the_event_and_a_context(echo: ExecutionEnvironment, log: Path) -> None:
    answer = echo.invoke({"a": ["ü", 1.5, None]})

    assert answer["event"] == {"a": ["ü", 1.5, None]}
    assert answer["name"] == "mammothbox-test"
    assert answer["memory"] == "256"
    assert answer["arn"].endswith(":function:mammothbox-test")
    assert 0 < answer["left"] <= 20_000
    assert "this goes to the log" in log.read_text()


def test_an_environment_is_used_again_and_each_call_has_its_own_id(
    echo: ExecutionEnvironment,
) -> None:
    answers: list[Any] = [echo.invoke({"number": number}) for number in range(50)]

    assert len({answer["pid"] for answer in answers}) == 1
    assert len({answer["request_id"] for answer in answers}) == 50


def test_a_large_event_passes(wishing: ExecutionEnvironment) -> None:
    assert wishing.invoke({"wish": "x" * 5_000_000})["size"] > 5_000_000


@pytest.mark.parametrize("wish", ["raise", "no json"])
def test_an_error_of_the_handler_leaves_the_environment_alive(
    wishing: ExecutionEnvironment, wish: str
) -> None:
    wishing.invoke({"wish": "nothing"})
    before = wishing.pid

    with pytest.raises(HandlerRaised):
        wishing.invoke({"wish": wish})

    assert wishing.invoke({"wish": "nothing"})
    assert wishing.pid == before


@pytest.mark.parametrize("wish", ["crash", "sleep"])
def test_a_dead_or_late_environment_is_replaced(wishing: ExecutionEnvironment, wish: str) -> None:
    wishing.invoke({"wish": "nothing"})
    before = wishing.pid
    assert before is not None

    with pytest.raises(EnvironmentDied):
        wishing.invoke({"wish": wish})

    assert not psutil.pid_exists(before)
    assert wishing.invoke({"wish": "nothing"})
    assert wishing.pid != before


@pytest.mark.parametrize("ending", ["end", "crash", "sleep"])
def test_what_a_handler_started_ends_with_it(wishing: ExecutionEnvironment, ending: str) -> None:
    child = psutil.Process(wishing.invoke({"wish": "have a child"})["child"])

    if ending == "end":
        wishing.end()
    else:
        with pytest.raises(EnvironmentDied):
            wishing.invoke({"wish": ending})

    wait_for(lambda: _is_gone(child), patience_s=5)


def test_a_child_of_the_handler_cannot_take_the_next_events(wishing: ExecutionEnvironment) -> None:
    assert wishing.invoke({"wish": "let a child read"}) == {"read": "\n"}


def test_a_handler_that_cannot_be_imported_is_told_at_once(log: Path) -> None:
    environment = environment_of("no_such_handler", log)

    with pytest.raises(EnvironmentDied):
        environment.invoke({})

    assert "no_such_handler" in log.read_text()


def test_nothing_outlives_a_killed_parent(log: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(log)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        started = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]

        parent.kill()

        assert len(started) == 2
        wait_for(lambda: all(map(_is_gone, started)), patience_s=10)


def _is_gone(process: psutil.Process) -> bool:
    """Ended, be it as a zombie that nobody reaps."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
