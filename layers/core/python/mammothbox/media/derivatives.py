"""The pictures made of a picture: two thumbnails and a preview. They say nothing of a place."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from mammothbox.media.understood import Derivative, Frame

LONGEST_SIDE = 1024
_THUMBNAILS = (300, 150)


def fitting(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """The size within a square of `longest`; what fits already stays as it is."""
    scale = min(longest / max(size), 1.0)
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)


def shrunk(picture: Image.Image, longest: int) -> Image.Image:
    """The picture within a square of `longest` pixels."""
    size = fitting(picture.size, longest)
    if size == picture.size:
        return picture
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def derivatives_of(upright: Image.Image, exif: bytes | None = None) -> tuple[Derivative, ...]:
    """Those of an upright RGB picture of at most 1024 pixels, which the preview keeps.

    Only the preview carries `exif`. No picture is made larger than it is.
    """
    extra = {"exif": exif} if exif else {}
    made = [_saved(upright, "preview-1024.jpg", "JPEG", quality=85, **extra)]
    smaller = upright
    for longest in _THUMBNAILS:
        smaller = shrunk(smaller, longest)
        made.append(_saved(smaller, f"thumb-{longest}.webp", "WEBP", quality=80, method=2))
    return tuple(made)


def frame_of(upright: Image.Image, at_ms: int | None = None) -> Frame:
    """The pixels for the encoder."""
    return Frame(upright.width, upright.height, upright.tobytes(), at_ms)


def _saved(picture: Image.Image, name: str, format: str, **how: Any) -> Derivative:
    body = io.BytesIO()
    # What hangs on to the original's `info` would be written too.
    bare = picture.copy()
    bare.info.clear()
    bare.save(body, format, **how)
    return Derivative(name, f"image/{format.lower()}", *picture.size, body.getvalue())
