"""Whatever a picture's colours are made of, they become eight bits of sRGB."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_SRGB = ImageCms.createProfile("sRGB")
# A printer's profile takes one or two megabytes.
_MOST_PROFILE_BYTES = 8 * 1024**2
_SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_BITS_PER_SAMPLE = 258
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0
_USED_BITS = range(9, 17)


def eight_bits(picture: Image.Image) -> Image.Image:
    """The picture in a mode that can be resized: L, LA, RGB, RGBA or CMYK.

    What has more than eight bits is scaled, not cut; what has fewer, or a palette, is spread.
    """
    match picture.mode:
        case "I" | "F":
            return _stretched(np.array(picture, np.float32))
        case "I;16" | "I;16L" | "I;16B" | "I;16N":
            return _scaled(picture)
        case "LA" | "RGBA" | "CMYK":
            return picture
        case "L" | "RGB" if "transparency" not in picture.info:
            return picture
        case "1":
            return picture.convert("L")
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """On white where it is transparent, and in sRGB, by its profile if that is any good."""
    opaque = _on_white(picture)
    return (_by_profile(opaque, profile) if profile else None) or opaque.convert("RGB")


def _scaled(picture: Image.Image) -> Image.Image:
    """By the bits that are used: scanners and microscopes put twelve into sixteen.

    Those of film and X-rays may call white zero, which Pillow turns round in eight bits only.
    """
    tags = getattr(picture, "tag_v2", {})
    told = tags.get(_BITS_PER_SAMPLE, (16,))[0]
    bits = told if told in _USED_BITS else 16
    values = (np.asarray(picture) >> bits - 8).astype(np.uint8)
    return Image.fromarray(~values if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO else values)


def _stretched(values: NDArray[np.float32]) -> Image.Image:
    """From a range that is taken for 0 to 1, a byte or a word if it can be; else its own."""
    values = np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    top = next((top for top in (1.0, 255.0, 65535.0) if high <= top), high)
    if low >= 0:
        low = 0.0
    else:
        top = high
    # In place: such pictures take four bytes a pixel as it is.
    values = (values - low) * np.float32(255 / max(top - low, 1e-30))
    return Image.fromarray(values.round().clip(0, 255).astype(np.uint8))


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode not in ("RGBA", "LA"):
        return picture
    bands = picture.getbands()
    white = Image.new("".join(bands[:-1]), picture.size, "white")
    white.paste(picture.convert(white.mode), mask=picture.getchannel("A"))
    return white


def _by_profile(picture: Image.Image, profile: bytes) -> Image.Image | None:
    """The picture by its profile; `None` where the profile is broken or another picture's."""
    if len(profile) > _MOST_PROFILE_BYTES:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if _SPACES.get(source.profile.xcolor_space.strip()) != picture.mode:
            return None
        return ImageCms.profileToProfile(picture, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
