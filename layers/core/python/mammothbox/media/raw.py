"""What cameras write before it becomes a picture: shown by the preview they put into it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import rawpy
from PIL import Image

from mammothbox.errors import Permanent
from mammothbox.media import faults
from mammothbox.media.derivatives import LONGEST_SIDE, shrunk
from mammothbox.media.exif import Tags, tags_of
from mammothbox.media.options import Options
from mammothbox.media.picture import damage, normalised, open_picture, orientation
from mammothbox.media.raw_tags import tags_of_raw

# A smaller preview is good for the camera's own screen only.
_LEAST_PREVIEW = 640
# LibRaw's turns, as EXIF's orientations.
_ORIENTATIONS = {3: 3, 5: 8, 6: 6}
_SIDEWAYS = {5, 6, 7, 8}


@dataclass(frozen=True)
class Developed:
    """A raw picture seen: its full size, its pixels upright and normalised, and its tags."""

    size: tuple[int, int]
    upright: Image.Image
    tags: Tags


def develop(file: BinaryIO, content_type: str, options: Options) -> Developed:
    """The picture by its embedded preview, or developed where there is none of use.

    Raises `Permanent`.
    """
    file.seek(0)
    body = file.read()
    with _opened(body, content_type) as raw:
        lying = raw.sizes.width, raw.sizes.height
        if lying[0] * lying[1] > options.max_pixels:
            raise faults.too_many_pixels(*lying, options.max_pixels)
        lies = _ORIENTATIONS.get(raw.sizes.flip, 1)
        size = (lying[1], lying[0]) if lies in _SIDEWAYS else lying
        preview = _preview(raw, lying, lies, options)
        upright = preview.upright if preview is not None else _in_full(raw)
    told = preview.tags if preview is not None else Tags()
    return Developed(size, upright, tags_of_raw(body) or told)


@contextmanager
def _opened(body: bytes, content_type: str) -> Iterator[rawpy.RawPy]:
    try:
        with rawpy.imread(io.BytesIO(body)) as raw:
            yield raw
    except rawpy.LibRawUnsufficientMemoryError as error:
        raise MemoryError from error
    except (rawpy.LibRawFileUnsupportedError, rawpy.NotSupportedError) as error:
        raise faults.unsupported_picture(content_type) from error
    except rawpy.LibRawError as error:
        raise faults.broken_picture(_said(error)) from error


def _preview(
    raw: rawpy.RawPy, lying: tuple[int, int], lies: int, options: Options
) -> Developed | None:
    try:
        found = raw.extract_thumb()
        if found.format == rawpy.ThumbFormat.JPEG:
            picture = open_picture(io.BytesIO(bytes(found.data)), "image/jpeg", options)
        else:
            picture = Image.fromarray(np.asarray(found.data))
        if max(picture.size) < min(_LEAST_PREVIEW, max(lying)):
            return None
        tags = tags_of(picture)
        return Developed(lying, normalised(picture, _lies(picture, lying, lies)), tags)
    except (rawpy.LibRawError, Permanent):
        # Without a preview, or with a broken one, it is still a picture.
        return None


def _lies(picture: Image.Image, lying: tuple[int, int], lies: int) -> int:
    """How a preview lies: as it says or as the raw picture does, unless it was turned already.

    That shows in its shape only: where a preview says nothing, LibRaw speaks for it.
    """
    was_wide, is_wide = lying[0] > lying[1], picture.width > picture.height
    if lies in _SIDEWAYS and was_wide != is_wide:
        return 1
    told = orientation(picture)
    return lies if told == 1 else told


def _in_full(raw: rawpy.RawPy) -> Image.Image:
    """Developed at half its size, which is upright then, and in sRGB."""
    pixels = raw.postprocess(use_camera_wb=True, half_size=True, output_bps=8)
    with damage():
        return shrunk(Image.fromarray(pixels), LONGEST_SIDE)


def _said(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
