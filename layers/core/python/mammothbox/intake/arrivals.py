"""What a message on the intake queue says: S3's events, and wake-ups of our own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import unquote_plus
from uuid import UUID

from mammothbox.errors import Permanent
from mammothbox.messages import WakeUp, parse_wake_up
from mammothbox.storage.keys import DropKey, dropped_asset_id, parse_key


@dataclass(frozen=True)
class Arrival:
    """Bytes that S3 says have come. `dropped` is `None` for an upload that was announced."""

    owner: str
    asset_id: UUID
    bucket: str
    key: str
    version_id: str
    size: int
    request_id: str
    dropped: DropKey | None


def read_message(body: str) -> list[Arrival] | WakeUp:
    """What the message asks for; an empty list when it asks for nothing.

    Raises `Permanent` when it cannot be tied to an asset: only a person can tell what it is, so
    it belongs with the dead letters.
    """
    wake_up = parse_wake_up(body)
    if wake_up is not None:
        return wake_up
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise _unknown("it is not JSON") from None
    if not isinstance(message, dict):
        raise _unknown("it is not an object")
    if message.get("Event") == "s3:TestEvent":
        return []
    records = message.get("Records")
    if not isinstance(records, list) or not records:
        raise _unknown("it has no Records")
    return [arrival for record in records if (arrival := _arrival(record)) is not None]


def is_folder(key: str, size: int) -> bool:
    """Whether this is what S3's consoles make to show an empty folder."""
    return key.endswith("/") and size == 0


def _arrival(record: object) -> Arrival | None:
    try:
        return _read_record(record)  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unknown(f"a record is not S3's: {type(error).__name__}") from None


def _read_record(record: dict[str, dict[str, dict[str, str]]]) -> Arrival | None:
    if not str(record["eventName"]).removeprefix("s3:").startswith("ObjectCreated:"):
        return None
    bucket = record["s3"]["bucket"]["name"]
    entry = record["s3"]["object"]
    # Keys come URL-encoded; this is the only place that decodes them.
    key = unquote_plus(entry["key"], errors="strict")
    size = int(entry.get("size", 0))
    if is_folder(key, size):
        return None
    version_id = entry.get("versionId")
    if not version_id:
        raise _unknown("it names no version: the raw bucket must be versioned")
    place = parse_key(key)
    if place is None:
        raise _unknown("its key is neither incoming/<owner>/<system_id> nor drop/<owner>/…")
    if isinstance(place, DropKey):
        asset_id, dropped = dropped_asset_id(bucket, key, version_id), place
    else:
        asset_id, dropped = place.asset_id, None
    request_id = record.get("responseElements", {}).get("x-amz-request-id") or str(asset_id)
    return Arrival(place.owner, asset_id, bucket, key, version_id, size, str(request_id), dropped)


def _unknown(why: str) -> Permanent:
    return Permanent("unknown_message", f"The message cannot be tied to an asset: {why}.")
