"""What becomes of pictures: re-encoded, resized, brightened, cropped, mirrored, shot again."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pillow_heif
from PIL import Image, ImageEnhance, ImageOps

pillow_heif.register_heif_opener()

# A hand moves by some percent of the picture, and turns by some degrees, between two shots.
_SHAKES = ((0.02, -0.015, 1.2), (-0.035, 0.025, -2.5))
_EDGE = 0.08


@dataclass(frozen=True)
class Change:
    """One way to change a picture. `kind` is what such changes are judged together as."""

    kind: str
    name: str
    make: Callable[[Image.Image], Image.Image]


def encoded(picture: Image.Image, format_: str, **options: int) -> Image.Image:
    """The picture as it comes back from a file."""
    file = io.BytesIO()
    picture.save(file, format_, **options)
    return Image.open(file).convert("RGB")


def resized(picture: Image.Image, scale: float) -> Image.Image:
    size = round(picture.width * scale), round(picture.height * scale)
    return picture.resize(size, Image.Resampling.LANCZOS)


def _shrunk_and_encoded(picture: Image.Image) -> Image.Image:
    return encoded(resized(picture, 0.5), "JPEG", quality=50)


def _brightened(picture: Image.Image, factor: float) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(factor)


def _cropped(picture: Image.Image, share: float) -> Image.Image:
    """Without this share of its area, taken off all sides."""
    side = (1 - share) ** 0.5
    width, height = round(picture.width * side), round(picture.height * side)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _shot_again(picture: Image.Image, shake: tuple[float, float, float]) -> Image.Image:
    right, down, degrees = shake
    moved = picture.rotate(
        degrees,
        Image.Resampling.BICUBIC,
        translate=(round(right * picture.width), round(down * picture.height)),
    )
    edge = round(min(picture.size) * _EDGE)
    return moved.crop((edge, edge, picture.width - edge, picture.height - edge))


ENCODED = (
    *(
        Change("re-encoded", f"JPEG {quality}", partial(encoded, format_="JPEG", quality=quality))
        for quality in (30, 50, 80, 95)
    ),
    *(
        Change("re-encoded", f"{name} 50", partial(encoded, format_=format_, quality=50))
        for name, format_ in (("WebP", "WEBP"), ("HEIC", "HEIF"), ("AVIF", "AVIF"))
    ),
    Change("re-encoded", "PNG", partial(encoded, format_="PNG")),
)
RESIZED = (
    *(
        Change("resized", f"x {scale}", partial(resized, scale=scale))
        for scale in (0.25, 0.5, 0.75, 1.5, 2)
    ),
    Change("resized", "x 0.5, JPEG 50", _shrunk_and_encoded),
)
EDITED = (
    *(
        Change("brightened", f"x {factor}", partial(_brightened, factor=factor))
        for factor in (0.7, 1.3)
    ),
    *(
        Change("cropped", f"{share:.0%}", partial(_cropped, share=share))
        for share in (0.03, 0.1, 0.25)
    ),
    Change("mirrored", "", ImageOps.mirror),
    *(Change("burst", f"{shake}", partial(_shot_again, shake=shake)) for shake in _SHAKES),
)
