"""How many different values there are, from the smallest of their hashes.

The hashes come out the same everywhere and always, so sketches of different machines add up.
Up to `KEPT` different values the count is exact; beyond, it is off by about six percent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from heapq import nsmallest
from itertools import repeat
from typing import TypeAlias
from zlib import crc32

KEPT = 256
_RANGE = 1 << 32
_LAST = _RANGE - 1
# Spreads the bits of a checksum, which are too regular for numbers in sequence.
_ODD = 0x9E3779B1

# The smallest hashes, in order, each of them once.
Sketch: TypeAlias = tuple[int, ...]
EMPTY: Sketch = ()


def hashes(texts: Iterable[str], seed: int) -> list[int]:
    """A number below 2³² for each text; the seed keeps values of different kinds apart."""
    encoded = map(str.encode, texts, repeat("utf-8"), repeat("surrogatepass"))
    mixed = [(crc ^ crc >> 15) * _ODD & _LAST for crc in map(crc32, encoded, repeat(seed))]
    return [(number ^ number >> 13) * _ODD & _LAST for number in mixed]


def limit(sketch: Sketch) -> int:
    """Hashes above this one change nothing."""
    return sketch[-1] if len(sketch) == KEPT else _LAST


def smallest(numbers: Iterable[int]) -> Sketch:
    """The sketch of these hashes."""
    return tuple(nsmallest(KEPT, set(numbers)))


def merge(one: Sketch, other: Sketch) -> Sketch:
    """The sketch of the values of both."""
    if not other or one == other:
        return one
    return tuple(sorted({*one, *other})[:KEPT])


def distinct(sketch: Sketch) -> int:
    """How many different values were seen."""
    if len(sketch) < KEPT:
        return len(sketch)
    hashed = (KEPT - 1) * _RANGE / (sketch[-1] + 1)
    # Of very many values, some share their hash.
    return round(-_RANGE * math.log1p(-min(hashed / _RANGE, 0.999)))
