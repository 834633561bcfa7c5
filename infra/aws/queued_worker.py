"""A worker with its queue, its dead letters and the alarms of both."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.aws.function import Function, Outline, Surroundings, tell
from infra.topology import Worker

_KEPT = Duration.days(4)
# Time for somebody to come back from holidays.
_DEAD_LETTERS_KEPT = Duration.days(14)
# Ten times the objective for all of the way.
_OLD_S = 600
_MINUTE = Duration.minutes(1)
_CONSUMES = (
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
)


class QueuedWorker(Construct):
    """First the queues, since functions are told each other's; `run` adds the function."""

    def __init__(self, scope: Construct, name: str, *, worker: Worker, alarms: sns.ITopic) -> None:
        super().__init__(scope, name)
        self.worker = worker
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            retention_period=_DEAD_LETTERS_KEPT,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            visibility_timeout=Duration.seconds(worker.visibility_timeout_s),
            retention_period=_KEPT,
            receive_message_wait_time=Duration.seconds(20),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=worker.queue.max_receives
            ),
        )
        self.function: Function | None = None
        tell(self._alarms(), alarms)

    def run(
        self,
        around: Surroundings,
        environment: dict[str, str],
        statements: list[iam.PolicyStatement],
    ) -> Function:
        """Let the function work on the queue."""
        worker = self.worker
        consumes = iam.PolicyStatement(actions=list(_CONSUMES), resources=[self.queue.queue_arn])
        function = Function(
            self,
            "Function",
            around=around,
            outline=Outline(
                name=worker.name,
                handler=worker.handler,
                timeout_s=worker.timeout_s,
                memory_mb=worker.memory_mb,
                with_catalogue=worker.database_role is not None,
            ),
            environment=environment,
            statements=[*statements, consumes],
        )
        mapping = lambda_.EventSourceMapping(
            self,
            "Mapping",
            target=function.alias,
            event_source_arn=self.queue.queue_arn,
            batch_size=worker.queue.batch_size,
            max_batching_window=Duration.seconds(worker.queue.batch_window_s)
            if worker.queue.batch_window_s
            else None,
            max_concurrency=worker.queue.max_concurrency,
            report_batch_item_failures=True,
        )
        # Lambda asks whether the role may receive when the mapping is made.
        mapping.node.add_dependency(function.role)
        self.function = function
        return function

    def _alarms(self) -> list[cloudwatch.Alarm]:
        dead = cloudwatch.Alarm(
            self,
            "Dead",
            metric=self.dead_letters.metric_approximate_number_of_messages_visible(period=_MINUTE),
            threshold=0,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"{self.worker.name}: there are dead letters."
            f" GET /api/v1/admin/dlq/{self.worker.name} shows them.",
        )
        old = cloudwatch.Alarm(
            self,
            "Old",
            metric=self.queue.metric_approximate_age_of_oldest_message(period=_MINUTE),
            threshold=_OLD_S,
            evaluation_periods=3,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"{self.worker.name}: a message has waited for ten minutes.",
        )
        return [dead, old]


def queue_statements(
    queues: dict[str, QueuedWorker],
    *,
    wakes: tuple[str, ...],
    looks_after_queues: bool,
    looks_after_dead_letters: bool,
) -> list[iam.PolicyStatement]:
    """What a function may do with queues that are not its own."""
    statements = []
    if wakes:
        arns = [queues[name].queue.queue_arn for name in wakes]
        statements.append(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=arns))
    if looks_after_queues:
        arns = [one.queue.queue_arn for one in queues.values()]
        statements.append(iam.PolicyStatement(actions=["sqs:GetQueueAttributes"], resources=arns))
    if looks_after_dead_letters:
        arns = [one.dead_letters.queue_arn for one in queues.values()]
        # Whoever takes one away looks through the others, and puts those back.
        statements.append(iam.PolicyStatement(actions=list(_CONSUMES), resources=arns))
    return statements
