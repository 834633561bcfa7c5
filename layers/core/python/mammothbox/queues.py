"""SQS: wake-ups out, messages back for later, and a look at what waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mammothbox.errors import Unavailable
from mammothbox.messages import REQUEST_ID_ATTRIBUTE, WakeUp

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_MOST_PER_CALL = 10


@dataclass(frozen=True)
class Depth:
    """How much waits in a queue, and how much a worker holds at the moment."""

    waiting: int
    in_flight: int


@dataclass(frozen=True)
class Message:
    """A received message, hidden from others for a while."""

    id: str
    receipt: str
    body: str
    receives: int
    sent_at_ms: int


class WakeUps(Protocol):
    """Where wake-ups go."""

    def wake(self, wake_ups: Sequence[WakeUp]) -> list[WakeUp]:
        """Send what can be sent and return it; what is missing was not sent."""
        ...


@cache
def sqs() -> SQSClient:
    """The one SQS client of an execution environment."""
    return boto3.client(
        "sqs",
        config=Config(
            connect_timeout=5, read_timeout=25, retries={"mode": "standard", "max_attempts": 3}
        ),
    )


class SqsQueues:
    """The workers' queues by worker name. Calls raise `Unavailable` when SQS does not answer."""

    def __init__(self, client: SQSClient, urls: Mapping[str, str]) -> None:
        self._client = client
        self.urls = urls

    def wake(self, wake_ups: Sequence[WakeUp]) -> list[WakeUp]:
        by_stage: dict[str, list[WakeUp]] = {}
        for wake_up in wake_ups:
            by_stage.setdefault(wake_up.stage, []).append(wake_up)
        sent: list[WakeUp] = []
        for stage, of_stage in by_stage.items():
            for start in range(0, len(of_stage), _MOST_PER_CALL):
                sent += self._send(self.urls[stage], of_stage[start : start + _MOST_PER_CALL])
        return sent

    def _send(self, url: str, wake_ups: Sequence[WakeUp]) -> list[WakeUp]:
        with _answering():
            answer = self._client.send_message_batch(
                QueueUrl=url,
                Entries=[
                    {
                        "Id": str(index),
                        "MessageBody": wake_up.model_dump_json(),
                        "MessageAttributes": {
                            REQUEST_ID_ATTRIBUTE: {
                                "DataType": "String",
                                "StringValue": wake_up.request_id,
                            }
                        },
                    }
                    for index, wake_up in enumerate(wake_ups)
                ],
            )
        return [wake_ups[int(entry["Id"])] for entry in answer.get("Successful", [])]

    def forward(self, name: str, body: str) -> None:
        """Send a message as it is."""
        with _answering():
            self._client.send_message(QueueUrl=self.urls[name], MessageBody=body)

    def receive(self, name: str, hide_s: int) -> list[Message]:
        """Up to ten messages, hidden from others for `hide_s` seconds; empty when none wait."""
        with _answering():
            answer = self._client.receive_message(
                QueueUrl=self.urls[name],
                MaxNumberOfMessages=_MOST_PER_CALL,
                VisibilityTimeout=hide_s,
                WaitTimeSeconds=0,
                AttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            )
        return [
            Message(
                id=message["MessageId"],
                receipt=message["ReceiptHandle"],
                body=message["Body"],
                receives=int(message["Attributes"]["ApproximateReceiveCount"]),
                sent_at_ms=int(message["Attributes"]["SentTimestamp"]),
            )
            for message in answer.get("Messages", [])
        ]

    def hide(self, name: str, receipt: str, seconds: int) -> None:
        """Let a received message come back after `seconds`."""
        with _answering():
            self._client.change_message_visibility(
                QueueUrl=self.urls[name], ReceiptHandle=receipt, VisibilityTimeout=seconds
            )

    def delete(self, name: str, receipt: str) -> None:
        """The message is dealt with."""
        with _answering():
            self._client.delete_message(QueueUrl=self.urls[name], ReceiptHandle=receipt)

    def depth(self, name: str) -> Depth:
        """How much is in the queue, as far as SQS knows."""
        with _answering():
            attributes = self._client.get_queue_attributes(
                QueueUrl=self.urls[name],
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                ],
            )["Attributes"]
        return Depth(
            int(attributes["ApproximateNumberOfMessages"]),
            int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        )


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise Unavailable(f"the queues do not answer: {type(error).__name__}") from error
