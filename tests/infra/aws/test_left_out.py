"""What the LocalStack context does without, so that nobody takes it for proved there."""

from __future__ import annotations

from tests.infra.aws.deployment import Deployment

# Every kind of resource that only AWS itself shows, by what stands in for it, or why nothing does.
LEFT_OUT = {
    "the database is the embedded Postgres": {
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBParameterGroup",
        "AWS::RDS::DBSubnetGroup",
        "AWS::SecretsManager::Secret",
        "AWS::SecretsManager::SecretTargetAttachment",
    },
    "functions are processes or containers without a network of their own": {
        "AWS::EC2::FlowLog",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCEndpoint",
    },
    "custom resources do not run there: `make localstack` invokes the migrations": {
        "Custom::CDKBucketDeployment",
        "Custom::Trigger",
    },
    "every function is a zip with all that it needs": {
        "AWS::Lambda::LayerVersion",
    },
    "without a release in steps": {
        "AWS::CodeDeploy::Application",
        "AWS::CodeDeploy::DeploymentGroup",
        "AWS::Lambda::Alias",
        "AWS::Lambda::Version",
    },
    "not in the free edition": {
        "AWS::CloudFront::Distribution",
        "AWS::CloudFront::OriginAccessControl",
        "AWS::CloudFront::ResponseHeadersPolicy",
        "AWS::CloudWatch::Dashboard",
        "AWS::WAFv2::WebACL",
        "AWS::WAFv2::WebACLAssociation",
    },
}


def test_every_kind_of_resource_that_localstack_does_without_is_known(
    deployments: dict[str, Deployment],
) -> None:
    kinds = {name: {one.type for one in found.resources} for name, found in deployments.items()}
    there = kinds.pop("localstack")

    left_out = set().union(*kinds.values()) - there

    listed = [kind for several in LEFT_OUT.values() for kind in several]
    assert sorted(left_out) == sorted(listed)
