"""Encryption, privacy, safety and watchfulness, resource by resource."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mammothbox.catalog.connection import IDLE_S
from mammothbox.settings import WorkerSettings
from mammothbox.web.problems import Problem

from infra.aws.connections import KEPT_FREE
from infra.aws.settings import read
from tests.infra.aws.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

# What LocalStack has not, or what it would pass over in silence.
NOT_IN_LOCALSTACK = {
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::CloudWatch::Dashboard",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::EC2::FlowLog",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::Lambda::Alias",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Version",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBSubnetGroup",
    "AWS::SecretsManager::Secret",
    "AWS::SecretsManager::SecretTargetAttachment",
    "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
    "Custom::CDKBucketDeployment",
    "Custom::Trigger",
}


def types(deployment: Deployment) -> set[str]:
    return {one.type for one in deployment.resources}


def test_localstack_leaves_out_what_it_is_known_to(deployments: dict[str, Deployment]) -> None:
    assert types(deployments["prod"]) - types(deployments["localstack"]) == NOT_IN_LOCALSTACK
    assert types(deployments["localstack"]) <= types(deployments["prod"])


def test_nothing_is_public_and_nothing_travels_or_lies_in_the_clear(
    deployment: Deployment,
) -> None:
    for bucket in deployment.of("AWS::S3::Bucket"):
        assert {*bucket.properties["PublicAccessBlockConfiguration"].values()} == {True}
        assert "BucketEncryption" in bucket.properties
    for queue in deployment.of("AWS::SQS::Queue"):
        assert queue.properties["SqsManagedSseEnabled"] is True
    for kind, policy, key in (
        ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "Bucket"),
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues"),
        ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics"),
    ):
        closed = {
            name
            for one in deployment.of(policy)
            if refuses_plain_text(one.properties["PolicyDocument"])
            for name in as_list(one.properties[key])
        }
        assert {f"<{one.name}>" for one in deployment.of(kind)} <= closed


def refuses_plain_text(document: dict[str, Any]) -> bool:
    return any(
        statement["Effect"] == "Deny"
        and statement.get("Condition", {}).get("Bool") == {"aws:SecureTransport": "false"}
        for statement in document["Statement"]
    )


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_originals_never_expire_and_abandoned_parts_do(deployment: Deployment) -> None:
    raw = next(
        b
        for b in deployment.of("AWS::S3::Bucket")
        if "VersioningConfiguration" in b.raw["Properties"]
    )
    rules = raw.properties["LifecycleConfiguration"]["Rules"]

    assert not [key for rule in rules for key in rule if "Expiration" in key]
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    assert any("Transitions" in rule and "NoncurrentVersionTransitions" in rule for rule in rules)


def test_there_is_no_way_out_of_the_vpc(prod: Deployment) -> None:
    assert not types(prod) & {"AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::EC2::EIP"}
    endpoints = {
        (one.properties["VpcEndpointType"], one.properties["ServiceName"].rpartition(".")[2])
        for one in prod.of("AWS::EC2::VPCEndpoint")
    }
    assert endpoints == {
        ("Gateway", "s3"),
        ("Interface", "sqs"),
        ("Interface", "events"),
        ("Interface", "secretsmanager"),
    }


@pytest.mark.parametrize("context", ["dev", "prod"])
def test_the_database_is_private_encrypted_backed_up_and_has_connections_enough(
    context: str, deployments: dict[str, Deployment]
) -> None:
    deployment = deployments[context]
    (database,) = deployment.of("AWS::RDS::DBInstance")
    (parameters,) = deployment.of("AWS::RDS::DBParameterGroup")
    there = int(parameters.properties["Parameters"]["max_connections"])
    asked = 0
    for function in deployment.functions().values():
        variables = function.properties["Environment"]["Variables"]
        each = sum(name in variables for name in ("DATABASE_URL", "OPERATOR_DATABASE_URL"))
        asked += each * at_once(deployment, function.name, function.properties)

    assert database.properties["StorageEncrypted"] is True
    assert database.properties["PubliclyAccessible"] is False
    assert database.properties["EnableIAMDatabaseAuthentication"] is True
    assert database.properties["BackupRetentionPeriod"] >= 7
    assert database.properties["DeletionProtection"] is (context == "prod")
    assert database.properties["MultiAZ"] is (context == "prod")
    assert parameters.properties["Parameters"]["rds.force_ssl"] == "1"
    assert 0 < asked <= there - KEPT_FREE
    # Where a release goes in steps, two versions hold theirs at once.
    assert 2 * asked <= there - KEPT_FREE or read(context).release != "canary"
    # Nobody uses a connection that the server has given up.
    dropped_ms = int(parameters.properties["Parameters"]["idle_session_timeout"])
    assert IDLE_S * 1000 < dropped_ms <= 60_000


def at_once(deployment: Deployment, name: str, properties: dict[str, Any]) -> int:
    for mapping in deployment.of("AWS::Lambda::EventSourceMapping"):
        if deployment.function_behind(mapping.properties["FunctionName"]).name == name:
            return int(mapping.properties["ScalingConfig"]["MaximumConcurrency"])
    return int(properties["ReservedConcurrentExecutions"])


def test_every_function_is_traced_logs_for_a_while_and_outlives_no_lease(
    deployment: Deployment,
) -> None:
    kept = {f"<{one.name}>": one.properties for one in deployment.of("AWS::Logs::LogGroup")}
    for name, function in deployment.functions().items():
        assert function.properties["TracingConfig"] == {"Mode": "Active"}, name
        assert kept[function.properties["LoggingConfig"]["LogGroup"]]["RetentionInDays"] > 0
        variables = function.properties["Environment"]["Variables"]
        if "FUNCTION_TIMEOUT_S" in variables:
            settings = WorkerSettings(
                function_timeout_s=int(variables["FUNCTION_TIMEOUT_S"]),
                max_receives=int(variables["MAX_RECEIVES"]),
            )
            assert function.properties["Timeout"] < settings.lease_s
    assert all(one.get("RetentionInDays") for one in kept.values())


@pytest.mark.parametrize("context", ["dev", "prod"])
def test_whoever_wakes_a_function_wakes_its_alias_and_its_troubles_ring(
    context: str, deployments: dict[str, Deployment]
) -> None:
    deployment = deployments[context]
    aliases = {one.properties["FunctionName"]: one for one in deployment.of("AWS::Lambda::Alias")}
    watched: dict[str, set[str]] = {}
    for alarm in deployment.of("AWS::CloudWatch::Alarm"):
        assert alarm.properties["AlarmActions"], alarm.name
        for dimension in alarm.properties.get("Dimensions", []):
            if dimension["Name"] == "FunctionName":
                names = watched.setdefault(dimension["Value"], set())
                names.add(alarm.properties["MetricName"])

    for name, function in deployment.functions().items():
        rings_for = watched[f"<{function.name}>"]
        assert rings_for >= {"Errors", "Duration"}
        # The clock goes on while a sweep of more than a minute keeps the next one out.
        once = function.properties.get("ReservedConcurrentExecutions") == 1
        assert ("Throttles" in rings_for) is not once
        if name == "migrate":
            continue
        alias = aliases[f"<{function.name}>"]
        stepwise = "CodeDeployLambdaAliasUpdate" in alias.raw.get("UpdatePolicy", {})
        assert stepwise is (read(context).release == "canary")
    for group in deployment.of("AWS::CodeDeploy::DeploymentGroup"):
        assert group.properties["AutoRollbackConfiguration"]["Enabled"] is True
        assert group.properties["AlarmConfiguration"]["Alarms"]


@pytest.mark.parametrize("context", ["dev", "prod"])
def test_migrations_run_before_any_other_function_gets_new_code(
    context: str, deployments: dict[str, Deployment]
) -> None:
    deployment = deployments[context]
    (trigger,) = deployment.of("Custom::Trigger")
    migrate = deployment.functions()["migrate"]
    # Another stack refers to the database's, and so is deployed after it.
    assert trigger.name.partition(".")[0] == migrate.name.partition(".")[0]
    version = deployment.get(trigger.properties["HandlerArn"].strip("<>"))
    assert version.properties["FunctionName"] == f"<{migrate.name}>"


def test_what_the_gateway_says_by_itself_has_the_shape_of_every_error(
    deployment: Deployment,
) -> None:
    said = deployment.of("AWS::ApiGateway::GatewayResponse")

    assert {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED", "INTEGRATION_TIMEOUT"} <= {
        one.properties["ResponseType"] for one in said
    }
    for one in said:
        header = one.properties["ResponseParameters"]["gatewayresponse.header.Content-Type"]
        assert header == "'application/problem+json'"
        for template in one.properties["ResponseTemplates"].values():
            body = json.loads(template)
            if one.properties["ResponseType"].startswith("DEFAULT_"):
                body["status"] = 400
            assert {*Problem.model_validate(body).model_dump()} == {*body}


def test_the_firewall_looks_at_addresses_alone_and_asks_the_busiest_to_wait(
    prod: Deployment,
) -> None:
    """Nothing that a client says counts: not its bodies or searches, nor whom it forwards for."""
    (acl,) = prod.of("AWS::WAFv2::WebACL")
    limit, addresses = acl.properties["Rules"]
    (rate,) = limit["Statement"].values()
    (listed,) = addresses["Statement"].values()
    (stage,) = prod.of("AWS::ApiGateway::Stage")
    whole = stage.properties["MethodSettings"][0]["ThrottlingRateLimit"]
    answer = limit["Action"]["Block"]["CustomResponse"]
    body = acl.properties["CustomResponseBodies"][answer["CustomResponseBodyKey"]]
    said = Problem.model_validate_json(body["Content"])

    assert listed["Name"] == "AWSManagedRulesAmazonIpReputationList"
    assert rate["AggregateKeyType"] == "IP"
    assert rate["Limit"] == whole * rate["EvaluationWindowSec"] / 2
    assert answer["ResponseCode"] == said.status == 429
    assert said.code == "too_many_requests"


def test_the_gateway_throttles_logs_and_traces(deployment: Deployment) -> None:
    (stage,) = deployment.of("AWS::ApiGateway::Stage")
    (every,) = stage.properties["MethodSettings"]

    assert every["ThrottlingRateLimit"] > 0
    assert every["ThrottlingBurstLimit"] > 0
    assert every["DataTraceEnabled"] is False
    assert stage.properties["TracingEnabled"] is True
    assert stage.properties["AccessLogSetting"]["DestinationArn"]
