"""The perceptual hash: pictures that look alike differ in few of its 64 bits."""

from __future__ import annotations

from importlib import import_module

import imagehash
from PIL import Image

# imagehash imports this within `phash`: here it is loaded once, before any child is forked.
import_module("scipy.fftpack")


def perceptual_hash(picture: Image.Image) -> str:
    """imagehash's 64 bits as 16 hexadecimal digits."""
    return str(imagehash.phash(picture))
