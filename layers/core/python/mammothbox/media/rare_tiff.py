"""TIFF can hold what no other format can, and few programs read: what that is, in words."""

from __future__ import annotations

from typing import BinaryIO

from PIL.ExifTags import Base

from mammothbox.media.raw_tags import exif_of

_TILE_OFFSETS, _SAMPLE_FORMAT = 324, 339
_FORMATS = {"2": "signed ", "3": "floating-point ", "5": "complex ", "6": "complex "}
_METHODS = {34712: "JPEG 2000", 50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL"}
_COMMON_METHODS = {1, 5, 7, 8, 32773, 32946}


def rarity(file: BinaryIO) -> str | None:
    """What a TIFF is made of; `None` where its header does not tell, and so is damaged."""
    tags = exif_of(file)
    places = {Base.StripOffsets, _TILE_OFFSETS}
    if not {Base.ImageWidth, Base.ImageLength} <= tags.keys() or not places & tags.keys():
        return None
    bits, channels = _first(tags.get(Base.BitsPerSample, 1)), tags.get(Base.SamplesPerPixel, 1)
    form = _FORMATS.get(str(_first(tags.get(_SAMPLE_FORMAT, 1))), "")
    method = tags.get(Base.Compression, 1)
    packed = "" if method in _COMMON_METHODS else f", packed as {_METHODS.get(method, method)}"
    return f"TIFF of {channels} channels with {bits} {form}bits{packed}"


def _first(value: object) -> object:
    return value[0] if isinstance(value, tuple) and value else value
