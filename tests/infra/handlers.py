"""Tiny Lambda functions for the tests of what runs them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any


def answer(event: Any, context: Any) -> Any:
    """Echo the event, and what the context says."""
    print("this goes to the log")
    return {
        "event": event,
        "pid": os.getpid(),
        "name": context.function_name,
        "memory": context.memory_limit_in_mb,
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "left": context.get_remaining_time_in_millis(),
    }


def by_event(event: Any, context: Any) -> Any:
    """Do what the event, or else the first message of the batch, says."""
    wish = event.get("wish") or event["Records"][0]["body"]
    if wish == "raise":
        raise ValueError("as you wish")
    if wish == "crash":
        os._exit(3)
    if wish == "sleep":
        time.sleep(60)
    if wish == "have a child":
        return {"child": subprocess.Popen(["sleep", "60"]).pid}
    if wish == "let a child read":
        reader = [sys.executable, "-c", "print(open(0).read())"]
        return {"read": subprocess.check_output(reader, text=True)}
    if wish == "no json":
        return object()
    if "Records" in event:
        bad = [r["messageId"] for r in event["Records"] if r["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in bad]}
    return {"size": len(str(event))}
