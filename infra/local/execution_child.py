"""The inside of an execution environment: answers events line by line until its parent is gone."""

from __future__ import annotations

import importlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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


def _calls(calls: queue.SimpleQueue[bytes]) -> None:
    """Read ahead, so that the parent's end is noticed even while the handler is busy."""
    for line in sys.stdin.buffer:
        calls.put(line)
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
    # The handler's prints go to the log; this pipe is for answers only.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    calls: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_calls, args=[calls], daemon=True).start()
    module, _, name = dotted.rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    answers.write(b'{"ready": true}\n')
    while True:
        answer = _answer(handler, json.loads(calls.get()))
        answers.write(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1])
