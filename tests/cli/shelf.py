"""What a library holds, told by its bytes, and folders of files that nobody has seen before."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from pathlib import Path

from infra.topology import RAW_BUCKET
from tests.house import House

_OBJECTS = """
    SELECT sha256 FROM asset
    WHERE trashed_at IS NULL AND status NOT IN ('awaiting_upload', 'failed')
"""


def fill(folder: Path, files: int, *, seed: int = 1, largest: int = 4000) -> list[Path]:
    """So many different files in folders below, some with names that are hard to write."""
    draw = random.Random(seed)
    made = []
    for number in range(files):
        below = folder / f"shelf {number % 5}" / ("ünder" if number % 3 else "")
        below.mkdir(parents=True, exist_ok=True)
        path = below / draw.choice([f"{number}.bin", f"{number} «mammut» 🦣.txt", f"{number}"])
        path.write_bytes(draw.randbytes(draw.randint(1, largest)))
        made.append(path)
    return made


def hashes(paths: list[Path]) -> Counter[str]:
    """Each file's bytes, once."""
    return Counter(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)


def stored(house: House) -> Counter[str]:
    """How many objects there are of which bytes, once intake has seen all that arrived."""
    house.run_queues("intake")
    return Counter(str(row["sha256"]) for row in house.rows(_OBJECTS))


def waited_for(house: House) -> int:
    """How many objects were announced whose bytes never came."""
    return len(house.rows("SELECT 1 FROM asset WHERE status = 'awaiting_upload'"))


def arrived(house: House) -> Counter[str]:
    """How often which bytes are in the storage for an object, each object's counted once."""
    pages = house.s3.get_paginator("list_object_versions").paginate(Bucket=RAW_BUCKET)
    there = {version["Key"] for page in pages for version in page.get("Versions", [])}
    rows = house.rows("SELECT key, declared_sha256 FROM asset_raw")
    return Counter(str(row["declared_sha256"]) for row in rows if row["key"] in there)
