"""SQS: wake-ups out, messages back for later, and a look at what waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mammothbox.errors import Unavailable
from mammothbox.messages import REQUEST_ID_ATTRIBUTE, ChoreCall, WakeUp
from mammothbox.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueUnionTypeDef

# Who waits for a message is not told that there is none while there are some.
_WAIT_S = 1
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
    attributes: Mapping[str, MessageAttributeValueUnionTypeDef]
    receives: int
    sent_at: datetime


class WakeUps(Protocol):
    """Where wake-ups go."""

    def wake(self, wake_ups: Sequence[WakeUp]) -> list[WakeUp]:
        """Send what can be sent and return it; what is missing was not sent.

        Raises `Unavailable` when nothing could be sent of what there was.
        """
        ...

    def call(self, name: str, call: ChoreCall) -> None:
        """Call the worker `name` for a chore. Raises `Unavailable`."""
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
        problem = None
        for stage, of_stage in by_stage.items():
            try:
                for chunk in self._sending(stage, of_stage):
                    sent += chunk
            except Unavailable as error:
                # What waits behind it in this queue stays unsent; other queues may answer.
                problem = error
                logger.error("wake-ups not sent", extra={"queue": stage, "error": str(error)})
        if problem is not None and not sent:
            raise problem
        return sent

    def _sending(self, stage: str, wake_ups: Sequence[WakeUp]) -> Iterable[list[WakeUp]]:
        url = self.urls.get(stage)
        if url is None:
            names = ", ".join(sorted(self.urls))
            raise Unavailable(f"no queue is known for the stage {stage!r}; there are: {names}")
        for start in range(0, len(wake_ups), _MOST_PER_CALL):
            yield self._send(url, wake_ups[start : start + _MOST_PER_CALL])

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

    def hand_on(self, name: str, wake_up: WakeUp) -> None:
        """Send a wake-up to another worker than the one its stage is named after."""
        if not self._send(self.urls[name], [wake_up]):
            raise Unavailable("the queue did not take the wake-up")

    def call(self, name: str, call: ChoreCall) -> None:
        """Call for a chore."""
        with _answering():
            self._client.send_message(QueueUrl=self.urls[name], MessageBody=call.model_dump_json())

    def forward(self, name: str, message: Message) -> None:
        """Send a message as it is, with its attributes."""
        with _answering():
            self._client.send_message(
                QueueUrl=self.urls[name],
                MessageBody=message.body,
                MessageAttributes=message.attributes,
            )

    def receive(self, name: str, hide_s: int) -> list[Message]:
        """Up to ten messages, hidden from others for `hide_s` seconds; empty when none wait."""
        with _answering():
            answer = self._client.receive_message(
                QueueUrl=self.urls[name],
                MaxNumberOfMessages=_MOST_PER_CALL,
                VisibilityTimeout=hide_s,
                WaitTimeSeconds=_WAIT_S,
                AttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
                MessageAttributeNames=["All"],
            )
        return [
            Message(
                id=message["MessageId"],
                receipt=message["ReceiptHandle"],
                body=message["Body"],
                attributes=message.get("MessageAttributes", {}),
                receives=int(message["Attributes"]["ApproximateReceiveCount"]),
                sent_at=datetime.fromtimestamp(
                    int(message["Attributes"]["SentTimestamp"]) / 1000, UTC
                ),
            )
            for message in answer.get("Messages", [])
        ]

    def look(self, name: str) -> list[Message]:
        """Up to ten of the messages, which stay: whoever receives right after it finds them all."""
        return self.receive(name, hide_s=0)

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
