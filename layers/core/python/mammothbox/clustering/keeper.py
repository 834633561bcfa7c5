"""Which of several copies of a picture is worth keeping, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

# How much a format keeps of a picture: all the camera saw, every pixel, much, less, few colours.
_FORMATS = {
    "image/png": ("PNG", 3),
    "image/apng": ("PNG", 3),
    "image/tiff": ("TIFF", 3),
    "image/bmp": ("BMP", 3),
    "image/heic": ("HEIC", 2),
    "image/heif": ("HEIF", 2),
    "image/avif": ("AVIF", 2),
    "image/jpeg": ("JPEG", 1),
    "image/webp": ("WebP", 1),
    "image/gif": ("GIF", 0),
}
# Cameras' own formats are image/x-nikon-nef and the like.
_OF_CAMERAS = "image/x-"
_RAW = ("RAW", 4)
_UNKNOWN = ("another format", 0)
_KILO, _MEGA = 1000, 1_000_000


@dataclass(frozen=True)
class Copy:
    """One of the copies. Of some the size in pixels is not known."""

    asset_id: UUID
    width: int | None
    height: int | None
    content_type: str
    size_bytes: int
    arrived_at: datetime

    @property
    def pixels(self) -> int:
        return (self.width or 0) * (self.height or 0)

    @property
    def format(self) -> tuple[str, int]:
        """Its name, and how much it keeps."""
        if self.content_type.startswith(_OF_CAMERAS):
            return _RAW
        return _FORMATS.get(self.content_type, _UNKNOWN)


@dataclass(frozen=True)
class Keeper:
    """The copy to keep; `reason` is a sentence for its owner."""

    asset_id: UUID
    reason: str


def keeper(copies: Sequence[Copy]) -> Keeper:
    """The copy with the most pixels, then in the better format, with more bytes, the oldest.

    There is at least one copy. The reason is what the decision fell on.
    """
    left = list(copies)
    for worth, reason in _WORTH:
        most = max(worth(copy) for copy in left)
        best = [copy for copy in left if worth(copy) == most]
        if len(best) == 1 and len(left) > 1:
            others = [copy for copy in left if copy is not best[0]]
            return Keeper(best[0].asset_id, reason(best[0], max(others, key=worth)))
        left = best
    first = min(left, key=lambda copy: copy.asset_id)
    return Keeper(first.asset_id, "The copies do not differ.")


def _most_pixels(best: Copy, next_best: Copy) -> str:
    others = f"{next_best.width} × {next_best.height}" if next_best.pixels else "an unknown size"
    return f"It has the most pixels: {best.width} × {best.height}; the next has {others}."


def _better_format(best: Copy, next_best: Copy) -> str:
    better, worse = best.format[0], next_best.format[0]
    return f"Of those with the most pixels it is in the better format: {better}, not {worse}."


def _more_bytes(best: Copy, next_best: Copy) -> str:
    more, less = _size(best.size_bytes), _size(next_best.size_bytes)
    if more == less:
        more, less = f"{best.size_bytes:,} bytes", f"{next_best.size_bytes:,}"
    return f"Pixels and format are the same, and it has more bytes: {more}, not {less}."


def _oldest(best: Copy, _next_best: Copy) -> str:
    return f"The copies do not differ, and it came first: {best.arrived_at:%Y-%m-%d %H:%M}."


def _size(count: int) -> str:
    return f"{count / _MEGA:.1f} MB" if count >= _MEGA else f"{count / _KILO:.1f} kB"


_WORTH: tuple[tuple[Callable[[Copy], float], Callable[[Copy, Copy], str]], ...] = (
    (lambda copy: copy.pixels, _most_pixels),
    (lambda copy: copy.format[1], _better_format),
    (lambda copy: copy.size_bytes, _more_bytes),
    (lambda copy: -copy.arrived_at.timestamp(), _oldest),
)
