"""What only the reading of a picture shows, in words that become tags."""

from __future__ import annotations

import re

from mammothbox.media.exif import Tags, comment, text
from mammothbox.media.makernote import apple_notes

# The notes of Apple's cameras that tie a picture to others.
_BURST, _LIVE = 0x000B, 0x0011
# Phones take pictures of up to 21:9; and what is merely wide is a banner.
_WIDE = 2.4
_LEAST_PANORAMA_WIDTH = 2000
_NEARLY_SQUARE = 1.02
_PANORAMA_XMP = re.compile(rb"GPano:(ProjectionType|UsePanoramaViewer)")
_LIVE_XMP = re.compile(rb'(GCamera:|Camera:)?(MotionPhoto|MicroVideo)(="|>)1')
_BURST_XMP = re.compile(rb"GCamera:BurstID")
_SCREENSHOT = re.compile(
    r"\b(screenshot|screen shot|spectacle|flameshot|ksnip|greenshot|snagit|sharex|scrot)\b", re.I
)
_MAKER_NOTE = 37500
_SOFTWARE = 305
_DESCRIPTION = 270


def hints_of(
    size: tuple[int, int], tags: Tags, *, xmp: bytes, words: str, animated: bool
) -> tuple[str, ...]:
    """The hints for an upright picture of this size; `words` are a PNG's own."""
    notes = apple_notes(tags.exif.get(_MAKER_NOTE))
    screenshot = _is_screenshot(tags, words)
    found = {
        _shape(size): True,
        "panorama": not screenshot and _is_panorama(size, xmp),
        "screenshot": screenshot,
        "live": _LIVE in notes or bool(_LIVE_XMP.search(xmp)),
        "burst": _BURST in notes or bool(_BURST_XMP.search(xmp)),
        "animated": animated,
    }
    return tuple(hint for hint, holds in found.items() if holds)


def _shape(size: tuple[int, int]) -> str:
    width, height = size
    if max(size) <= min(size) * _NEARLY_SQUARE:
        return "square"
    return "landscape" if width > height else "portrait"


def _is_panorama(size: tuple[int, int], xmp: bytes) -> bool:
    width, height = size
    wide = width >= height * _WIDE and width >= _LEAST_PANORAMA_WIDTH
    return wide or bool(_PANORAMA_XMP.search(xmp))


def _is_screenshot(tags: Tags, words: str) -> bool:
    """Only where the program that made it says so: a size or a missing camera prove nothing."""
    said = (
        comment(tags),
        text(tags.image.get(_SOFTWARE)),
        text(tags.image.get(_DESCRIPTION)),
        words,
    )
    return any(_SCREENSHOT.search(one) for one in said if one)
