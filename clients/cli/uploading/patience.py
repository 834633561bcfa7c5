"""How long a run goes on while nothing works, shared by everything that it does at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from clients.cli.hashing import Interrupted
from clients.cli.problems import Unreachable


@dataclass
class Patience:
    """Bounded by `limit_s` since something last worked; `waiting` hears why it waits."""

    limit_s: float
    waiting: Callable[[str], None]
    stop: threading.Event
    _failing_since: float | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def well(self) -> None:
        """Something worked: whatever failed before counts no more."""
        with self._turn:
            self._failing_since = None

    def wait(self, why: str, pause_s: float) -> None:
        """Wait before the next attempt. Raises `Unreachable` instead once patience is over."""
        now = time.monotonic()
        with self._turn:
            self._failing_since = self._failing_since or now
            over = now + pause_s - self._failing_since > self.limit_s
        if over:
            raise Unreachable(why)
        self.waiting(why)
        if self.stop.wait(pause_s):
            raise Interrupted
