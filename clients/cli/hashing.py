"""What is in a file: its SHA-256, or word that the file changed under the reader's eyes."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

CHUNK = 256 * 1024


class Changed(Exception):
    """The file is not what it was when the reading began."""

    def __init__(self) -> None:
        super().__init__("it changed while it was being read: try again once it is at rest")


class Interrupted(Exception):
    """Somebody wants to stop."""


def ignore(_: int) -> None:
    """Nobody wants to know how far it is."""


def sha256_of(
    path: Path,
    size: int,
    mtime_ns: int,
    *,
    read: Callable[[int], None] = ignore,
    stop: threading.Event | None = None,
) -> str:
    """The hash of a file that has that size and time of change; `read` hears of each chunk.

    Raises `Changed`, `Interrupted` once `stop` is set, and `OSError` for what cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in chunks(file, size, stop=stop):
            digest.update(chunk)
            read(len(chunk))
        refuse_change(file, size, mtime_ns)
    return digest.hexdigest()


def chunks(file: BinaryIO, length: int, *, stop: threading.Event | None = None) -> Iterator[bytes]:
    """The next `length` bytes. Raises `Changed` when there are fewer, `Interrupted` on `stop`."""
    left = length
    while left > 0:
        if stop is not None and stop.is_set():
            raise Interrupted
        chunk = file.read(min(CHUNK, left))
        if not chunk:
            raise Changed
        left -= len(chunk)
        yield chunk


def refuse_change(file: BinaryIO, size: int, mtime_ns: int) -> None:
    """Raise `Changed` unless the open file still has that size and time of change."""
    now = os.fstat(file.fileno())
    if (now.st_size, now.st_mtime_ns) != (size, mtime_ns):
        raise Changed
