"""The world around the house: who listens to what it tells, and what may stop answering it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError

from infra.topology import EVENT_BUS
from tests.house import House


@dataclass
class Listener:
    """A subscriber that hears every announcement from when it began to listen."""

    house: House
    queue_url: str

    def heard(self) -> list[dict[str, Any]]:
        """What was announced since the last call: each detail, with its type."""
        heard = []
        while messages := self.house.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10
        ).get("Messages"):
            heard += [json.loads(message["Body"]) for message in messages]
        return [{"type": event["detail-type"], **event["detail"]} for event in heard]


def listen(house: House) -> Listener:
    """Subscribe to everything the house announces."""
    url = house.sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    arn = house.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    events = house.session.client("events")
    pattern = json.dumps({"source": ["mammothbox"]})
    events.put_rule(Name="all", EventBusName=EVENT_BUS, EventPattern=pattern)
    events.put_targets(
        Rule="all",
        EventBusName=EVENT_BUS,
        Targets=[{"Id": "subscriber", "Arn": arn["Attributes"]["QueueArn"]}],
    )
    return Listener(house, url)


# Every call of every client passes here, after which only the network and its retries follow.
_CALL = "_make_api_call"
NO_ANSWER = EndpointConnectionError(endpoint_url="https://aws.example")


def cut_off(
    monkeypatch: pytest.MonkeyPatch, operation: str, error: BaseException = NO_ANSWER
) -> None:
    """From now on this call of AWS, such as `GetObject`, ends in `error`."""
    call = vars(BaseClient)[_CALL]

    def answer(client: BaseClient, name: str, parameters: dict[str, Any]) -> Any:
        if name == operation:
            raise error
        return call(client, name, parameters)

    monkeypatch.setattr(BaseClient, _CALL, answer)


def happen_during(
    monkeypatch: pytest.MonkeyPatch, operation: str, happening: Callable[[], object]
) -> None:
    """From now on this happens just before AWS answers this call."""
    call = vars(BaseClient)[_CALL]

    def answer(client: BaseClient, name: str, parameters: dict[str, Any]) -> Any:
        if name == operation:
            happening()
        return call(client, name, parameters)

    monkeypatch.setattr(BaseClient, _CALL, answer)
