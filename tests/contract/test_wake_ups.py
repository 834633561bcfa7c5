"""What every `WakeUps` does."""

from __future__ import annotations

import boto3
import pytest
from mammothbox.errors import Unavailable
from mammothbox.ids import new_id
from mammothbox.messages import WakeUp
from mammothbox.queues import SqsQueues

from tests.contract.conftest import QUEUES, Waker, cut_line_of


def wake_ups(number: int, stage: str = "intake") -> list[WakeUp]:
    return [
        WakeUp(stage=stage, owner="ada", asset_id=new_id(), request_id=f"r{part}", part=part)
        for part in range(number)
    ]


def by_asset(wake_ups: list[WakeUp]) -> list[WakeUp]:
    return sorted(wake_ups, key=lambda wake_up: wake_up.asset_id)


def test_nothing_to_send_is_nothing_sent(waker: Waker) -> None:
    assert waker.port.wake([]) == []
    assert waker.sent() == []


@pytest.mark.parametrize("number", [1, 10, 23])
def test_every_wake_up_is_sent_once_as_it_is(waker: Waker, number: int) -> None:
    """SQS takes ten at a time."""
    wanted = wake_ups(number)

    assert waker.port.wake(wanted) == wanted
    assert by_asset(waker.sent()) == by_asset(wanted)


def test_wake_ups_of_several_stages(waker: Waker) -> None:
    intake, embed = wake_ups(2), wake_ups(2, "embed")
    mixed = [intake[0], embed[0], intake[1], embed[1]]

    assert by_asset(waker.port.wake(mixed)) == by_asset(mixed)
    assert by_asset(waker.sent()) == by_asset(mixed)


def test_a_queue_that_does_not_answer_is_unavailable(waker: Waker) -> None:
    with waker.cut(), pytest.raises(Unavailable):
        waker.port.wake(wake_ups(1))

    assert waker.sent() == []


# --- what only a real queue can do


@pytest.fixture
def queues(aws: boto3.Session) -> SqsQueues:
    sqs = aws.client("sqs")
    return SqsQueues(sqs, {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in QUEUES})


def received(queues: SqsQueues, name: str) -> list[WakeUp]:
    found: list[WakeUp] = []
    while messages := queues.receive(name, hide_s=300):
        found += [WakeUp.model_validate_json(message.body) for message in messages]
    return found


def test_what_left_before_the_line_was_cut_is_told(queues: SqsQueues) -> None:
    """Or it would be sent twice; and a queue that answers is used though another does not."""
    intake, embed = wake_ups(23), wake_ups(2, "embed")

    with cut_line_of(queues._client, calls=[1]):
        sent = queues.wake([*intake, *embed])

    assert sent == [*intake[:10], *embed]
    assert by_asset(received(queues, "intake")) == by_asset(intake[:10])
    assert by_asset(received(queues, "embed")) == by_asset(embed)


def test_a_stage_without_a_queue_is_named_and_keeps_nobody_else_from_theirs(
    queues: SqsQueues,
) -> None:
    intake, nowhere = wake_ups(1), wake_ups(1, "cluster")

    assert queues.wake([*nowhere, *intake]) == intake
    with pytest.raises(Unavailable, match=r"'cluster'; there are: embed, intake"):
        queues.wake(nowhere)


def test_a_message_that_is_forwarded_keeps_its_attributes(queues: SqsQueues) -> None:
    queues.wake(wake_ups(1))
    [message] = queues.receive("intake", hide_s=300)

    queues.forward("embed", message)

    [forwarded] = queues.receive("embed", hide_s=300)
    assert forwarded.body == message.body
    assert forwarded.attributes["request_id"]["StringValue"] == "r0"
