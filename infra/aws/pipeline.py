"""Buckets, queues and workers, as the topology says, and the janitor's clock."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.aws import environment
from infra.aws.buckets import Buckets
from infra.aws.catalogue import Catalogue
from infra.aws.environment import Surface
from infra.aws.function import Function, Outline, Surroundings
from infra.aws.queued_worker import QueuedWorker, queue_statements
from infra.aws.rights import RIGHTS, Bucket
from infra.topology import JANITOR, WORKERS, Worker


class PipelineStack(Stack):
    """What happens between an upload and a library."""

    def __init__(
        self, scope: Construct, name: str, *, around: Surroundings, catalogue: Catalogue
    ) -> None:
        super().__init__(scope, name)
        self.around = around
        self.buckets = Buckets(self, "Buckets", settings=around.settings)
        self.bus = events.EventBus(self, "Bus", description="What became of assets and schemas")
        self.workers = {
            worker.name: QueuedWorker(
                self, worker.name.capitalize(), worker=worker, alarms=around.alarms
            )
            for worker in WORKERS
        }
        self.buckets.raise_events(self.workers["intake"].queue)
        self.surface = self._surface(catalogue)
        self.functions = [self._run(worker) for worker in WORKERS]
        self.functions.append(self._janitor())
        for output, value in (
            ("RawBucket", self.buckets.raw.bucket_name),
            ("LibraryBucket", self.buckets.library.bucket_name),
        ):
            CfnOutput(self, output, value=value)

    def statements(self, name: str, *roles: str) -> list[iam.PolicyStatement]:
        """What the function of that name may do, and connect as these roles."""
        rights = RIGHTS[name]
        found = [
            *(self.surface.catalogue.lets_in(self, *roles) if roles else []),
            *_on_bucket(self.buckets.raw, rights.raw),
            *_on_bucket(self.buckets.library, rights.library),
            *queue_statements(
                self.workers,
                wakes=rights.wakes,
                looks_after_queues=rights.looks_after_queues,
                looks_after_dead_letters=rights.looks_after_dead_letters,
            ),
        ]
        if rights.publishes:
            found.append(
                iam.PolicyStatement(
                    actions=["events:PutEvents"], resources=[self.bus.event_bus_arn]
                )
            )
        return found

    def _surface(self, catalogue: Catalogue) -> Surface:
        captions = self.around.settings.captions
        key = None
        if captions is not None:
            key = secretsmanager.Secret(
                self,
                "CaptionerKey",
                description="MammothBox: the key to the captioner; put it here by hand",
                removal_policy=RemovalPolicy.DESTROY,
            )
        return Surface(
            catalogue=catalogue,
            raw=self.buckets.raw,
            library=self.buckets.library,
            queues={name: one.queue for name, one in self.workers.items()},
            dead_letters={name: one.dead_letters for name, one in self.workers.items()},
            bus=self.bus,
            captions=captions,
            captioner_key=key,
            cors_origins=self.around.settings.api.cors_origins,
        )

    def _run(self, worker: Worker) -> Function:
        roles = [worker.database_role] if worker.database_role else []
        statements = self.statements(worker.name, *roles)
        told = environment.of_worker(self, self.surface, worker)
        key = self.surface.captioner_key
        if key is not None and told.get("GEMINI_API_KEY") == key.secret_arn:
            reads = ["secretsmanager:GetSecretValue"]
            statements.append(iam.PolicyStatement(actions=reads, resources=[key.secret_arn]))
        return self.workers[worker.name].run(self.around, told, statements)

    def _janitor(self) -> Function:
        janitor = Function(
            self,
            "Janitor",
            around=self.around,
            outline=Outline(
                name=JANITOR.name,
                handler=JANITOR.handler,
                timeout_s=JANITOR.timeout_s,
                memory_mb=JANITOR.memory_mb,
                with_catalogue=True,
                # A sweep that is late would do the same as the next one.
                at_once=1,
            ),
            environment=environment.of_janitor(self, self.surface),
            statements=self.statements(JANITOR.name, JANITOR.database_role),
        )
        every = Duration.seconds(JANITOR.every_s)
        # A sweep that fails or is late is not repeated: the next one does the same. That is for
        # Lambda to know, which would go on for hours; the rule only hands over.
        janitor.alias.configure_async_invoke(max_event_age=every, retry_attempts=0)
        events.Rule(
            self,
            "Clock",
            schedule=events.Schedule.rate(every),
            targets=[targets.LambdaFunction(janitor.alias, retry_attempts=0)],
        )
        return janitor


def _on_bucket(bucket: s3.IBucket, wanted: Bucket | None) -> list[iam.PolicyStatement]:
    if wanted is None:
        return []
    statements = [
        iam.PolicyStatement(
            actions=list(objects.actions),
            resources=[bucket.arn_for_objects(prefix) for prefix in objects.prefixes],
        )
        for objects in wanted.objects
    ]
    if wanted.itself:
        statements.append(
            iam.PolicyStatement(actions=list(wanted.itself), resources=[bucket.bucket_arn])
        )
    return statements
