"""A schedule: what it does about invocations that fail."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.local.execution import ExecutionEnvironment, HandlerRaised
from infra.local.schedule import Schedule
from infra.topology import JANITOR


class Failing(ExecutionEnvironment):
    """Fails in several ways, and then is the last one that is wanted."""

    def __init__(self, stop: threading.Event, *errors: Exception) -> None:
        super().__init__("", 1, {}, Path())
        self.stop = stop
        self.errors = list(errors)

    def invoke(self, event: Mapping[str, Any]) -> Any:
        if self.errors:
            raise self.errors.pop(0)
        self.stop.set()


def test_no_failure_ends_the_schedule() -> None:
    stop, said = threading.Event(), list[str]()
    errors = [HandlerRaised("KeyError: x"), OSError("no process left"), ValueError("no JSON")]
    environment = Failing(stop, *errors)

    Schedule(replace(JANITOR, every_s=0), environment, said.append).run(stop)

    assert environment.errors == []
    assert said == [
        "janitor: KeyError: x",
        "janitor: OSError: no process left",
        "janitor: ValueError: no JSON",
    ]
