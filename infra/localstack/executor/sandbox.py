"""A function's execution environment: one process, which answers one event at a time."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infra.localstack.executor.runtime_api import (
    Answered,
    Ended,
    InitFailed,
    Invocation,
    Ready,
    RuntimeApi,
    Told,
)

# After an answer, for what the process still has to say about it.
_LAST_WORDS_S = 0.5
_DIES_WITHIN_S = 5.0


class DidNotStart(RuntimeError):
    """The process never asked for an event; `error` says why, as Lambda shows it."""

    def __init__(self, error: bytes) -> None:
        super().__init__(error.decode(errors="replace"))
        self.error = error


@dataclass(frozen=True)
class Answer:
    """What came of an event, and what the process printed meanwhile."""

    body: bytes
    is_error: bool
    log: str


class Sandbox:
    """A process that has asked for its first event. Raises `DidNotStart`."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        code: Path,
        log: Path,
        patience_s: float,
    ) -> None:
        self._log = log
        self._api = RuntimeApi()
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=code,
                env={**environment, "AWS_LAMBDA_RUNTIME_API": self._api.address},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # So that what it starts ends with it.
                start_new_session=True,
            )
        threading.Thread(target=self._watch, daemon=True).start()
        error = self._init_error(time.monotonic() + patience_s)
        if error is not None:
            self.end()
            raise DidNotStart(error)

    @property
    def lives(self) -> bool:
        """Whether it can answer."""
        return self._process.poll() is None

    def invoke(self, invocation: Invocation, timeout_s: float) -> Answer:
        """Its answer, or Lambda's own when it ends or takes too long; then the process is ended."""
        begins = self._log.stat().st_size
        self._api.waiting.put(invocation)
        deadline = time.monotonic() + timeout_s
        body, is_error = self._outcome(invocation.request_id, deadline, timeout_s)
        return Answer(body, is_error, self._read(begins))

    def end(self) -> None:
        """End the process, whatever it does, and everything that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(_DIES_WITHIN_S)
        self._api.close()

    def _init_error(self, deadline: float) -> bytes | None:
        match self._next(deadline):
            case Ready():
                return None
            case InitFailed(error):
                return error
            case Ended(status):
                return problem("Runtime.ExitError", f"Runtime exited with status {status}")
            case _:
                return problem("Sandbox.Timedout", "The function was not loaded in time")

    def _outcome(self, request_id: str, deadline: float, timeout_s: float) -> tuple[bytes, bool]:
        while True:
            match self._next(deadline):
                case Answered(answered, body, is_error) if answered == request_id:
                    self._hear_it_out()
                    return body, is_error
                case Ended(status):
                    said = f"RequestId: {request_id} Error: Runtime exited with status {status}"
                    return problem("Runtime.ExitError", said), True
                case None:
                    self.end()
                    said = f"RequestId: {request_id} Error: Task timed out after {timeout_s:g} s"
                    return problem("Sandbox.Timedout", said), True
                case _:
                    continue

    def _hear_it_out(self) -> None:
        deadline = time.monotonic() + _LAST_WORDS_S
        while not isinstance(self._next(deadline), Ready | Ended | None):
            pass

    def _next(self, deadline: float) -> Told | None:
        try:
            return self._api.told.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return None

    def _watch(self) -> None:
        self._api.told.put(Ended(self._process.wait()))

    def _read(self, begins: int) -> str:
        with self._log.open("rb") as log:
            log.seek(begins)
            return log.read().decode(errors="replace")


def problem(kind: str, message: str) -> bytes:
    """An error as Lambda shows those that are not the handler's own."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()
