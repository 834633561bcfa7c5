"""A function's process: it answers, raises, dies, hangs, and is gone afterwards."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.localstack.executor.runtime_api import Invocation, deadline_in
from infra.localstack.executor.sandbox import Answer, DidNotStart, Sandbox

# What a runtime client does, in a few lines.
_RUNTIME = """
import http.client, json, os, subprocess, sys, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def call(method, path, body=None):
    api.request(method, "/2018-06-01/runtime/" + path, body)
    answer = api.getresponse()
    return answer.headers, answer.read()
if os.environ.get("BROKEN") == "error":
    call("POST", "init/error", json.dumps({"errorType": "ImportError"}))
if os.environ.get("BROKEN"):
    sys.exit(7)
while True:
    headers, event = call("GET", "invocation/next")
    event, request_id = json.loads(event), headers["Lambda-Runtime-Aws-Request-Id"]
    print("asked", event, flush=True)
    if event == "die":
        sys.exit(3)
    if event == "hang":
        subprocess.Popen(["sleep", "600"])
        time.sleep(600)
    outcome = "error" if event == "raise" else "response"
    call("POST", f"invocation/{request_id}/{outcome}", json.dumps([event, os.getpid()]))
    print("answered", flush=True)
"""


@contextmanager
def started(folder: Path, **environment: str) -> Iterator[Sandbox]:
    sandbox = Sandbox(
        [sys.executable, "-c", _RUNTIME],
        environment,
        code=folder,
        log=folder / "log",
        patience_s=30,
    )
    with ExitStack() as stack:
        stack.callback(sandbox.end)
        yield sandbox


def ask(sandbox: Sandbox, event: str, timeout_s: float = 30) -> Answer:
    body = json.dumps(event).encode()
    invocation = Invocation(f"id-{event}", body, "arn:f", "", deadline_in(timeout_s))
    return sandbox.invoke(invocation, timeout_s)


def said(answer: Answer) -> Any:
    return json.loads(answer.body)


def test_one_process_answers_one_event_after_the_other(tmp_path: Path) -> None:
    with started(tmp_path) as sandbox:
        first, second, third = (ask(sandbox, event) for event in ("a", "raise", "b"))

        assert [said(one)[0] for one in (first, second, third)] == ["a", "raise", "b"]
        assert [one.is_error for one in (first, second, third)] == [False, True, False]
        assert len({said(one)[1] for one in (first, second, third)}) == 1
        # Each with all that was printed for it, and nothing else.
        assert second.log == "asked raise\nanswered\n"
        assert sandbox.lives


def test_a_process_that_dies_is_an_error_that_says_so(tmp_path: Path) -> None:
    with started(tmp_path) as sandbox:
        answer = ask(sandbox, "die")

        assert (answer.is_error, answer.log) == (True, "asked die\n")
        assert said(answer)["errorType"] == "Runtime.ExitError"
        assert said(answer)["errorMessage"].endswith("status 3")
        assert not sandbox.lives


def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    with started(tmp_path) as sandbox:
        answer = ask(sandbox, "hang", timeout_s=0.5)

        assert said(answer)["errorType"] == "Sandbox.Timedout"
        assert not sandbox.lives
        _, alive = psutil.wait_procs(_working_in(tmp_path), timeout=5)
        assert alive == []


@pytest.mark.parametrize(
    ("broken", "kind"), [("error", "ImportError"), ("exit", "Runtime.ExitError")]
)
def test_one_that_does_not_load_says_why(tmp_path: Path, broken: str, kind: str) -> None:
    with pytest.raises(DidNotStart) as refused, started(tmp_path, BROKEN=broken):
        pass

    assert json.loads(refused.value.error)["errorType"] == kind
    assert _working_in(tmp_path) == []


def _working_in(folder: Path) -> list[psutil.Process]:
    found = psutil.process_iter(["cwd", "status"])
    return [
        process
        for process in found
        if process.info["cwd"] == str(folder) and process.info["status"] != psutil.STATUS_ZOMBIE
    ]
