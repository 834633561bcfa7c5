"""A web application firewall before the API: an option, since it costs at rest."""

from __future__ import annotations

import json

from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

_WINDOW_S = 60
# Of all that the gateway lets through: one address alone cannot take it from the others.
_SHARE = 0.5
_TOO_MANY = "too-many"
# AWS's list of addresses that are known for attacks. Its lists of suspicious contents have no place
# here: an API that stores any JSON, looks for any words and answers in JSON alone is sent scripts,
# paths and addresses in earnest, in bodies, in searches and in names that stand in paths.
_LIST = "AWSManagedRulesAmazonIpReputationList"


class Firewall(Construct):
    """AWS's list of addresses, and a limit for each address."""

    def __init__(
        self, scope: Construct, name: str, *, stage_arn: str, requests_a_second: int
    ) -> None:
        super().__init__(scope, name)
        self.acl = wafv2.CfnWebACL(
            self,
            "Acl",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_seen_as("mammothbox"),
            rules=[_limit(int(requests_a_second * _WINDOW_S * _SHARE)), _list()],
            custom_response_bodies={
                _TOO_MANY: wafv2.CfnWebACL.CustomResponseBodyProperty(
                    content=json.dumps(_too_many()), content_type="APPLICATION_JSON"
                )
            },
        )
        wafv2.CfnWebACLAssociation(
            self, "BeforeTheApi", resource_arn=stage_arn, web_acl_arn=self.acl.attr_arn
        )


def _limit(most: int) -> wafv2.CfnWebACL.RuleProperty:
    """So many in a minute; more are asked to wait, which clients do by themselves."""
    told = wafv2.CfnWebACL.CustomResponseProperty(
        response_code=429, custom_response_body_key=_TOO_MANY
    )
    return wafv2.CfnWebACL.RuleProperty(
        name="limit",
        priority=0,
        action=wafv2.CfnWebACL.RuleActionProperty(
            block=wafv2.CfnWebACL.BlockActionProperty(custom_response=told)
        ),
        visibility_config=_seen_as("limit"),
        statement=wafv2.CfnWebACL.StatementProperty(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                # The one that connects, be it CloudFront's: of what is forwarded, the first
                # address is whatever a client writes there.
                aggregate_key_type="IP",
                evaluation_window_sec=_WINDOW_S,
                limit=most,
            )
        ),
    )


def _list() -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name=_LIST,
        priority=1,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        visibility_config=_seen_as(_LIST),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS", name=_LIST
            )
        ),
    )


def _too_many() -> dict[str, object]:
    """In the shape of every error; the firewall knows no request's id."""
    return {
        "type": "about:blank",
        "title": "Too many requests",
        "status": 429,
        "detail": "Too many requests from one address; wait and try again.",
        "code": "too_many_requests",
        "request_id": "",
        "errors": [],
    }


def _seen_as(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
