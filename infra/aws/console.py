"""CloudFront: one address for the console's files and, below `/api`, for the API."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from infra.aws.settings import REPOSITORY, Settings

_FILES = REPOSITORY / "clients" / "console"
_INDEX = "index.html"


class Console(Construct):
    """The distribution, and a bucket that only it reads. The files go there once there are any."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        rest: apigateway.RestApi,
        access_logs: s3.IBucket,
    ) -> None:
        super().__init__(scope, name)
        files = s3.Bucket(
            self,
            "Files",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix="console/",
            # The repository has what is in it.
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="MammothBox",
            default_root_object=_INDEX,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(files),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                response_headers_policy=cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS,
            ),
            additional_behaviors={
                "/api/*": cloudfront.BehaviorOptions(
                    origin=origins.RestApiOrigin(rest),
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                    origin_request_policy=(
                        cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER
                    ),
                )
            },
        )
        if settings.custom_resources and _is_built(_FILES):
            deployment.BucketDeployment(
                self,
                "Upload",
                sources=[deployment.Source.asset(str(_FILES))],
                destination_bucket=files,
                distribution=self.distribution,
            )


def _is_built(folder: Path) -> bool:
    return (folder / _INDEX).is_file()
