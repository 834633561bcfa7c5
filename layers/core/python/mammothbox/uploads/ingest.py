"""Small bodies sent through the API itself: cut into objects, recorded, and put into the bucket.

From there they take the way of every upload, so nothing knows how they came.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NoReturn

from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Database
from mammothbox.errors import Refused
from mammothbox.storage.blobs import BlobStore
from mammothbox.uploads.address import object_metadata
from mammothbox.uploads.request import Announced, Asked, Recorded, Slot, put_on_record

MOST_OBJECTS = 500
_AT_ONCE = 8
_SPACE = " \t\n\r"


@dataclass(frozen=True)
class Body:
    """One object of a request."""

    content: bytes
    content_type: str
    filename: str | None = None
    collection: str | None = None

    def announced(self) -> Announced:
        return Announced(
            filename=self.filename,
            content_type=self.content_type,
            size_bytes=len(self.content),
            sha256=hashlib.sha256(self.content).hexdigest(),
            collection=self.collection,
        )


def ingest(
    database: Database, store: BlobStore, bucket: str, asked: Asked, bodies: Sequence[Body]
) -> Recorded:
    """Record and store the bodies. `asked.files` are theirs, in the same order.

    Raises `Refused` as `put_on_record` does, and `Unavailable` when the store does not answer:
    the same request with the same idempotency key then stores what is missing.
    """
    recorded = put_on_record(database, bucket, asked)

    def put(slot: Slot, body: Body) -> None:
        if isinstance(slot, Asset) and slot.status == "awaiting_upload":
            store.put(slot.key, body.content, body.content_type, object_metadata(slot))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(put, recorded.slots, bodies))
    return recorded


def split_json(text: str) -> list[str]:
    """The objects of a JSON text: itself, or the elements if it is an array.

    Each is the very text that was sent, so that numbers keep their digits and keys their
    repeats. Raises `Refused` saying where the text goes wrong.
    """
    start = _skip_space(text, 0)
    if start == len(text):
        _refuse("empty_payload", "The body is empty: send a JSON object, or an array of objects.")
    if text[start : start + 1] != "[":
        end = _end_of_object(text, start)
        _nothing_after(text, end)
        return [text[start:end]]
    if text[_skip_space(text, start + 1) :][:1] == "]":
        _refuse("empty_payload", "The array is empty: send at least one JSON object in it.")
    elements: list[str] = []
    position = start
    # Behind the bracket, and then behind each comma, there is one more object.
    while not elements or text[position : position + 1] == ",":
        begin = _skip_space(text, position + 1)
        position = _end_of_object(text, begin)
        elements.append(text[begin:position])
        if len(elements) > MOST_OBJECTS:
            _refuse(
                "too_many_objects",
                f"At most {MOST_OBJECTS} objects fit one request; send NDJSON as one file.",
            )
        position = _skip_space(text, position)
    if text[position : position + 1] != "]":
        _refuse("invalid_json", f"Invalid JSON at character {position}: ',' or ']' expected.")
    _nothing_after(text, position + 1)
    return elements


def _end_of_object(text: str, start: int) -> int:
    if text[start : start + 1] != "{":
        _refuse(
            "not_an_object",
            f"Send a JSON object, or an array of objects: there is none at character {start}.",
        )
    try:
        _, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        _refuse("invalid_json", f"Invalid JSON at character {error.pos}: {error.msg}.")
    except RecursionError:
        _refuse("too_deep", "The JSON text is nested too deeply; send it as a file to /uploads.")
    return end


def _no_such_number(name: str) -> NoReturn:
    _refuse("invalid_json", f"{name} is not a JSON number.")


# Numbers are only looked at, never converted: a million digits cost nothing here.
_DECODER = json.JSONDecoder(parse_constant=_no_such_number, parse_int=str, parse_float=str)


def _nothing_after(text: str, end: int) -> None:
    rest = _skip_space(text, end)
    if rest != len(text):
        _refuse("invalid_json", f"Invalid JSON at character {rest}: something follows the end.")


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in _SPACE:
        position += 1
    return position


def _refuse(code: str, detail: str) -> NoReturn:
    raise Refused(422, code, detail)
