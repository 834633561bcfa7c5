"""EventBridge: telling the outside what happened."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mammothbox.errors import Unavailable
from mammothbox.messages import Announcement
from mammothbox.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "mammothbox"
_MOST_PER_CALL = 10


class Bus(Protocol):
    """Where announcements go."""

    def publish(self, announcements: Sequence[Announcement]) -> list[Announcement]:
        """Publish what can be published and return it; what is missing was not published.

        Raises `Unavailable` when nothing could be published of what there was.
        """
        ...


@cache
def events() -> EventBridgeClient:
    """The one EventBridge client of an execution environment."""
    return boto3.client(
        "events",
        config=Config(
            connect_timeout=5,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": 3},
        ),
    )


class EventBridgeBus:
    """`Bus` on EventBridge."""

    def __init__(self, client: EventBridgeClient, name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, announcements: Sequence[Announcement]) -> list[Announcement]:
        published: list[Announcement] = []
        for start in range(0, len(announcements), _MOST_PER_CALL):
            try:
                published += self._put(announcements[start : start + _MOST_PER_CALL])
            except Unavailable as error:
                if not published:
                    raise
                logger.error("announcements not published", extra={"error": str(error)})
                break
        return published

    def _put(self, announcements: Sequence[Announcement]) -> list[Announcement]:
        try:
            answer = self._client.put_events(
                Entries=[
                    {
                        "EventBusName": self._name,
                        "Source": SOURCE,
                        "DetailType": announcement.type,
                        "Detail": json.dumps(
                            {
                                "id": str(announcement.id),
                                "owner": announcement.owner,
                                "request_id": announcement.request_id,
                                **announcement.detail,
                            }
                        ),
                    }
                    for announcement in announcements
                ]
            )
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"the event bus does not answer: {type(error).__name__}") from error
        return [
            announcement
            for announcement, entry in zip(announcements, answer["Entries"], strict=True)
            if "ErrorCode" not in entry
        ]
