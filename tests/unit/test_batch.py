"""The batch adapter: which messages fail, when they come back, and what is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from mammothbox.batch import Worker, one_by_one
from mammothbox.catalog.stages import Failure
from mammothbox.errors import Permanent, Retryable, Unavailable
from mammothbox.ids import new_id
from mammothbox.messages import Outgoing, WakeUp
from mammothbox.queues import SqsQueues
from mammothbox.stages import Failed

from tests.house import Context


@dataclass
class Sends:
    """What was sent, call by call."""

    calls: list[Outgoing] = field(default_factory=list)

    def send(self, outgoing: Outgoing) -> None:
        self.calls.append(outgoing)


@dataclass
class Hides:
    """Which messages come back when."""

    hidden: list[tuple[str, str, int]] = field(default_factory=list)
    answers: bool = True

    def hide(self, name: str, receipt: str, seconds: int) -> None:
        if not self.answers:
            raise Unavailable("no answer")
        self.hidden.append((name, receipt, seconds))


@dataclass
class Batch:
    """An adapter around made-up work."""

    sends: Sends = field(default_factory=Sends)
    hides: Hides = field(default_factory=Hides)

    def handle(
        self, bodies: Sequence[str], work: Callable[[str], Outgoing], **of: Any
    ) -> list[str]:
        answer = one_by_one(
            {"Records": [record(body, **of) for body in bodies]},
            cast("LambdaContext", Context()),
            Worker("intake", cast("SqsQueues", self.hides), self.sends.send),
            lambda delivery: work(delivery.body),
        )
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


REQUEST_ID = {"request_id": {"stringValue": "r-1", "dataType": "String"}}


def record(body: str, receives: int = 1, attributes: dict[str, Any] = REQUEST_ID) -> dict[str, Any]:
    return {
        "messageId": f"id-{body}",
        "receiptHandle": f"receipt-{body}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": "0"},
        "messageAttributes": attributes,
        "eventSource": "aws:sqs",
        "awsRegion": "us-east-1",
    }


def leaving(name: str) -> Outgoing:
    wake_up = WakeUp(stage=name, owner="ada", asset_id=new_id(), request_id="r")
    return Outgoing((wake_up,))


@pytest.fixture
def batch() -> Batch:
    return Batch()


def test_what_all_messages_leave_is_sent_once(batch: Batch) -> None:
    left = {name: leaving(name) for name in ("a", "b", "c")}

    failed = batch.handle(["a", "b", "c"], left.__getitem__)

    assert failed == []
    assert batch.sends.calls == [left["a"] + left["b"] + left["c"]]
    assert batch.hides.hidden == []


@pytest.mark.parametrize(
    "error",
    [
        Retryable("busy", "later"),
        Permanent("unknown_message", "what is this"),
        Unavailable("no answer"),
        ValueError("unforeseen"),
        RecursionError(),
    ],
)
def test_one_that_fails_does_not_take_the_others_with_it(batch: Batch, error: Exception) -> None:
    def work(body: str) -> Outgoing:
        if body == "bad":
            raise error
        return left[body]

    left = {name: leaving(name) for name in ("a", "c")}

    failed = batch.handle(["a", "bad", "c"], work)

    assert failed == ["id-bad"]
    assert batch.sends.calls == [left["a"] + left["c"]]
    assert [receipt for _, receipt, _ in batch.hides.hidden] == ["receipt-bad"]


def test_when_all_fail_all_are_named(batch: Batch) -> None:
    def work(body: str) -> Outgoing:
        raise Retryable("busy", body)

    assert batch.handle(["a", "b"], work) == ["id-a", "id-b"]
    assert batch.sends.calls == [Outgoing()]


def test_a_recorded_failure_fails_and_is_told(batch: Batch) -> None:
    """A stage that has just died announces its asset as failed, and reaches the dead letters."""
    told = leaving("asset")

    def work(body: str) -> Outgoing:
        raise Failed(told, Failure("spent", "all attempts", "dead", False))

    assert batch.handle(["a"], work) == ["id-a"]
    assert batch.sends.calls == [told]


@pytest.mark.parametrize(
    ("receives", "seconds"), [(1, 2), (2, 4), (3, 8), (6, 64), (7, 120), (1000, 120)]
)
def test_a_failed_message_comes_back_later_each_time(
    batch: Batch, receives: int, seconds: int
) -> None:
    def work(body: str) -> Outgoing:
        raise Retryable("busy", body)

    batch.handle(["a"], work, receives=receives)

    assert batch.hides.hidden == [("intake", "receipt-a", seconds)]


@pytest.mark.parametrize(("receives", "seconds"), [(1, 41), (2, 82), (4, 328), (5, 600), (9, 600)])
def test_what_is_told_when_to_ask_again_comes_back_no_sooner(
    batch: Batch, receives: int, seconds: int
) -> None:
    def work(body: str) -> Outgoing:
        raise Retryable("busy", body, retry_after=40.2)

    batch.handle(["a"], work, receives=receives)

    assert batch.hides.hidden == [("intake", "receipt-a", seconds)]


def test_a_message_nobody_can_read_goes_straight_to_the_dead_letters(batch: Batch) -> None:
    def work(body: str) -> Outgoing:
        raise Permanent("unknown_message", body)

    assert batch.handle(["a"], work) == ["id-a"]
    assert batch.hides.hidden == [("intake", "receipt-a", 0)]


def test_a_message_without_attributes(batch: Batch) -> None:
    """S3's messages have none."""
    assert batch.handle(["a"], leaving, attributes={}) == []


def test_a_message_that_cannot_be_brought_back_soon_fails_all_the_same(batch: Batch) -> None:
    def work(body: str) -> Outgoing:
        raise Retryable("busy", body)

    batch.hides.answers = False

    assert batch.handle(["a", "b"], work) == ["id-a", "id-b"]
