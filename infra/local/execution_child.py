"""The inside of an execution environment: answers events line by line until its parent is gone."""

from __future__ import annotations

import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from infra.local.environment import ACCOUNT, REGION


@dataclass(frozen=True)
class Context:
    """Lambda's context, as far as Python functions can see it."""

    aws_request_id: str
    deadline: float
    function_name: str = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "function")
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
    identity: None = None
    client_context: None = None

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        return f"local/[$LATEST]{os.getpid()}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - time.monotonic()) * 1000))


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes from and to the parent, out of reach of the handler and of what it starts.

    What a handler prints goes to the log, and a program it runs has nothing to read.
    """
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return calls, answers


def _read_ahead(pipe: BinaryIO, calls: queue.SimpleQueue[bytes]) -> None:
    """Read ahead, so that the parent's end is noticed even while the handler is busy."""
    for line in pipe:
        calls.put(line)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _answer(handler: Callable[[Any, Any], Any], call: dict[str, Any]) -> dict[str, Any]:
    context = Context(call["request_id"], time.monotonic() + call["timeout_s"])
    try:
        # Through JSON, as Lambda does: what cannot be written is the handler's error.
        return {"answer": json.loads(json.dumps(handler(call["event"], context)))}
    except Exception as error:
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


def main(dotted: str) -> None:
    """Import the handler, say so, and answer."""
    pipe, answers = _take_pipes()
    calls: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read_ahead, args=[pipe, calls], daemon=True).start()
    module, _, name = dotted.rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    answers.write(b'{"ready": true}\n')
    while True:
        answer = _answer(handler, json.loads(calls.get()))
        answers.write(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1])
