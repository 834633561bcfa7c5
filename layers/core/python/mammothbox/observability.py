"""Logs, metrics and traces: the one logger, the one set of metrics, and tracing when wanted.

Metric names are those of the design: `ingest.requests`, `ingest.latency`, `ingest.time_to_ready`,
`job.queue_depth`, `job.processing_time`, `job.dead_stages`, `caption.tokens`. They leave in
CloudWatch's embedded metric format, so they cost no call.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

# Unless another is told, since several systems may share an account.
NAMESPACE = "MammothBox"
Handler = TypeVar("Handler", bound=Callable[..., Any])

logger = Logger(
    service=os.environ.get("POWERTOOLS_SERVICE_NAME", "mammothbox"), serialize_stacktrace=False
)


def count(name: str, value: float = 1, **dimensions: str) -> None:
    """Emit a counter."""
    _emit(name, MetricUnit.Count, value, dimensions)


def record_milliseconds(name: str, value: float, **dimensions: str) -> None:
    """Emit a duration."""
    _emit(name, MetricUnit.Milliseconds, value, dimensions)


@contextmanager
def timed(name: str, **dimensions: str) -> Iterator[None]:
    """Emit how long the body took, however it ended."""
    began = time.perf_counter()
    try:
        yield
    finally:
        record_milliseconds(name, (time.perf_counter() - began) * 1000, **dimensions)


def _emit(name: str, unit: MetricUnit, value: float, dimensions: dict[str, str]) -> None:
    namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE)
    with single_metric(name=name, unit=unit, value=value, namespace=namespace) as metric:
        for dimension, of in dimensions.items():
            metric.add_dimension(name=dimension, value=of)


def traced(handler: Handler) -> Handler:
    """Trace `handler` with X-Ray where `TRACING=on`; elsewhere its SDK is never imported.

    What it answers stays out of the trace: new keys and signed addresses may be in it.
    """
    if os.environ.get("TRACING") != "on":
        return handler
    from aws_lambda_powertools import Tracer  # noqa: PLC0415 - 0.4 s nobody pays when it is off

    return cast("Handler", Tracer().capture_lambda_handler(handler, capture_response=False))
