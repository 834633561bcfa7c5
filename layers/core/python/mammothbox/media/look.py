"""What a picture is recognised by, beside its perceptual hash."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from mammothbox.media.detail import detail, miniature
from mammothbox.media.understood import Understood


@dataclass(frozen=True)
class Look:
    """The hash, and what keeps it honest: see `mammothbox.media.detail`."""

    phash: str
    detail: float
    miniature: bytes


def look_of(understood: Understood) -> Look | None:
    """How a still picture looks; `None` for anything that moves, or shows nothing."""
    if understood.phash is None or not understood.frames:
        return None
    frame = understood.frames[0]
    if frame.at_ms is not None:
        return None
    picture = Image.frombytes("RGB", (frame.width, frame.height), frame.rgb)
    return Look(understood.phash, detail(picture), miniature(picture))
