"""What every `Bus` does."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from mammothbox import bus
from mammothbox.bus import EventBridgeBus
from mammothbox.errors import Unavailable
from mammothbox.ids import new_id
from mammothbox.messages import Announcement

from tests.contract.conftest import BUS, Publisher, cut_line_of


def announcements(number: int) -> list[Announcement]:
    return [
        Announcement(
            id=new_id(),
            owner="ada",
            type="asset.ready",
            request_id=f"r{index}",
            detail={"system_id": str(new_id()), "kind": None, "name": "été"},
        )
        for index in range(number)
    ]


def test_nothing_to_publish_is_nothing_published(publisher: Publisher) -> None:
    assert publisher.port.publish([]) == []
    assert publisher.published() == []


@pytest.mark.parametrize("number", [1, 10, 23])
def test_every_announcement_is_published_once(publisher: Publisher, number: int) -> None:
    """EventBridge takes ten at a time."""
    wanted = announcements(number)

    assert publisher.port.publish(wanted) == wanted
    told = publisher.published()
    assert sorted(told, key=lambda one: str(one["id"])) == [
        {
            "type": "asset.ready",
            "id": str(one.id),
            "owner": "ada",
            "request_id": one.request_id,
            **one.detail,
        }
        for one in sorted(wanted, key=lambda one: str(one.id))
    ]


def test_a_bus_that_does_not_answer_is_unavailable(publisher: Publisher) -> None:
    with publisher.cut(), pytest.raises(Unavailable):
        publisher.port.publish(announcements(1))

    assert publisher.published() == []


def test_what_was_published_before_the_line_was_cut_is_told(aws: boto3.Session) -> None:
    """Or it would be published twice."""
    events = aws.client("events")
    events.create_event_bus(Name=BUS)
    wanted = announcements(23)

    with cut_line_of(events, calls=[1]):
        assert EventBridgeBus(events, BUS).publish(wanted) == wanted[:10]


def test_nobody_waits_for_the_bus_for_minutes(aws: boto3.Session) -> None:
    bus.events.cache_clear()
    config: Any = bus.events().meta.config
    bus.events.cache_clear()

    attempts = config.retries["total_max_attempts"]
    assert attempts * (config.connect_timeout + config.read_timeout) < 60
