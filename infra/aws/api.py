"""What clients talk to: the API and search behind one gateway, and the console."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra.aws.console import Console
from infra.aws.environment import ENVIRONMENTS
from infra.aws.firewall import Firewall
from infra.aws.function import Function, Outline
from infra.aws.gateway import Gateway, stage_arn
from infra.aws.pipeline import PipelineStack
from infra.topology import API, SEARCH, Api

# The roles that each connects as.
_ROLES = {API.name: (API.database_role, "operator"), SEARCH.name: (SEARCH.database_role,)}


class ApiStack(Stack):
    """The functions before clients."""

    def __init__(self, scope: Construct, name: str, *, pipeline: PipelineStack) -> None:
        super().__init__(scope, name)
        settings = pipeline.around.settings
        self.functions = {api.name: self._function(api, pipeline) for api in (API, SEARCH)}
        self.gateway = Gateway(
            self,
            "Gateway",
            context=pipeline.around.context,
            settings=settings,
            functions={name: one.alias for name, one in self.functions.items()},
        )
        rest = self.gateway.rest
        if settings.api.firewall:
            firewall = Firewall(
                self,
                "Firewall",
                stage_arn=stage_arn(self, rest),
                requests_a_second=settings.api.requests_a_second,
            )
            firewall.node.add_dependency(rest.deployment_stage)
        CfnOutput(self, "ApiId", value=rest.rest_api_id)
        CfnOutput(self, "ApiUrl", value=rest.url)
        if settings.api.console:
            console = Console(
                self,
                "Console",
                settings=settings,
                rest=rest,
                buckets=pipeline.buckets,
            )
            address = f"https://{console.distribution.distribution_domain_name}"
            CfnOutput(self, "Address", value=address)

    def _function(self, api: Api, pipeline: PipelineStack) -> Function:
        return Function(
            self,
            api.name.capitalize(),
            around=pipeline.around,
            outline=Outline(
                name=api.name,
                handler=api.handler,
                timeout_s=api.timeout_s,
                memory_mb=api.memory_mb,
                with_catalogue=True,
                at_once=pipeline.around.settings.api.most_at_once[api.name],
            ),
            environment=ENVIRONMENTS[api.name](self, pipeline.surface),
            statements=pipeline.statements(api.name, *_ROLES[api.name]),
        )
