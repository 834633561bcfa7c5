"""A VPC with no way out: what the functions need of AWS has an endpoint in it."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.aws.settings import Network, Settings

_CIDR = "10.71.0.0/16"
POSTGRES = 5432
_HTTPS = 443

# Logs and traces leave through Lambda itself; a token for the database is signed in the function.
# S3 has a gateway, which costs nothing.
ENDPOINTS = {
    "Sqs": ec2.InterfaceVpcEndpointAwsService.SQS,
    "Events": ec2.InterfaceVpcEndpointAwsService.EVENTBRIDGE,
    # The migrations' password.
    "Secrets": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
}


class NetworkStack(Stack):
    """Two zones of isolated subnets, and the endpoints."""

    def __init__(
        self, scope: Construct, name: str, *, settings: Settings, network: Network
    ) -> None:
        super().__init__(scope, name)
        self.subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(_CIDR),
            max_azs=network.zones,
            nat_gateways=0,
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=20
                )
            ],
        )
        self.functions = ec2.SecurityGroup(
            self,
            "Functions",
            vpc=self.vpc,
            description="Functions with a way to the catalogue",
            allow_all_outbound=False,
        )
        self.functions.add_egress_rule(
            ec2.Peer.ipv4(_CIDR), ec2.Port.tcp(POSTGRES), "The catalogue"
        )
        self.functions.add_egress_rule(
            ec2.Peer.any_ipv4(),
            ec2.Port.tcp(_HTTPS),
            "Endpoints and the gateway to S3; nothing else is routed",
        )
        self._endpoints(network)
        self._refused_traffic(settings)

    def _endpoints(self, network: Network) -> None:
        self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        guard = ec2.SecurityGroup(
            self,
            "Endpoints",
            vpc=self.vpc,
            description="Endpoints of AWS services",
            allow_all_outbound=False,
        )
        guard.add_ingress_rule(self.functions, ec2.Port.tcp(_HTTPS), "The functions")
        subnets = self.vpc.isolated_subnets[: network.endpoint_zones]
        for name, service in ENDPOINTS.items():
            self.vpc.add_interface_endpoint(
                name,
                service=service,
                subnets=ec2.SubnetSelection(subnets=subnets),
                security_groups=[guard],
                open=False,
            )

    def _refused_traffic(self, settings: Settings) -> None:
        """What was turned away is worth a look; what passed would only cost."""
        group = logs.LogGroup(
            self,
            "RefusedTraffic",
            retention=logs.RetentionDays(settings.logs_kept),
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self, "FlowLogs", assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com")
        )
        self.vpc.add_flow_log(
            "Refused",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(group, role),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
        )
