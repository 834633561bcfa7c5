"""What the function and a decoding child say to each other: a JSON header, then raw bytes.

Nothing is unpickled: a hostile file may own the child, and the child may then say anything.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from socket import socket
from typing import Any

_LENGTH = struct.Struct(">I")
_MOST_HEADER_BYTES = 4 * 1024**2
_MOST_BLOBS = 64
_AT_ONCE = 1024**2


class Garbled(Exception):
    """What came is no message."""


@dataclass(frozen=True)
class Message:
    """`header` is anything that JSON can say."""

    header: dict[str, Any]
    blobs: Sequence[bytes] = field(default=())


def written(value: object) -> bytes:
    """The value as JSON; what is no Unicode is escaped."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


def send(to: socket, message: Message) -> None:
    """Say it. Raises `OSError` when nobody listens any more, `TimeoutError` as the socket does."""
    sizes = [len(blob) for blob in message.blobs]
    header = written({"header": message.header, "sizes": sizes})
    to.sendall(_LENGTH.pack(len(header)) + header)
    for blob in message.blobs:
        to.sendall(blob)


def receive(speaker: socket, most_bytes: int, until: float | None = None) -> Message:
    """The next message, its blobs of `most_bytes` in all; `until` is a monotonic time.

    Raises `EOFError` when the other side has gone, `TimeoutError`, and `Garbled`.
    """
    (length,) = _LENGTH.unpack(_exactly(speaker, _LENGTH.size, until))
    if length > _MOST_HEADER_BYTES:
        raise Garbled("the header is too long")
    header, sizes = _parsed(_exactly(speaker, length, until))
    if len(sizes) > _MOST_BLOBS or sum(sizes) > most_bytes:
        raise Garbled("there is more to it than allowed")
    return Message(header, [_exactly(speaker, size, until) for size in sizes])


def _parsed(text: bytes) -> tuple[dict[str, Any], list[int]]:
    try:
        match json.loads(text):
            case {"header": dict(header), "sizes": list(sizes)}:
                if all(type(size) is int and size >= 0 for size in sizes):
                    return header, sizes
    except (ValueError, RecursionError) as error:
        raise Garbled(str(error)) from None
    raise Garbled("the header has another shape")


def _exactly(speaker: socket, size: int, until: float | None) -> bytes:
    taken = bytearray()
    while len(taken) < size:
        if until is not None:
            speaker.settimeout(max(until - time.monotonic(), 0.001))
        piece = speaker.recv(min(size - len(taken), _AT_ONCE))
        if not piece:
            raise EOFError
        taken += piece
    return bytes(taken)
