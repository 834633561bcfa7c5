"""Plays Lambda's part for one worker: receive, invoke, delete what succeeded.

Where AWS leaves the messages of a crashed invocation to their visibility timeout, this gives
them back at once, since it knows for certain that nobody works on them any more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.backoff import pause_s
from infra.local.execution import EnvironmentDied, ExecutionEnvironment, HandlerRaised
from infra.local.sqs_event import build_event, failed_ids
from infra.topology import Worker

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# How long a receive waits for a first message; also how late a poller may notice its end.
_WAIT_S = 1
_MOST_PER_RECEIVE = 10
_CATALOGUE_PAUSE_S = 0.5

Say = Callable[[str], None]


@dataclass(frozen=True)
class Poller:
    """One worker with its queue and its execution environment.

    `on_death` is called before the messages of a dead environment are given back.
    """

    worker: Worker
    queue_url: str
    sqs: SQSClient
    environment: ExecutionEnvironment
    on_death: Callable[[], None]
    say: Say

    def run(self, stop: threading.Event) -> None:
        """Poll until told to stop; the batch at hand is finished first."""
        troubles = 0
        while not stop.is_set():
            healthy = self._turn(stop)
            troubles = 0 if healthy else troubles + 1
            if troubles > 1:
                stop.wait(pause_s(troubles))
        self.environment.end()

    def _turn(self, stop: threading.Event) -> bool:
        """Receive a batch and work it off; false after trouble, of which a person was told."""
        try:
            # First, so that a function that does not start uses up no message's receives.
            self.environment.prepare()
            messages = self._receive(stop)
            return not messages or self._work(messages, stop)
        except EnvironmentDied as error:
            self.say(f"{self.worker.name} does not start: {error}; see its log")
        except (BotoCoreError, ClientError) as error:
            self.say(f"{self.worker.name}: the queue does not answer ({type(error).__name__})")
        except Exception as error:
            # Its messages come back by themselves; a poller that ended would not.
            self.say(f"{self.worker.name}: {type(error).__name__}: {error}")
        return False

    def _receive(self, stop: threading.Event) -> list[dict[str, Any]]:
        """A batch: as many as the topology allows, gathered for as long as it says."""
        wanted = self.worker.queue.batch_size
        messages = self._receive_some(wanted, _WAIT_S)
        closes = time.monotonic() + self.worker.queue.batch_window_s
        while messages and len(messages) < wanted and time.monotonic() < closes:
            if stop.is_set():
                break
            messages += self._receive_some(wanted - len(messages), _WAIT_S)
        return messages

    def _receive_some(self, most: int, wait_s: int) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(
            QueueUrl=self.queue_url,
            MaxNumberOfMessages=min(most, _MOST_PER_RECEIVE),
            WaitTimeSeconds=wait_s,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [dict(message) for message in answer.get("Messages", [])]

    def _work(self, messages: list[dict[str, Any]], stop: threading.Event) -> bool:
        """Invoke the function with the batch; false when it gave no answer."""
        ids = [message["MessageId"] for message in messages]
        try:
            answer = self.environment.invoke(build_event(self.worker.queue_name, messages))
        except HandlerRaised as error:
            self.say(f"{self.worker.name}: the handler raised {error}")
            return False
        except EnvironmentDied as error:
            self.say(f"{self.worker.name}: {error}; its messages go back")
            self._tell_of_death(stop)
            self._give_back(messages)
            return False
        failed = failed_ids(answer, ids)
        self._delete([message for message in messages if message["MessageId"] not in failed])
        return True

    def _tell_of_death(self, stop: threading.Event) -> None:
        """Until it is heard: a message given back before would find its stage still leased."""
        while not stop.is_set():
            try:
                self.on_death()
            except psycopg.OperationalError:
                stop.wait(_CATALOGUE_PAUSE_S)
            else:
                return

    def _delete(self, messages: list[dict[str, Any]]) -> None:
        for start in range(0, len(messages), _MOST_PER_RECEIVE):
            self.sqs.delete_message_batch(
                QueueUrl=self.queue_url,
                Entries=[
                    {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                    for index, message in enumerate(messages[start : start + _MOST_PER_RECEIVE])
                ],
            )

    def _give_back(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            self.sqs.change_message_visibility(
                QueueUrl=self.queue_url,
                ReceiptHandle=message["ReceiptHandle"],
                VisibilityTimeout=0,
            )
