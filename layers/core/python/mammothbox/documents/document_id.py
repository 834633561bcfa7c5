"""The id of a document: made of its asset and its place in it, so that it never changes."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

_POSITION_BITS = 40


def first_id(asset_id: UUID, created_at: datetime) -> int:
    """The id, as a number, of a document at position 0; later ones are as much greater.

    In the order of these ids documents stand as their assets came, and within one in the order
    of the file. It reads as a UUIDv7 whose random bits are the asset's and the position.
    """
    milliseconds = int(created_at.timestamp() * 1000)
    tag = int.from_bytes(hashlib.sha256(asset_id.bytes).digest()[:5], "big") >> 6
    high, low = tag >> 22, tag & (1 << 22) - 1
    return milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low << _POSITION_BITS
