"""Opening pictures with Pillow: only as what their bytes are, and never a bomb."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pillow_heif

# Each registers itself with Pillow. `Image.init()` would load forty more, on first use.
from PIL import (
    AvifImagePlugin,  # noqa: F401
    BmpImagePlugin,  # noqa: F401
    ExifTags,
    GifImagePlugin,  # noqa: F401
    IcoImagePlugin,  # noqa: F401
    Image,
    Jpeg2KImagePlugin,  # noqa: F401
    JpegImagePlugin,
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from mammothbox.errors import Permanent
from mammothbox.media import faults
from mammothbox.media.colour import eight_bits, srgb
from mammothbox.media.derivatives import LONGEST_SIDE, fitting, shrunk
from mammothbox.media.options import Options
from mammothbox.media.rare_tiff import rarity

pillow_heif.register_heif_opener(decode_threads=1, depth_images=False, aux_images=False)
# Editors put their history and whole profiles of printers into PNG.
PngImagePlugin.MAX_TEXT_MEMORY = PngImagePlugin.MAX_TEXT_CHUNK = 16 * 1024**2

_FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/apng": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
    "image/x-icon": "ICO",
    "image/jp2": "JPEG2000",
    "image/jpx": "JPEG2000",
    "image/avif": "AVIF",
    "image/heic": "HEIF",
    "image/heif": "HEIF",
}
# What C libraries say, each in its own words, when an allocation failed.
_OUT_OF_MEMORY = re.compile(r"(out of|insufficient|no|not enough) memory|memory alloc", re.I)
# How Pillow and its plugins say that they know what it is, and have no use for it.
_RARE = re.compile(
    r"unsupported|not (yet )?supported|cannot handle|unable to determine .* mode",
    re.I,
)
# Pillow knows the name, and its libtiff has no decoder.
_TIFF_WITHOUT_DECODER = {"webp"}
_END_OF_JPEG = b"\xff\xd9"
_NOISE = bytes.fromhex("5a93c6396cb1") * 16
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_picture(file: BinaryIO, content_type: str, options: Options) -> Image.Image:
    """The picture's header, as what `content_type` says its bytes are, and as nothing else.

    Raises `Permanent` for what is no picture, and for one of too many pixels.
    """
    if content_type not in _FORMATS:
        raise faults.unsupported_picture(content_type)
    # Pillow's own check, which tells less, comes into play for what lies behind the header.
    Image.MAX_IMAGE_PIXELS = None
    with damage():
        picture = _opened(file, _FORMATS[content_type])
    Image.MAX_IMAGE_PIXELS = options.max_pixels
    if picture.width * picture.height > options.max_pixels:
        raise faults.too_many_pixels(*picture.size, options.max_pixels)
    return picture


def _opened(file: BinaryIO, form: str) -> Image.Image:
    picture: Image.Image
    try:
        picture = Image.open(file, formats=[form])
    except UnidentifiedImageError:
        if form == "TIFF" and (what := rarity(file)) is not None:
            raise faults.rare_picture(what) from None
        # Pillow keeps to itself what it objects to. The reader of this one form tells.
        file.seek(0)
        reader, _ = Image.OPEN[form]
        picture = reader(file, "")
    if form == "TIFF" and picture.info.get("compression") in _TIFF_WITHOUT_DECODER:
        raise faults.rare_picture(rarity(file) or "TIFF")
    return picture


def normalised(picture: Image.Image, lies: int | None = None) -> Image.Image:
    """The picture upright, in sRGB and at most 1024 pixels large. Raises `Permanent`.

    It is decoded only as far as that takes, and is of no further use. `lies` is how it lies
    where that is known better than by its own EXIF.
    """
    with damage():
        small = shrunk(eight_bits(_loaded(picture)), LONGEST_SIDE)
    turn = _TURNS.get(orientation(picture) if lies is None else lies)
    lying = srgb(small, picture.info.get("icc_profile"))
    return lying.transpose(turn) if turn is not None else lying


def _loaded(picture: Image.Image) -> Image.Image:
    wanted = fitting(picture.size, LONGEST_SIDE)
    picture.draft(None, wanted)
    try:
        picture.load()
    except OSError as error:
        if not isinstance(picture, JpegImagePlugin.JpegImageFile) or "truncated" not in str(error):
            raise
        ended = _ended(picture, wanted)
        if ended is None:
            raise
        return ended
    return picture


def _ended(picture: JpegImagePlugin.JpegImageFile, wanted: tuple[int, int]) -> Image.Image | None:
    """A JPEG that lacks its end marker alone; `None` for one that was cut off before."""
    if picture.fp is None:
        return None
    picture.fp.seek(0)
    body = picture.fp.read()
    made = []
    for behind in (b"", _NOISE):
        one = JpegImagePlugin.JpegImageFile(io.BytesIO(body + behind + _END_OF_JPEG))
        one.draft(None, wanted)
        one.load()
        made.append(one)
    # What comes behind the whole picture changes nothing in it.
    return made[0] if made[0].tobytes() == made[1].tobytes() else None


def orientation(picture: Image.Image) -> int:
    """How the pixels lie, by EXIF or XMP: 1 where they are upright, or nothing is said."""
    try:
        told = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        # EXIF that cannot be read says nothing.
        return 1
    return told if told in _TURNS else 1


@contextmanager
def damage() -> Iterator[None]:
    """What a decoder raises, as `Permanent`: it depends on nothing but the bytes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except (Permanent, MemoryError):
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise Permanent("too_many_pixels", str(error)) from error
        except Exception as error:
            if _OUT_OF_MEMORY.search(str(error)):
                raise MemoryError from error
            if _RARE.search(str(error)):
                raise faults.rare_picture(str(error)[:200]) from error
            raise faults.broken_picture(str(error)[:200] or type(error).__name__) from error
