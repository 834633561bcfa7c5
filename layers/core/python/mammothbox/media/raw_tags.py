"""EXIF as raw files carry it: most are TIFF at heart, Canon's newer ones keep it in boxes."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import BinaryIO

from PIL import Image
from PIL.ExifTags import Base

from mammothbox.errors import Permanent
from mammothbox.media.exif import Tags, tags_of_exif

RAW_TYPES = {
    "image/x-adobe-dng",
    "image/x-canon-cr2",
    "image/x-canon-cr3",
    "image/x-fuji-raf",
    "image/x-nikon-nef",
    "image/x-olympus-orf",
    "image/x-panasonic-rw2",
    "image/x-pentax-pef",
    "image/x-samsung-srw",
    "image/x-sony-arw",
}
_DNG_VERSION = 50706
_SUB_IFDS = 330
_NEW_SUBFILE_TYPE, _REDUCED = 254, 1
_PHOTOMETRIC, _SENSOR = 262, {32803, 34892}
# Olympus and Panasonic sign their TIFF with letters of their own.
_TIFF_SIGNATURES = {b"II": b"II*\0", b"MM": b"MM\0*"}
_SIGNATURE_BYTES = 4
# And Panasonic keeps the sensitivity elsewhere.
_PANASONIC, _PANASONICS_ISO = b"IIU\0", 23
# The boxes are in the index, which begins the file.
_INDEX_BYTES = 2**20
_PICTURE_BOX, _EXIF_BOX, _GPS_BOX = b"CMT1", b"CMT2", b"CMT4"


def is_raw(file: BinaryIO) -> bool:
    """Whether a TIFF is but the small picture in front of what a camera's sensor saw."""
    tags = exif_of(file)
    is_reduced = tags.get(_NEW_SUBFILE_TYPE) == _REDUCED and _SUB_IFDS in tags
    return _DNG_VERSION in tags or is_reduced or tags.get(_PHOTOMETRIC) in _SENSOR


def tags_of_raw(body: bytes) -> Tags | None:
    """The tags as far as they can be read; `None` where only the preview has any."""
    signature = _TIFF_SIGNATURES.get(body[:2])
    if signature is not None:
        tags = tags_of_exif(exif_of(io.BytesIO(signature + body[_SIGNATURE_BYTES:])))
        return _with_own_iso(tags) if body.startswith(_PANASONIC) else tags
    if body[4:12] == b"ftypcrx ":
        return Tags(
            image=_box(body, _PICTURE_BOX), exif=_box(body, _EXIF_BOX), gps=_box(body, _GPS_BOX)
        )
    return None


def _with_own_iso(tags: Tags) -> Tags:
    iso = tags.image.get(_PANASONICS_ISO)
    return replace(tags, exif={Base.ISOSpeedRatings: iso, **tags.exif}) if iso else tags


def exif_of(tiff: BinaryIO) -> Image.Exif:
    """The tags of a TIFF's first picture; none where they cannot be read."""
    exif = Image.Exif()
    try:
        tiff.seek(0)
        exif.load_from_fp(tiff)
    except Permanent:
        raise
    except Exception:
        # What cannot be read says nothing.
        return Image.Exif()
    return exif


def _box(body: bytes, name: bytes) -> dict[int, object]:
    """The tags of one box, which is a TIFF without a picture."""
    at = body.find(name, 0, _INDEX_BYTES)
    if at < _SIGNATURE_BYTES:
        return {}
    size = int.from_bytes(body[at - 4 : at], "big")
    return dict(tags_of_exif(exif_of(io.BytesIO(body[at + 4 : at - 4 + size]))).image)
