"""A library that has something of everything, processed."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.cli.conftest import Person
from tests.house import House

PHOTOS = Path(__file__).parents[2] / "models" / "evaluation" / "gallery"
ORDERS: list[dict[str, Any]] = [
    {"order": number, "total": number + 0.5, "paid": number % 2 == 0, "at": f"2026-01-{number:02}"}
    for number in range(1, 21)
]


def fill(house: House, person: Person, folder: Path, *, photos: Sequence[str] = ()) -> None:
    """Photos, one of them twice, and twenty orders: uploaded by the command line, and ready."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in photos:
        (folder / name).write_bytes((PHOTOS / name).read_bytes())
    (folder / "orders.ndjson").write_text("\n".join(json.dumps(one) for one in ORDERS))
    sent = person("upload", folder, "--collection", "orders", "--no-wait")
    assert sent.status == 0, sent.err
    house.run_queues()


def near_copy(photo: Path) -> bytes:
    """The same picture in other bytes."""
    with Image.open(photo) as opened:
        written = io.BytesIO()
        opened.convert("RGB").resize((opened.width * 3 // 4, opened.height * 3 // 4)).save(
            written, "JPEG", quality=85
        )
    return written.getvalue()


def noise(seed: int) -> bytes:
    """A picture like no other."""
    pixels = np.random.default_rng(seed).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue()


def lines(out: str) -> list[dict[str, Any]]:
    """What `--json` printed, line by line."""
    return [json.loads(line) for line in out.splitlines()]
