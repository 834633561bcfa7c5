"""The demonstration's pictures: photos that ship with this repository and a package, and copies."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

GALLERY = Path(__file__).resolve().parents[2] / "models" / "evaluation" / "gallery"
# scikit-learn's two sample photos, by others under CC BY; its README.txt names them.
_PACKAGED = ("china.jpg", "flower.jpg")
_COPIED = ("astronaut.webp", "cat.webp", "burj.webp", "bulb.webp", "brandenburg-gate.webp")


@dataclass(frozen=True)
class Picture:
    """A file to send. `copy_of` names the picture it shows once more."""

    name: str
    content: bytes
    copy_of: str | None = None

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def photos(many: int) -> list[Picture]:
    """So many different photos; the ones that are copied below are always among them."""
    packaged = [Picture(name, (_package() / name).read_bytes()) for name in _PACKAGED]
    there = sorted(GALLERY.glob("*.webp"), key=lambda file: (file.name not in _COPIED, file.name))
    found = [Picture(file.name, file.read_bytes()) for file in there[: many - len(packaged)]]
    return packaged + found


def _package() -> Path:
    # Found without being imported, which takes seconds.
    found = find_spec("sklearn")
    if found is None or found.origin is None:
        raise FileNotFoundError("scikit-learn is not installed: `make demo` installs it.")
    return Path(found.origin).parent / "datasets" / "images"


def exact_copies(originals: Sequence[Picture]) -> list[Picture]:
    """The very same bytes under other names."""
    return [
        Picture(f"backup of {one.name}", one.content, copy_of=one.name)
        for one in _copied(originals)
    ]


def near_copies(originals: Sequence[Picture]) -> list[Picture]:
    """The same pictures in other bytes: smaller, and as JPEG, as a messenger sends them."""
    return [
        Picture(f"sent {Path(one.name).stem}.jpg", _smaller(one.content), copy_of=one.name)
        for one in _copied(originals)
    ]


def _copied(originals: Sequence[Picture]) -> list[Picture]:
    return [one for one in originals if one.name in _COPIED]


def _smaller(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((picture.width * 3 // 4, picture.height * 3 // 4))
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=85)
    return written.getvalue()
