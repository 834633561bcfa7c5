"""API Gateway before the functions: which path is whose, throttles, and errors in the one shape."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.aws.settings import Settings
from infra.topology import API, SEARCH

STAGE = "live"
MEDIA_TYPE = "application/problem+json"

# What API Gateway says by itself: status, code, and what to do about it. The first two are all
# that have no line of their own.
_PROBLEMS = {
    "DEFAULT_4XX": (None, "refused", "The request was refused before it was read."),
    "DEFAULT_5XX": (None, "unavailable", "The service does not answer; try again."),
    "INTEGRATION_TIMEOUT": (504, "timeout", "The answer took too long; try again."),
    "MISSING_AUTHENTICATION_TOKEN": (404, "not_found", "There is no such route: see /api/v1/docs."),
    "QUOTA_EXCEEDED": (429, "too_many_requests", "Too many requests; wait and try again."),
    "REQUEST_TOO_LARGE": (
        413,
        "body_too_large",
        "At most 4 MiB fit one request; announce larger files with POST /api/v1/uploads.",
    ),
    "THROTTLED": (429, "too_many_requests", "Too many requests; wait and try again."),
    "WAF_FILTERED": (403, "forbidden", "Requests from this address are turned away."),
}


class Gateway(Construct):
    """The REST API. Keys are checked by the functions behind it."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        context: str,
        settings: Settings,
        functions: Mapping[str, lambda_.IFunction],
    ) -> None:
        super().__init__(scope, name)
        self.access_log = logs.LogGroup(
            self,
            "AccessLog",
            retention=logs.RetentionDays(settings.logs_kept),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.rest = apigateway.RestApi(
            self,
            "Rest",
            # Its metrics go by this name, and another context may be in the account.
            rest_api_name=f"mammothbox-{context}",
            description="MammothBox",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            # Files come in forms; nothing may take their bytes for text.
            binary_media_types=["*/*"],
            cloud_watch_role=True,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                throttling_rate_limit=settings.api.requests_a_second,
                throttling_burst_limit=settings.api.burst,
                tracing_enabled=True,
                metrics_enabled=True,
                # Never bodies: they are clients' own.
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                data_trace_enabled=False,
                access_log_destination=apigateway.LogGroupLogDestination(self.access_log),
                access_log_format=apigateway.AccessLogFormat.json_with_standard_fields(
                    caller=False,
                    http_method=True,
                    ip=True,
                    protocol=True,
                    request_time=True,
                    resource_path=True,
                    response_length=True,
                    status=True,
                    user=False,
                ),
            ),
        )
        self._routes(functions)
        for kind, (status, code, detail) in _PROBLEMS.items():
            self._say(kind, status, code, detail, cross_origin=bool(settings.api.cors_origins))

    def _routes(self, functions: Mapping[str, lambda_.IFunction]) -> None:
        to = {
            name: apigateway.LambdaIntegration(function, allow_test_invoke=False)
            for name, function in functions.items()
        }
        _answer_all_below(self.rest.root, to[API.name])
        for path in SEARCH.paths:
            resource = self.rest.root
            for part in path.strip("/").split("/"):
                resource = resource.get_resource(part) or resource.add_resource(part)
            _answer_all_below(resource, to[SEARCH.name])
        # Beside a path of its own, whatever else begins like it is the API's.
        for path in sorted({_parent(path, depth) for path in SEARCH.paths for depth in (1, 2)}):
            beside = self.rest.root.resource_for_path(path)
            _answer_all_below(beside, to[API.name])

    def _say(
        self, kind: str, status: int | None, code: str, detail: str, *, cross_origin: bool
    ) -> None:
        headers = {"Content-Type": f"'{MEDIA_TYPE}'"}
        if cross_origin:
            # There is nothing in it that another site may not read.
            headers["Access-Control-Allow-Origin"] = "'*'"
        body: dict[str, object] = {
            "type": "about:blank",
            "title": code.replace("_", " ").capitalize(),
            "status": "$context.responseOverride.status" if status is None else status,
            "detail": detail,
            "code": code,
            "request_id": "$context.requestId",
            "errors": [],
        }
        apigateway.GatewayResponse(
            self,
            f"Says{kind.title().replace('_', '')}",
            rest_api=self.rest,
            type=apigateway.ResponseType.of(kind),
            status_code=None if status is None else str(status),
            response_headers=headers,
            templates={"application/json": json.dumps(body), MEDIA_TYPE: json.dumps(body)},
        )


def stage_arn(stack: Stack, rest: apigateway.RestApi) -> str:
    """What a firewall is put before."""
    return stack.format_arn(
        service="apigateway",
        account="",
        resource="/restapis",
        resource_name=f"{rest.rest_api_id}/stages/{rest.deployment_stage.stage_name}",
    )


def _answer_all_below(resource: apigateway.IResource, to: apigateway.LambdaIntegration) -> None:
    resource.add_method("ANY", to)
    resource.add_resource("{proxy+}").add_method("ANY", to)


def _parent(path: str, depth: int) -> str:
    return "/" + "/".join(path.strip("/").split("/")[:depth])
