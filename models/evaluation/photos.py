"""The committed photos, what they show, and copies of them made at run time."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

FOLDER = Path(__file__).with_name("gallery")
LIST = Path(__file__).with_name("gallery.toml")

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Photo:
    """`labels` are ids of the vocabulary, each a right answer; the first is the best."""

    name: str
    labels: tuple[str, ...]
    picture: Image.Image

    @property
    def pixels(self) -> Pixels:
        return np.asarray(self.picture)


def photos() -> list[Photo]:
    """In the order of their list."""
    listed = tomllib.loads(LIST.read_text("utf-8"))
    return [
        Photo(name, tuple(about["labels"]), _open(FOLDER / name)) for name, about in listed.items()
    ]


def copies(photo: Photo) -> Mapping[str, Pixels]:
    """What becomes of a photo that is passed on: each has all that makes it the same photo."""
    return {name: np.asarray(copy) for name, copy in _copies(photo.picture)}


def _copies(picture: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    width, height = picture.size
    yield "cropped", picture.crop((width // 7, height // 7, width * 19 // 20, height * 19 // 20))
    yield "mirrored", ImageOps.mirror(picture)
    yield "recompressed", _recompressed(picture)
    yield "shrunk", picture.resize((width // 3, height // 3))
    yield "brightened", ImageEnhance.Brightness(picture).enhance(1.4)


def _recompressed(picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=20)
    return Image.open(file).convert("RGB")


def _open(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")
