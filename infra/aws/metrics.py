"""The metrics that the code emits itself, by name, as CloudWatch has them."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.topology import WORKERS

# Nine of ten are not enough: 95 % of what comes in is ready within this.
OBJECTIVE_S = 60
_MINUTES = Duration.minutes(5)


def namespace_of(context: str) -> str:
    """Where a context's functions put their metrics: two may share an account."""
    return f"MammothBox/{context}"


@dataclass(frozen=True)
class Metrics:
    """Those of one context."""

    context: str

    def own(
        self, name: str, statistic: str, label: str | None = None, **dimensions: str
    ) -> cloudwatch.Metric:
        """A metric of ours."""
        return cloudwatch.Metric(
            namespace=namespace_of(self.context),
            metric_name=name,
            statistic=statistic,
            period=_MINUTES,
            label=label,
            dimensions_map=dimensions or None,
        )

    def time_to_ready(self) -> cloudwatch.Metric:
        """How long 95 % take at most from their bytes' arrival until they have settled."""
        return self.own("ingest.time_to_ready", "p95")

    def by_queue(self, name: str, statistic: str) -> list[cloudwatch.IMetric]:
        """A metric that has a value for each queue."""
        return [self.own(name, statistic, w.name, queue=w.name) for w in WORKERS]

    def by_stage(self, name: str, statistic: str) -> list[cloudwatch.IMetric]:
        """A metric that has a value for each stage."""
        return [self.own(name, statistic, w.name, stage=w.name) for w in WORKERS]

    def requests(self) -> list[cloudwatch.IMetric]:
        """Uploads and ingests asked for, by what was answered."""
        statuses = ("201", "202", "422", "500")
        return [self.own("ingest.requests", "Sum", s, status=s) for s in statuses]
