"""One dashboard, and the alarms that belong to no single function or queue."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_rds as rds
from constructs import Construct

from infra.aws.connections import KEPT_FREE
from infra.aws.function import Function, tell
from infra.aws.metrics import OBJECTIVE_S, Metrics
from infra.aws.pipeline import PipelineStack
from infra.aws.settings import Settings

_MINUTES = Duration.minutes(5)
_GIGABYTE = 1024**3
# A fifth of a day's budget in five minutes is a runaway.
_RUNAWAY = 0.2
_WIDE = 24
_HALF = 12
_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


class ObservabilityStack(Stack):
    """What a person looks at, and what calls one."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        pipeline: PipelineStack,
        functions: list[Function],
        rest: apigateway.RestApi,
        instance: rds.DatabaseInstance | None,
    ) -> None:
        super().__init__(scope, name)
        settings = pipeline.around.settings
        self.metrics = metrics = Metrics(pipeline.around.context)
        self.alarms = [
            self._alarm(
                "Objective",
                metrics.time_to_ready(),
                OBJECTIVE_S * 1000,
                "more than 5 % of what came in was not ready within 60 seconds",
            ),
            self._alarm(
                "DeadStages",
                metrics.own("job.dead_stages", "Maximum"),
                0,
                "stages have spent their attempts: GET /api/v1/admin/queues",
                times=1,
            ),
            self._alarm("ApiFails", rest.metric_server_error(period=_MINUTES), 5, "the API fails"),
            *self._of_captions(settings),
            *self._of_database(settings, instance),
        ]
        tell(self.alarms, pipeline.around.alarms)
        self._dashboard(pipeline, functions, rest, instance)

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        means: str,
        *,
        times: int = 3,
        when: cloudwatch.ComparisonOperator = _ABOVE,
    ) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=times,
            comparison_operator=when,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"MammothBox: {means}.",
        )

    def _of_captions(self, settings: Settings) -> list[cloudwatch.Alarm]:
        if settings.captions is None:
            return []
        return [
            self._alarm(
                "CaptionSpending",
                self.metrics.own("caption.tokens", "Sum"),
                settings.captions.tokens_a_day * _RUNAWAY,
                "captions spend a day's budget within half an hour",
            )
        ]

    def _of_database(
        self, settings: Settings, instance: rds.DatabaseInstance | None
    ) -> list[cloudwatch.Alarm]:
        wanted = settings.database
        if instance is None or wanted is None:
            return []
        return [
            self._alarm(
                "Connections",
                instance.metric_database_connections(period=_MINUTES),
                wanted.max_connections - 2 * KEPT_FREE,
                "the database is short of connections",
            ),
            self._alarm(
                "Storage",
                instance.metric_free_storage_space(period=_MINUTES),
                wanted.storage_gb * _GIGABYTE / 10,
                "a tenth of the database's storage is left",
                when=_BELOW,
            ),
            self._alarm(
                "Cpu", instance.metric_cpu_utilization(period=_MINUTES), 90, "the database is busy"
            ),
        ]

    def _dashboard(
        self,
        pipeline: PipelineStack,
        functions: list[Function],
        rest: apigateway.RestApi,
        instance: rds.DatabaseInstance | None,
    ) -> None:
        board = cloudwatch.Dashboard(self, "Dashboard", default_interval=Duration.days(1))
        objective = cloudwatch.HorizontalAnnotation(
            value=OBJECTIVE_S * 1000, label="objective", color=cloudwatch.Color.RED
        )
        board.add_widgets(
            _graph("Ready within 60 s, 95 % of all", [self.metrics.time_to_ready()], [objective]),
            _graph("Requests to take something in", self.metrics.requests()),
        )
        board.add_widgets(
            _graph("Waiting, by queue", self.metrics.by_queue("job.queue_depth", "Maximum")),
            _graph("Work, p95 by stage (ms)", self.metrics.by_stage("job.processing_time", "p95")),
        )
        board.add_widgets(
            _graph("Answers to uploads, p95 (ms)", [self.metrics.own("ingest.latency", "p95")]),
            _graph(
                "Dead stages, and tokens for captions",
                [
                    self.metrics.own("job.dead_stages", "Maximum"),
                    self.metrics.own("caption.tokens", "Sum"),
                ],
            ),
        )
        board.add_widgets(
            _graph("Errors", [one.function.metric_errors() for one in functions]),
            _graph("Throttles", [one.function.metric_throttles() for one in functions]),
        )
        board.add_widgets(
            _graph("API, p95 (ms)", [rest.metric_latency(statistic="p95")]),
            _graph("API, errors", [rest.metric_client_error(), rest.metric_server_error()]),
        )
        dead = [
            one.dead_letters.metric_approximate_number_of_messages_visible(label=name)
            for name, one in pipeline.workers.items()
        ]
        board.add_widgets(_graph("Dead letters", dead, width=_WIDE))
        if instance is not None:
            board.add_widgets(
                _graph("Connections", [instance.metric_database_connections()]),
                _graph("CPU", [instance.metric_cpu_utilization()]),
            )


def _graph(
    title: str,
    shown: list[cloudwatch.IMetric] | list[cloudwatch.Metric],
    lines: list[cloudwatch.HorizontalAnnotation] | None = None,
    *,
    width: int = _HALF,
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title, left=list(shown), left_annotations=lines or [], width=width
    )
