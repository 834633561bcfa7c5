"""One function as AWS has it: code, role, log group, version, alias and alarms.

Its role allows what `rights.py` says and no more. What it is told is in `environment.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.aws.code import Coded, code_of
from infra.aws.deployables import Deployables
from infra.aws.metrics import namespace_of
from infra.aws.settings import Settings, Told

# Whatever has so little left will go beyond. Chores work on purpose until ten seconds are left.
_NEAR_S = 5
_CANARY = codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES


@dataclass(frozen=True)
class Place:
    """Where functions with a way to the catalogue stand."""

    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection
    guard: ec2.ISecurityGroup


@dataclass(frozen=True)
class Surroundings:
    """What every function is made with."""

    context: str
    settings: Settings
    told: Told
    deployables: Deployables
    place: Place | None
    alarms: sns.ITopic


@dataclass(frozen=True)
class Outline:
    """What the topology says of a function. `at_once` reserves so many environments.

    What only a deployment wakes is woken at its new version, and needs no alias.
    """

    name: str
    handler: str
    timeout_s: int
    memory_mb: int
    with_catalogue: bool
    at_once: int | None = None
    has_alias: bool = True


class Function(Construct):
    """A function, and `alias`, which whoever wakes it is pointed to."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        around: Surroundings,
        outline: Outline,
        environment: dict[str, str],
        statements: list[iam.PolicyStatement],
    ) -> None:
        super().__init__(scope, name)
        self.outline = outline
        self._around = around
        self.log_group = logs.LogGroup(
            self,
            "Log",
            retention=logs.RetentionDays(around.settings.logs_kept),
            removal_policy=RemovalPolicy.DESTROY,
        )
        place = around.place if outline.with_catalogue else None
        self.role = self._role(statements, in_vpc=place is not None)
        coded = code_of(
            self,
            name=outline.name,
            handler=outline.handler,
            settings=around.settings,
            told=around.told,
            deployables=around.deployables,
        )
        self.function = self._function(coded, environment, place)
        self.alias = self._alias()
        self.alarms = self._alarms()
        self._released_in_steps()

    def _role(self, statements: list[iam.PolicyStatement], *, in_vpc: bool) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                resources=[self.log_group.log_group_arn],
            )
        )
        if in_vpc:
            role.add_to_policy(
                iam.PolicyStatement(
                    actions=[
                        "ec2:AssignPrivateIpAddresses",
                        "ec2:CreateNetworkInterface",
                        "ec2:DeleteNetworkInterface",
                        "ec2:DescribeNetworkInterfaces",
                        "ec2:DescribeSubnets",
                        "ec2:UnassignPrivateIpAddresses",
                    ],
                    resources=["*"],
                )
            )
        for statement in statements:
            role.add_to_policy(statement)
        return role

    def _function(
        self, coded: Coded, environment: dict[str, str], place: Place | None
    ) -> lambda_.Function:
        outline, settings = self.outline, self._around.settings
        return lambda_.Function(
            self,
            "Function",
            code=coded.code,
            handler=coded.handler,
            runtime=coded.runtime,
            layers=list(coded.layers) or None,
            architecture=coded.architecture,
            description=f"MammothBox: {outline.name}",
            timeout=Duration.seconds(outline.timeout_s),
            memory_size=outline.memory_mb,
            reserved_concurrent_executions=outline.at_once,
            environment={
                **environment,
                **coded.environment,
                "TRACING": "on",
                "POWERTOOLS_METRICS_NAMESPACE": namespace_of(self._around.context),
            },
            role=self.role,
            log_group=self.log_group,
            tracing=lambda_.Tracing.ACTIVE,
            vpc=place.vpc if place else None,
            vpc_subnets=place.subnets if place else None,
            security_groups=[place.guard] if place else None,
            current_version_options=lambda_.VersionOptions(
                # An alias may have to go back to it.
                removal_policy=RemovalPolicy.RETAIN
                if settings.keep_objects
                else RemovalPolicy.DESTROY
            ),
        )

    def _alias(self) -> lambda_.IFunction:
        if self._around.settings.release == "latest" or not self.outline.has_alias:
            return self.function
        return lambda_.Alias(self, "Live", alias_name="live", version=self.function.current_version)

    def _alarms(self) -> list[cloudwatch.Alarm]:
        if not self._around.settings.watched:
            return []
        minutes = Duration.minutes(5)
        near_ms = (self.outline.timeout_s - _NEAR_S) * 1000
        watched = {
            "Errors": (self.function.metric_errors(period=minutes), 1, "It raised"),
            "Slow": (
                self.function.metric_duration(period=minutes, statistic="p99"),
                near_ms,
                "Its slowest come near its timeout",
            ),
        }
        # What runs once at a time turns the next one away whenever one takes long, as it may.
        if self.outline.at_once != 1:
            turned_away = self.function.metric_throttles(period=minutes)
            watched["Throttles"] = (turned_away, 1, "It was turned away")
        found = []
        for name, (metric, threshold, means) in watched.items():
            alarm = cloudwatch.Alarm(
                self,
                name,
                metric=metric,
                threshold=threshold,
                evaluation_periods=3,
                datapoints_to_alarm=2,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
                alarm_description=f"{self.outline.name}: {means}.",
            )
            found.append(alarm)
        tell(found, self._around.alarms)
        return found

    def _released_in_steps(self) -> None:
        """A tenth of the work first; when that fails, all of it goes back to the version before."""
        if self._around.settings.release != "canary" or not isinstance(self.alias, lambda_.Alias):
            return
        failing = cloudwatch.Alarm(
            self,
            "NewVersionFails",
            metric=self.alias.metric_errors(period=Duration.minutes(1)),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"{self.outline.name}: the alias raises; a release is taken back.",
        )
        tell([failing], self._around.alarms)
        codedeploy.LambdaDeploymentGroup(
            self,
            "Release",
            alias=self.alias,
            deployment_config=_CANARY,
            alarms=[failing],
            auto_rollback=codedeploy.AutoRollbackConfig(
                deployment_in_alarm=True, failed_deployment=True, stopped_deployment=True
            ),
        )


def tell(alarms: list[cloudwatch.Alarm], topic: sns.ITopic) -> None:
    """Let the topic know when one of them goes off, and when all is well again."""
    for alarm in alarms:
        alarm.add_alarm_action(actions.SnsAction(topic))
        alarm.add_ok_action(actions.SnsAction(topic))


def connects(scope: Construct, resource_id: str, *roles: str) -> iam.PolicyStatement:
    """Into the instance as these roles, by token."""
    arns = [
        Stack.of(scope).format_arn(
            service="rds-db",
            resource="dbuser",
            resource_name=f"{resource_id}/{role}",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        for role in roles
    ]
    return iam.PolicyStatement(actions=["rds-db:connect"], resources=arns)
