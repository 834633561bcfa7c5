"""CloudFront: one address for the console's files and, below `/api`, for the API."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from infra.aws.buckets import Buckets
from infra.aws.settings import REPOSITORY, Settings
from infra.console_policy import content_security_policy

_FILES = REPOSITORY / "clients" / "console"
_INDEX = "index.html"
_HTTPS_FOR = Duration.days(365)
# Every error that CloudFront would keep for ten seconds, whoever asked and whatever for. What an
# API answers one client is no other's, and is over when it is over.
_NEVER_KEPT = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)


class Console(Construct):
    """The distribution, and a bucket that only it reads."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        rest: apigateway.RestApi,
        buckets: Buckets,
    ) -> None:
        super().__init__(scope, name)
        files = s3.Bucket(
            self,
            "Files",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            server_access_logs_bucket=buckets.access_logs,
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
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0))
                for status in _NEVER_KEPT
            ],
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(files),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                response_headers_policy=self._headers(buckets),
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
                cache_control=[deployment.CacheControl.no_cache()],
            )

    def _headers(self, buckets: Buckets) -> cloudfront.ResponseHeadersPolicy:
        """As `make up` sends them, and that nothing but HTTPS will do."""
        origins_of_s3 = [
            f"https://{name}"
            for bucket in (buckets.raw, buckets.library)
            # Presigned addresses have the first of these in us-east-1, and the second elsewhere.
            for name in (bucket.bucket_domain_name, bucket.bucket_regional_domain_name)
        ]
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=content_security_policy(origins_of_s3), override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=_HTTPS_FOR, include_subdomains=True, override=True
                ),
            ),
        )


def _is_built(folder: Path) -> bool:
    return (folder / _INDEX).is_file()
