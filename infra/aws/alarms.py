"""Where alarms go. It stands before all that can raise one."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


class AlarmsStack(Stack):
    """A topic, and whoever is told by it."""

    def __init__(self, scope: Construct, name: str, *, email: str | None) -> None:
        super().__init__(scope, name)
        self.topic = sns.Topic(self, "Alarms", enforce_ssl=True, display_name="MammothBox")
        if email is not None:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))
