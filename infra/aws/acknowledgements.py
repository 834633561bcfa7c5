"""What cdk-nag finds and we keep, each with its reason, on the very resources it is true of."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import Acknowledgment, App, CfnResource, Stack, Validations
from aws_cdk import aws_s3 as s3

from infra.aws.rights import RIGHTS

_KEYS = "Clients show API keys of ours, which the function looks up; health and docs are open."
_SPARE = "Nothing is lost: it is woken by its queue, which has dead letters, by a client, or again."
_SWEEP = "A sweep that is missed is made a minute later."
_CONSOLE = "The console's files are public, and the API behind it has its own firewall and log."
_RUNTIME = "The runtime that every dependency has wheels for; the lock says which."

# By CloudFormation's type, and there by rule.
BY_TYPE = {
    "AWS::ApiGateway::RestApi": {
        "AwsSolutions::AwsSolutions-APIG2": "The functions check requests, and say what is wrong.",
    },
    "AWS::ApiGateway::Stage": {
        "AwsSolutions::AwsSolutions-APIG3": "A firewall costs at rest; `api.firewall` builds one.",
    },
    "AWS::ApiGateway::Method": {
        "AwsSolutions::AwsSolutions-APIG4": _KEYS,
        "AwsSolutions::AwsSolutions-COG4": _KEYS,
    },
    "AWS::CloudFront::Distribution": {
        "AwsSolutions::AwsSolutions-CFR1": "Nobody is turned away for where they are.",
        "AwsSolutions::AwsSolutions-CFR2": _CONSOLE,
        "AwsSolutions::AwsSolutions-CFR3": _CONSOLE,
        "AwsSolutions::AwsSolutions-CFR4": "Newer TLS alone needs a domain and certificate first.",
    },
    "AWS::Lambda::Function": {
        "AwsSolutions::AwsSolutions-L1": _RUNTIME,
        "Serverless::Serverless-LambdaLatestVersion": _RUNTIME,
        "Serverless::Serverless-LambdaDLQ": _SPARE,
    },
    "AWS::Lambda::EventSourceMapping": {
        "Serverless::Serverless-LambdaEventSourceMappingDestination": (
            "SQS has none: what fails goes to the queue's dead letters."
        ),
    },
    "AWS::Events::Rule": {"Serverless::Serverless-EventBusDLQ": _SWEEP},
    "AWS::Lambda::EventInvokeConfig": {
        "Serverless::Serverless-LambdaAsyncFailureDestination": _SWEEP,
    },
    "AWS::RDS::DBInstance": {
        "AwsSolutions::AwsSolutions-RDS3": "A second zone doubles the cost; prod has it.",
        "AwsSolutions::AwsSolutions-RDS10": "What may be thrown away need not be kept; prod is.",
        "AwsSolutions::AwsSolutions-RDS11": "No port hides what only two security groups reach.",
    },
    "AWS::SecretsManager::Secret": {
        "AwsSolutions::AwsSolutions-SMG4": (
            "The captioner's key is its maker's to change; the owner's password serves"
            " migrations alone, and rotating it takes one more function beside the database."
        ),
    },
    "AWS::IAM::Role": {
        f"AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{policy}]": (
            "AWS's own service works with it, and its actions are AWS's to know."
        )
        for policy in (
            "service-role/AWSCodeDeployRoleForLambdaLimited",
            "service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        )
    },
}

# A queue that has dead letters needs none of its own.
_OF_DEAD_LETTERS = {
    "Serverless::Serverless-SQSRedrivePolicy": "These are the dead letters.",
}

# CDK's own function, which puts the console's files into their bucket.
_DELIVERY = (
    "CDK's own function runs at deployments alone, to put the console's files where they go."
)
_OF_DELIVERY = {
    "Serverless::Serverless-LambdaTracing": _DELIVERY,
    "AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/"
    "service-role/AWSLambdaBasicExecutionRole]": _DELIVERY,
    "AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::"
    "cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*]": _DELIVERY,
    **{
        f"AwsSolutions::AwsSolutions-IAM5[Action::s3:{action}]": _DELIVERY
        for action in ("Abort*", "DeleteObject*", "GetBucket*", "GetObject*", "List*")
    },
}

# The only actions that any role has on every resource: AWS knows no narrower ones.
ON_EVERYTHING = {
    "xray:PutTraceSegments": "X-Ray has no resources.",
    "xray:PutTelemetryRecords": "X-Ray has no resources.",
    "ec2:AssignPrivateIpAddresses": "Lambda puts the function into the VPC by its role.",
    "ec2:CreateNetworkInterface": "Lambda puts the function into the VPC by its role.",
    "ec2:DeleteNetworkInterface": "Lambda puts the function into the VPC by its role.",
    "ec2:DescribeNetworkInterfaces": "Lambda puts the function into the VPC by its role.",
    "ec2:DescribeSubnets": "Lambda puts the function into the VPC by its role.",
    "ec2:UnassignPrivateIpAddresses": "Lambda puts the function into the VPC by its role.",
}
_OBJECTS = "Objects come and go; what a function may touch is below this prefix."


def acknowledge(app: App, buckets: Stack, raw: s3.Bucket, library: s3.Bucket) -> None:
    """Tell cdk-nag of all of it. `buckets` is the stack that the two buckets are in."""
    for construct in app.node.find_all():
        if not isinstance(construct, CfnResource):
            continue
        kind = construct.cfn_resource_type
        found = dict(BY_TYPE.get(kind, {}))
        if kind == "AWS::SQS::Queue" and "DeadLetters" in construct.node.path:
            found |= _OF_DEAD_LETTERS
        if "CDKBucketDeployment" in construct.node.path:
            found |= dict(_of_delivery(construct.stack))
        if kind == "AWS::IAM::Policy":
            found |= dict(_wildcards(construct.stack, buckets, raw, library))
        if found:
            Validations.of(construct).acknowledge(
                *(Acknowledgment(id=rule, reason=reason) for rule, reason in found.items())
            )


def _of_delivery(stack: Stack) -> Iterator[tuple[str, str]]:
    yield from _OF_DELIVERY.items()
    files = stack.node.find_child("Console").node.find_child("Files").node.default_child
    assert isinstance(files, s3.CfnBucket)  # noqa: S101 - that is what it is made of
    where = f"<{stack.resolve(files.logical_id)}.Arn>"
    yield f"AwsSolutions::AwsSolutions-IAM5[Resource::{where}/*]", _DELIVERY


def _wildcards(
    stack: Stack, buckets: Stack, raw: s3.Bucket, library: s3.Bucket
) -> Iterator[tuple[str, str]]:
    rule = "AwsSolutions::AwsSolutions-IAM5"
    yield f"{rule}[Resource::*]", "; ".join(sorted(set(ON_EVERYTHING.values())))
    for bucket, prefixes in (
        (raw, _prefixes("raw")),
        (library, _prefixes("library")),
    ):
        where = _shown(stack, buckets, bucket)
        for prefix in prefixes:
            yield f"{rule}[Resource::{where}/{prefix}]", _OBJECTS


def _prefixes(bucket: str) -> set[str]:
    allowed = [getattr(rights, bucket) for rights in RIGHTS.values()]
    return {
        prefix
        for one in allowed
        if one is not None
        for objects in one.objects
        for prefix in objects.prefixes
    }


def _shown(stack: Stack, buckets: Stack, bucket: s3.Bucket) -> str:
    """A bucket's ARN as cdk-nag writes it: by its logical id, or by the name it is exported as."""
    if stack.node.path == buckets.node.path:
        child = bucket.node.default_child
        assert isinstance(child, s3.CfnBucket)  # noqa: S101 - that is what it is made of
        return f"<{buckets.resolve(child.logical_id)}.Arn>"
    exported = buckets.resolve(buckets.export_value(bucket.bucket_arn))
    return str(exported["Fn::ImportValue"])
