"""The metrics that the code emits itself, by name, as CloudWatch has them."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.topology import WORKERS

# Also in `mammothbox/observability.py`, which CDK has no reason to import.
NAMESPACE = "MammothBox"
# Nine of ten are not enough: 95 % of what comes in is ready within this.
OBJECTIVE_S = 60
_MINUTES = Duration.minutes(5)


def own(
    name: str, statistic: str, label: str | None = None, **dimensions: str
) -> cloudwatch.Metric:
    """A metric of ours."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        statistic=statistic,
        period=_MINUTES,
        label=label,
        dimensions_map=dimensions or None,
    )


def time_to_ready() -> cloudwatch.Metric:
    """How long 95 % take at most from their bytes' arrival until they have settled."""
    return own("ingest.time_to_ready", "p95")


def by_queue(name: str, statistic: str) -> list[cloudwatch.IMetric]:
    """A metric that has a value for each queue."""
    return [own(name, statistic, w.name, queue=w.name) for w in WORKERS]


def by_stage(name: str, statistic: str) -> list[cloudwatch.IMetric]:
    """A metric that has a value for each stage."""
    return [own(name, statistic, w.name, stage=w.name) for w in WORKERS]


def requests() -> list[cloudwatch.IMetric]:
    """Uploads and ingests asked for, by what was answered."""
    return [own("ingest.requests", "Sum", s, status=s) for s in ("201", "202", "422", "500")]
