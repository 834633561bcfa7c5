"""Originals out of the store: resumed where they stopped, and held against their hash."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

import httpx2

from clients.cli.hashing import Interrupted, sha256_of
from clients.cli.locks import refuse_company
from clients.cli.problems import FAILED, Stop, Unreachable
from clients.cli.server import Server, pauses

_PIECE = 1 << 20
PARTIAL = ".part"

Heard = Callable[[int], None]


@dataclass(frozen=True)
class Original:
    """The bytes of one object, as the catalogue knows them."""

    system_id: str
    sha256: str | None
    size_bytes: int | None


def original(found: dict[str, Any]) -> Original:
    """What an answer of the API says of the bytes of its object."""
    return Original(found["system_id"], found["sha256"], found["size_bytes"])


def download(
    server: Server, wanted: Original, target: Path, partial: Path, heard: Heard = lambda _: None
) -> None:
    """Write the object to `target`, whole and verified, or not at all.

    What is in `partial` already is gone on with. `heard` is told of bytes as they arrive. Raises
    `Stop` when the bytes are not those of the catalogue or another process fetches them there,
    `ServerProblem` and `Unreachable`.
    """
    with partial.open("ab") as file:
        refuse_company(file, partial, "fetching it")
        _finish(server, wanted, file, heard)
        if not _right(partial, wanted):
            # What lay there before may have been of another object, or broken on this disk.
            file.truncate(0)
            _finish(server, wanted, file, heard)
        is_right = _right(partial, wanted)
        if sys.platform == "win32":
            # What is open cannot be moved there.
            file.close()
        if not is_right:
            partial.unlink()
            raise _wrong(wanted)
        partial.replace(target)


def stream(server: Server, wanted: Original, out: BinaryIO) -> None:
    """Write the object to `out`; raises `Stop` at its end if the bytes are not the right ones."""
    digest = hashlib.sha256()

    def take(piece: bytes) -> None:
        digest.update(piece)
        out.write(piece)

    _receive(server, wanted, 0, take)
    out.flush()
    if wanted.sha256 and digest.hexdigest() != wanted.sha256:
        raise _wrong(wanted)


def thumbnail(server: Server, system_id: str, size: int) -> bytes:
    """The picture of that object in that size, as WebP."""
    deadline = time.monotonic() + server.patience_s
    for pause_s in pauses():
        answer = server.answer("GET", f"objects/{system_id}/thumbnail", query={"size": size})
        try:
            found = server.storage.get(answer.headers["location"])
        except httpx2.TransportError as error:
            _wait(server, pause_s, deadline, error)
            continue
        if found.status_code != HTTPStatus.OK:
            break
        return found.content
    raise Stop(f"{system_id}: the store answered {found.status_code}.", FAILED)


def _finish(server: Server, wanted: Original, file: BinaryIO, heard: Heard) -> None:
    there = file.seek(0, os.SEEK_END)
    if wanted.size_bytes is not None and there > wanted.size_bytes:
        there = file.truncate(0)

    def take(piece: bytes) -> None:
        file.write(piece)
        heard(len(piece))

    heard(there)
    _receive(server, wanted, there, take)
    file.flush()


def _receive(server: Server, wanted: Original, start: int, take: Callable[[bytes], None]) -> None:
    """Hand over all bytes from `start` on, over as many connections as that needs."""
    position = start
    deadline = time.monotonic() + server.patience_s
    for pause_s in pauses():
        if wanted.size_bytes is not None and position >= wanted.size_bytes:
            return
        before = position
        try:
            for piece in _pieces(server, wanted, position):
                if server.stop.is_set():
                    raise Interrupted
                take(piece)
                position += len(piece)
        except httpx2.TransportError as error:
            if position > before:
                deadline = time.monotonic() + pause_s + server.patience_s
            _wait(server, pause_s, deadline, error)
            continue
        if wanted.size_bytes is None or position >= wanted.size_bytes:
            return
        if position == before:
            raise _wrong(wanted)


def _wait(server: Server, pause_s: float, deadline: float, error: httpx2.TransportError) -> None:
    """Wait for the store; raises `Unreachable` when there is no time left for it."""
    if time.monotonic() + pause_s > deadline or server.stop.is_set():
        raise Unreachable(f"The store cannot be reached: {error}.") from error
    server.waiting("The store does not answer.")
    server.stop.wait(pause_s)


def _pieces(server: Server, wanted: Original, start: int) -> Iterator[bytes]:
    # Addresses end after minutes; each connection asks for one of its own.
    address = server.answer("GET", f"objects/{wanted.system_id}/content").headers["location"]
    # As they lie there: what the store says of their coding is part of the object.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with server.storage.stream("GET", address, headers=headers) as answer:
        if answer.status_code not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            raise Stop(f"{wanted.system_id}: the store answered {answer.status_code}.", FAILED)
        skip = start if answer.status_code == HTTPStatus.OK else 0
        try:
            for piece in answer.iter_raw(_PIECE):
                yield piece[skip:]
                skip = max(0, skip - len(piece))
        finally:
            if server.stop.is_set():
                # Who closes the lines that are kept may have done so while this one was opened.
                answer.extensions["network_stream"].close()


def _right(path: Path, wanted: Original) -> bool:
    status = path.stat()
    return wanted.sha256 in (None, sha256_of(path, status.st_size, status.st_mtime_ns))


def _wrong(wanted: Original) -> Stop:
    return Stop(f"{wanted.system_id}: the bytes are not those of the catalogue.", FAILED)
