"""What every `WakeUps` does."""

from __future__ import annotations

import pytest
from mammothbox.errors import Unavailable
from mammothbox.ids import new_id
from mammothbox.messages import WakeUp

from tests.contract.conftest import Waker


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
