"""Pictures made for tests, and a look at what became of them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pillow_heif
from mammothbox.media.image import understand_image
from mammothbox.media.options import Options
from mammothbox.media.understood import Frame, Understood
from PIL import Image

pillow_heif.register_heif_opener()

Colour = tuple[int, int, int]
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 160, 0), (0, 0, 255), (255, 255, 255)

CONTENT_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
    "AVIF": "image/avif",
    "HEIF": "image/heic",
    "JPEG2000": "image/jpx",
}


def quarters(size: tuple[int, int], colours: Sequence[Colour]) -> Image.Image:
    """A picture of four colours: top left, top right, bottom left, bottom right."""
    small = Image.new("RGB", (2, 2))
    small.putdata(list(colours))
    return small.resize(size, Image.Resampling.NEAREST)


def scene(width: int, height: int, seed: int = 1) -> Image.Image:
    """Something smooth with detail at all scales, as photos have."""
    noise = np.random.default_rng(seed)
    layers = [noise.random((2**n, 2**n, 3)) for n in range(1, 7)]
    size = (width, height)
    total = sum(
        np.asarray(Image.fromarray((layer * 255).astype(np.uint8)).resize(size), np.float64) / 2**n
        for n, layer in enumerate(layers)
    )
    spread = (total - np.min(total)) / (np.max(total) - np.min(total))
    return Image.fromarray((spread * 255).astype(np.uint8))


def saved(picture: Image.Image, format: str, **how: Any) -> bytes:
    body = io.BytesIO()
    picture.save(body, format, **how)
    return body.getvalue()


def understood(body: bytes, content_type: str, **options: Any) -> Understood:
    return understand_image(io.BytesIO(body), content_type, Options(**options))


def seen(body: bytes, content_type: str) -> Frame:
    (frame,) = understood(body, content_type).frames
    return frame


def colour_at(frame: Frame, right: float, down: float) -> Colour:
    """The colour at a place, in parts of the width and of the height."""
    at = (int(down * frame.height) * frame.width + int(right * frame.width)) * 3
    red, green, blue = frame.rgb[at : at + 3]
    return red, green, blue


def corners(frame: Frame) -> list[Colour]:
    """The colours of the four quarters."""
    return [colour_at(frame, right, down) for down in (0.25, 0.75) for right in (0.25, 0.75)]


def alike(found: Colour, wanted: Colour, by: int = 40) -> bool:
    return all(abs(one - other) <= by for one, other in zip(found, wanted, strict=True))


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))
