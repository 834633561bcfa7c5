"""The console in the cloud: as strict as `make up` has it, and able to send files to S3."""

from __future__ import annotations

import pytest

from infra.aws.settings import read
from infra.console_policy import content_security_policy
from tests.infra.aws.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")


def bucket(deployment: Deployment, name: str) -> str:
    [found] = [
        one.name for one in deployment.of("AWS::S3::Bucket") if f".Buckets{name}" in one.name
    ]
    return found


def test_pages_may_load_what_is_ours_and_what_is_in_the_two_buckets(prod: Deployment) -> None:
    [policy] = prod.of("AWS::CloudFront::ResponseHeadersPolicy")
    headers = policy.properties["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    origins = [
        f"https://<{bucket(prod, name)}.{domain}>"
        for name in ("Raw", "Library")
        for domain in ("DomainName", "RegionalDomainName")
    ]

    assert headers["ContentSecurityPolicy"] == {
        "ContentSecurityPolicy": content_security_policy(origins),
        "Override": True,
    }
    assert headers["ContentTypeOptions"] == {"Override": True}
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 365 * 24 * 3600
    [distribution] = prod.of("AWS::CloudFront::Distribution")
    behaviour = distribution.properties["DistributionConfig"]["DefaultCacheBehavior"]
    assert behaviour["ResponseHeadersPolicyId"] == f"<{policy.name}>"


def test_no_error_of_one_client_is_kept_for_another(prod: Deployment) -> None:
    [distribution] = prod.of("AWS::CloudFront::Distribution")
    errors = distribution.properties["DistributionConfig"]["CustomErrorResponses"]

    # All that CloudFront keeps unless it is told not to.
    kept = {400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}
    assert {one["ErrorCode"] for one in errors} == kept
    # And the API's own answer stays the answer.
    assert all(one == {"ErrorCode": one["ErrorCode"], "ErrorCachingMinTTL": 0} for one in errors)


def test_the_files_go_there_and_are_asked_for_anew(prod: Deployment) -> None:
    [upload] = prod.of("Custom::CDKBucketDeployment")
    [distribution] = prod.of("AWS::CloudFront::Distribution")

    assert upload.properties["DestinationBucketName"].endswith("ConsoleFiles2D43986C>")
    assert upload.properties["DistributionId"] == f"<{distribution.name}>"
    assert upload.properties["SystemMetadata"] == {"cache-control": "no-cache"}


def test_a_page_may_send_parts_and_read_their_etags(deployment: Deployment) -> None:
    for name, methods in (("Raw", {"GET", "HEAD", "POST", "PUT"}), ("Library", {"GET", "HEAD"})):
        found = deployment.get(bucket(deployment, name))
        [rule] = found.properties["CorsConfiguration"]["CorsRules"]
        assert {*rule["AllowedMethods"]} == methods
        assert rule["ExposedHeaders"] == ["ETag"]
        assert rule["AllowedHeaders"] == ["*"]
        assert rule["AllowedOrigins"]
        assert "*" not in rule["AllowedOrigins"]
        # Naming other origins takes nothing from the console.
        api = read(deployment.context).api
        assert {*rule["AllowedOrigins"]} >= {*api.cors_origins}
        assert "https://*.cloudfront.net" in rule["AllowedOrigins"] or not api.console
