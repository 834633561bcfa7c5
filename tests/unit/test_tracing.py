"""What a trace tells, as the daemon of X-Ray would get it."""

from __future__ import annotations

import os
import subprocess
import sys

# In a process of its own, for tracing wraps every library that it knows.
_IN_LAMBDA = {
    "TRACING": "on",
    "LAMBDA_TASK_ROOT": "/var/task",
    "POWERTOOLS_SERVICE_NAME": "mammothbox",
    "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"
    ";Sampled=1",
}
_PROGRAM = """
from types import SimpleNamespace

from aws_xray_sdk.core import xray_recorder
from mammothbox.observability import traced


@traced
def handler(event, context):
    return {"body": '{"key": "mbx_a-new-key"}'}


xray_recorder.emitter = SimpleNamespace(send_entity=lambda entity: print(entity.serialize()))
assert handler({}, SimpleNamespace(function_name="api"))["body"]
"""


def test_what_is_answered_is_in_no_trace() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env={**os.environ, **_IN_LAMBDA},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert "## handler" in told
    assert "mbx_" not in told
