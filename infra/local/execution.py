"""An execution environment: a child process in which a function's handler answers events."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from infra.local.lifeline import REPOSITORY

# Importing a function with its models may take this long, before its own time begins.
_INIT_S = 60.0


class InvocationError(RuntimeError):
    """The invocation has no answer; the message says why."""


class HandlerRaised(InvocationError):
    """The handler raised; its environment lives on."""


class EnvironmentDied(InvocationError):
    """The process ended, or was ended because the function's time was up."""


class ExecutionEnvironment:
    """Runs `handler` in a child that is started when needed and again after it died."""

    def __init__(
        self, handler: str, timeout_s: float, environment: Mapping[str, str], log: Path
    ) -> None:
        self._handler = handler
        self._timeout_s = timeout_s
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def prepare(self) -> None:
        """Have a child that is ready to answer. Raises `EnvironmentDied` when it does not start."""
        self._started()

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """The handler's answer. Raises `HandlerRaised` and `EnvironmentDied`."""
        process = self._started()
        call = {"event": event, "request_id": str(uuid4()), "timeout_s": self._timeout_s}
        try:
            _write(process, call, self._timeout_s)
            told = _read_line(process, self._timeout_s)
        except EnvironmentDied:
            self.end()
            raise
        if "error" in told:
            raise HandlerRaised(told["error"])
        return told["answer"]

    def end(self) -> None:
        """End the child and what it started; what it was doing is lost."""
        process, self._process = self._process, None
        if process is not None:
            # It leads a group of its own. macOS calls a group of zombies not permitted.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.end()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.local.execution_child", self._handler],
                cwd=REPOSITORY,
                env=dict(self._environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                bufsize=0,
                start_new_session=True,
            )
        assert self._process.stdin is not None  # noqa: S101 - started with a pipe
        os.set_blocking(self._process.stdin.fileno(), False)
        try:
            _read_line(self._process, _INIT_S)
        except EnvironmentDied:
            self.end()
            raise
        return self._process


def _write(process: subprocess.Popen[bytes], call: Mapping[str, Any], patience_s: float) -> None:
    """Hand over the call. Raises `EnvironmentDied` when nobody takes it."""
    assert process.stdin is not None  # noqa: S101 - started with a pipe
    deadline = time.monotonic() + patience_s
    left = memoryview(json.dumps(call).encode() + b"\n")
    while left:
        wait_s = max(0.0, deadline - time.monotonic())
        if not select.select([], [process.stdin], [], wait_s)[1]:
            raise EnvironmentDied(f"no event was taken within {patience_s:g} s")
        try:
            left = left[os.write(process.stdin.fileno(), left) :]
        except BlockingIOError:
            continue
        except BrokenPipeError:
            raise EnvironmentDied("the process is gone") from None


def _read_line(process: subprocess.Popen[bytes], patience_s: float) -> dict[str, Any]:
    """The next line the child says. Raises `EnvironmentDied` on its end or on ours."""
    assert process.stdout is not None  # noqa: S101 - started with a pipe
    deadline = time.monotonic() + patience_s
    line = b""
    while not line.endswith(b"\n"):
        left = max(0.0, deadline - time.monotonic())
        if not select.select([process.stdout], [], [], left)[0]:
            raise EnvironmentDied(f"no answer within {patience_s:g} s: the process was ended")
        piece = os.read(process.stdout.fileno(), 65536)
        if not piece:
            raise EnvironmentDied("the process ended without an answer")
        line += piece
    told: dict[str, Any] = json.loads(line)
    return told
