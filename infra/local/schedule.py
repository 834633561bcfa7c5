"""Plays the scheduler's part: invokes a function at once and then every so often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from infra.local.environment import ACCOUNT, REGION
from infra.local.execution import ExecutionEnvironment, InvocationError
from infra.topology import Scheduled


@dataclass(frozen=True)
class Schedule:
    """A scheduled function with its execution environment."""

    function: Scheduled
    environment: ExecutionEnvironment
    say: Callable[[str], None]

    def run(self, stop: threading.Event) -> None:
        """Invoke until told to stop. A failed invocation is told and tried at the next turn."""
        while not stop.is_set():
            due = time.monotonic() + self.function.every_s
            try:
                self.environment.invoke(scheduled_event(self.function.name))
            except InvocationError as error:
                self.say(f"{self.function.name}: {error}")
            except Exception as error:
                # Whatever it is may be over at the next turn; a schedule that ended would not be.
                self.say(f"{self.function.name}: {type(error).__name__}: {error}")
            stop.wait(max(0.0, due - time.monotonic()))
        self.environment.end()


def scheduled_event(name: str) -> dict[str, Any]:
    """What EventBridge Scheduler sends."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/mammothbox-{name}"],
        "detail": "{}",
    }
