"""The system deployed into LocalStack, as its clients and its operator meet it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from localstack_client.session import Session

from infra.local.environment import REGION
from infra.local.home import LOOPBACK
from infra.localstack.deployment import Deployment, deployed, stacks
from tests.e2e.stack import Client

_OURS = "MammothBox"


@dataclass
class Cloud(Client):
    """What `make localstack` deployed."""

    deployment: Deployment = field(kw_only=True)

    def _aws(self, service: str) -> Any:
        where = urlsplit(self.deployment.server.endpoint).netloc
        # Its own keys stand for another account.
        session = Session("test", "test", None, region_name=REGION, localstack_host=where)
        client = session.client(service)
        self.open.callback(client.close)
        return client

    def aws(self, service: str) -> Any:
        """A client of LocalStack."""
        return self._aws(service)

    def logged(self, worker: str, text: str) -> list[dict[str, Any]]:
        """What the worker wrote to CloudWatch Logs with that text in it."""
        logs = self._aws("logs")
        groups = logs.describe_log_groups()["logGroups"]
        marker = f"-{worker.capitalize()}Function"
        messages = [
            event["message"]
            for group in groups
            if marker in group["logGroupName"]
            for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
        ]
        return [json.loads(one) for one in messages if text in one and one.startswith("{")]

    def sweep(self) -> None:
        """Run the janitor now, beside its clock."""
        self.deployment.invoke("janitor")

    def left(self) -> dict[str, list[str]]:
        """What is there of the app, by kind."""
        queues = self._aws("sqs").list_queues().get("QueueUrls", [])
        return {
            "stacks": [one["StackName"] for one in stacks(self.deployment.server)],
            "functions": [
                one["FunctionName"]
                for one in self._aws("lambda").list_functions()["Functions"]
                if one["FunctionName"].startswith(_OURS)
            ],
            "queues": [url for url in queues if _OURS in url],
            "buckets": [
                one["Name"]
                for one in self._aws("s3").list_buckets()["Buckets"]
                if one["Name"].startswith(_OURS.lower())
            ],
            "apis": [
                one["name"]
                for one in self._aws("apigateway").get_rest_apis()["items"]
                if one["name"].startswith(_OURS.lower())
            ],
            "buses": [
                one["Name"]
                for one in self._aws("events").list_event_buses()["EventBuses"]
                if one["Name"].startswith(_OURS)
            ],
        }


@contextmanager
def in_localstack(folder: Path) -> Iterator[Cloud]:
    """Deploy everything, on a free port, and end it afterwards."""
    with deployed(folder, _free_port()) as deployment:
        cloud = Cloud(
            {
                "MAMMOTHBOX_URL": deployment.url,
                "MAMMOTHBOX_KEY": deployment.key,
                "DATABASE_URL": deployment.urls.superuser,
                "RAW_BUCKET": deployment.outputs["RawBucket"],
            },
            deployment=deployment,
        )
        (bus,) = cloud.left()["buses"]
        cloud.env["EVENT_BUS"] = bus
        with cloud.open:
            yield cloud


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
