"""A web application firewall before the API: an option, since it costs at rest."""

from __future__ import annotations

from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

# In five minutes, of one address.
_MOST_REQUESTS = 2000
# AWS's own lists. The size of a body is the API's business: it takes 4 MiB.
_LISTS = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
}


class Firewall(Construct):
    """AWS's lists, and a limit for each address."""

    def __init__(self, scope: Construct, name: str, *, stage_arn: str) -> None:
        super().__init__(scope, name)
        rules = [_limit(priority=0)]
        rules += [
            _list(name, tolerated, priority=number)
            for number, (name, tolerated) in enumerate(_LISTS.items(), start=1)
        ]
        self.acl = wafv2.CfnWebACL(
            self,
            "Acl",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_seen_as("mammothbox"),
            rules=rules,
        )
        wafv2.CfnWebACLAssociation(
            self, "BeforeTheApi", resource_arn=stage_arn, web_acl_arn=self.acl.attr_arn
        )


def _limit(priority: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name="limit",
        priority=priority,
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        visibility_config=_seen_as("limit"),
        statement=wafv2.CfnWebACL.StatementProperty(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                # Behind CloudFront the client's address is the one that was forwarded.
                aggregate_key_type="FORWARDED_IP",
                forwarded_ip_config=wafv2.CfnWebACL.ForwardedIPConfigurationProperty(
                    fallback_behavior="MATCH", header_name="X-Forwarded-For"
                ),
                limit=_MOST_REQUESTS,
            )
        ),
    )


def _list(name: str, tolerated: tuple[str, ...], priority: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        visibility_config=_seen_as(name),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name=name,
                excluded_rules=[
                    wafv2.CfnWebACL.ExcludedRuleProperty(name=rule) for rule in tolerated
                ],
            )
        ),
    )


def _seen_as(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
