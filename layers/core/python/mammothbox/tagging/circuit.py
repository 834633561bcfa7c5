"""A circuit breaker: a service that keeps failing is left alone for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Circuit:
    """Opens after `failures` in a row and lets one call through every `rest_s` after that.

    That call's success closes it again. Lives as long as the execution environment.
    """

    def __init__(
        self, failures: int, rest_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._failures = failures
        self._rest_s = rest_s
        self._clock = clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._rests_until = 0.0

    def wait_s(self) -> float:
        """0 if a call may be made now, which is then expected to be; else how long to wait."""
        with self._lock:
            if (wait := self._rests_until - self._clock()) > 0:
                return wait
            if self._in_a_row >= self._failures:
                # Whoever asks next waits for what this one finds out.
                self._rest(self._rest_s)
            return 0.0

    def succeeded(self) -> None:
        with self._lock:
            self._in_a_row = 0
            self._rests_until = 0.0

    def failed(self, asked_s: float | None = None) -> None:
        """`asked_s` is how long the service itself asks to be left alone; obeyed at once."""
        with self._lock:
            self._in_a_row += 1
            enough = self._in_a_row >= self._failures
            self._rest(max(asked_s or 0.0, self._rest_s if enough else 0.0))

    def _rest(self, seconds: float) -> None:
        self._rests_until = max(self._rests_until, self._clock() + seconds)
