"""Reading an object once, in constant memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from mammothbox.intake.kind import HEAD_BYTES
from mammothbox.settings import MEBIBYTE
from mammothbox.storage.blobs import Readable

_CHUNK = MEBIBYTE


@dataclass(frozen=True)
class Digest:
    """What a pass over the bytes gave. Without `sha256` only their beginning was read."""

    size: int
    sha256: str | None
    head: bytes


def digest(body: Readable) -> Digest:
    """Hash everything `body` gives. Fails as reading it fails."""
    hashing = hashlib.sha256()
    head = b""
    size = 0
    while chunk := body.read(_CHUNK):
        hashing.update(chunk)
        size += len(chunk)
        if len(head) < HEAD_BYTES:
            head += chunk[: HEAD_BYTES - len(head)]
    return Digest(size, hashing.hexdigest(), head)


def glance(body: Readable, size: int) -> Digest:
    """Read only the beginning of what is too large to hash."""
    return Digest(size, None, body.read(HEAD_BYTES))
