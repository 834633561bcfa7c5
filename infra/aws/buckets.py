"""The two buckets, and what a change in one of them sets off.

Events go by the bucket's own configuration, and not by CDK's helper: that deploys a function.
"""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.aws.settings import Settings
from infra.topology import EVENT_PREFIXES

# A day longer than the janitor waits, which knows which uploads are still wanted.
_ABANDONED = Duration.days(8)
_SELDOM = s3.StorageClass.INFREQUENT_ACCESS
_SELDOM_AFTER = Duration.days(30)
_LOGS_KEPT = Duration.days(90)
# Where the console is: its address is not known before it has been built.
_CONSOLE = "https://*.cloudfront.net"


class Buckets(Construct):
    """`raw`, which raises events and is never rewritten, and `library`, which raises none."""

    def __init__(self, scope: Construct, name: str, *, settings: Settings) -> None:
        super().__init__(scope, name)
        self._settings = settings
        logs = self._bucket(
            "AccessLogs",
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[s3.LifecycleRule(expiration=_LOGS_KEPT)],
        )
        self.access_logs = logs
        # A version of an original never expires.
        self.raw = self._bucket(
            "Raw",
            versioned=True,
            server_access_logs_bucket=logs,
            server_access_logs_prefix="raw/",
            cors=[
                self._browsers(
                    s3.HttpMethods.GET, s3.HttpMethods.HEAD, s3.HttpMethods.POST, s3.HttpMethods.PUT
                )
            ],
            lifecycle_rules=[
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=_ABANDONED),
                s3.LifecycleRule(
                    transitions=[
                        s3.Transition(storage_class=_SELDOM, transition_after=_SELDOM_AFTER)
                    ],
                    noncurrent_version_transitions=[
                        s3.NoncurrentVersionTransition(
                            storage_class=_SELDOM, transition_after=_SELDOM_AFTER
                        )
                    ],
                ),
            ],
        )
        self.library = self._bucket(
            "Library",
            server_access_logs_bucket=logs,
            server_access_logs_prefix="library/",
            cors=[self._browsers(s3.HttpMethods.GET, s3.HttpMethods.HEAD)],
            lifecycle_rules=[s3.LifecycleRule(abort_incomplete_multipart_upload_after=_ABANDONED)],
        )

    def raise_events(self, queue: sqs.Queue) -> None:
        """Tell `queue` of every object that is put below the prefixes of the topology."""
        stack = Stack.of(self)
        queue.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("s3.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[queue.queue_arn],
                # Not the bucket's name: each would have to be there before the other.
                conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
            )
        )
        bucket = self.raw.node.default_child
        assert isinstance(bucket, s3.CfnBucket)  # noqa: S101 - that is what it is made of
        bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            queue_configurations=[
                s3.CfnBucket.QueueConfigurationProperty(
                    event="s3:ObjectCreated:*", queue=queue.queue_arn, filter=_below(prefix)
                )
                for prefix in EVENT_PREFIXES
            ]
        )
        # S3 asks the queue when it is configured.
        policy = queue.node.find_child("Policy")
        bucket.node.add_dependency(policy)

    def _bucket(self, name: str, **properties: object) -> s3.Bucket:
        return s3.Bucket(
            self,
            name,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            removal_policy=RemovalPolicy.RETAIN
            if self._settings.keep_objects
            else RemovalPolicy.DESTROY,
            **properties,  # type: ignore[arg-type]
        )

    def _origins(self) -> list[str]:
        named = list(self._settings.api.cors_origins)
        # A rule has to name one, even where there is no console.
        return [*named, _CONSOLE] if self._settings.api.console or not named else named

    def _browsers(self, *methods: s3.HttpMethods) -> s3.CorsRule:
        return s3.CorsRule(
            allowed_methods=list(methods),
            allowed_origins=self._origins(),
            allowed_headers=["*"],
            exposed_headers=["ETag"],
        )


def _below(prefix: str) -> s3.CfnBucket.NotificationFilterProperty:
    return s3.CfnBucket.NotificationFilterProperty(
        s3_key=s3.CfnBucket.S3KeyFilterProperty(
            rules=[s3.CfnBucket.FilterRuleProperty(name="prefix", value=prefix)]
        )
    )
