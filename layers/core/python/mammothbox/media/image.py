"""Understanding a picture: what it says of itself, and what is made of it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import BinaryIO

from PIL import Image
from PIL.ExifTags import IFD, Base

from mammothbox.media import exif
from mammothbox.media.derivatives import derivatives_of, frame_of
from mammothbox.media.exif import Tags
from mammothbox.media.hints import hints_of
from mammothbox.media.options import Options
from mammothbox.media.phash import perceptual_hash
from mammothbox.media.picture import normalised, open_picture, orientation
from mammothbox.media.plain import plain, plain_text
from mammothbox.media.raw import develop
from mammothbox.media.raw_tags import RAW_TYPES, is_raw
from mammothbox.media.understood import Facts, Understood

_MOVING = {"GIF", "PNG", "WEBP", "AVIF"}
_SEVERAL = {*_MOVING, "TIFF"}
_FIRST_SIDEWAYS = 5
# What a PNG says in other ways than by words.
_NO_WORDS = {"exif", "xmp", "XML:com.adobe.xmp", "icc_profile", "transparency", "background"}


@dataclass(frozen=True)
class _Seen:
    """A picture as it was seen: `words` are what it says beside its tags."""

    size: tuple[int, int]
    upright: Image.Image
    tags: Tags
    orientation: int | None = None
    words: dict[str, str] = field(default_factory=dict)
    xmp: bytes = b""
    frames: int | None = None
    moves: bool = False


def understand_image(file: BinaryIO, content_type: str, options: Options) -> Understood:
    """All that a picture yields. Raises `Permanent` when it cannot be read."""
    with warnings.catch_warnings():
        # Pillow warns of every oddity in what a file says of itself.
        warnings.simplefilter("ignore")
        seen = _seen(file, content_type, options)
        return Understood(
            facts=_facts(seen),
            derivatives=derivatives_of(seen.upright, _place_only(seen.tags, options)),
            frames=(frame_of(seen.upright),),
            phash=perceptual_hash(seen.upright),
            hints=_hints(seen),
        )


def _seen(file: BinaryIO, content_type: str, options: Options) -> _Seen:
    # Cameras' files are TIFF at heart, and not each of them says at its beginning whose it is.
    if content_type in RAW_TYPES or (content_type == "image/tiff" and is_raw(file)):
        found = develop(file, content_type, options)
        return _Seen(found.size, found.upright, found.tags, exif.orientation(found.tags))
    file.seek(0)
    picture = open_picture(file, content_type, options)
    tags = exif.tags_of(picture)
    size = picture.size
    upright = normalised(picture)
    if orientation(picture) >= _FIRST_SIDEWAYS:
        size = size[1], size[0]
    frames = _frames(picture)
    return _Seen(
        size,
        upright,
        tags,
        # The decoder of HEIC turns the picture, and takes the tag out.
        picture.info.get("original_orientation") or exif.orientation(tags),
        words=_words(picture),
        xmp=_xmp(picture),
        frames=frames,
        moves=picture.format in _MOVING and frames is not None,
    )


def _hints(seen: _Seen) -> tuple[str, ...]:
    said = " ".join(seen.words.values())
    return hints_of(seen.size, seen.tags, xmp=seen.xmp, words=said, animated=seen.moves)


def _facts(seen: _Seen) -> Facts:
    taken_at, taken_offset_min = exif.taken_at(seen.tags)
    told = exif.everything(seen.tags)
    return Facts(
        width=seen.size[0],
        height=seen.size[1],
        orientation=seen.orientation,
        frames=seen.frames,
        taken_at=taken_at,
        taken_offset_min=taken_offset_min,
        place=exif.place(seen.tags),
        camera=exif.camera(seen.tags),
        title=exif.title(seen.tags) or seen.words.get("Title"),
        artist=exif.text(seen.tags.image.get(Base.Artist)),
        everything={**told, "text": plain(seen.words)} if seen.words else told,
    )


def _words(picture: Image.Image) -> dict[str, str]:
    """What a PNG says in words, and the comments of the others."""
    told = picture.info if picture.format == "PNG" else {"comment": picture.info.get("comment")}
    words = {str(key): exif.text(value) for key, value in told.items() if key not in _NO_WORDS}
    return {plain_text(key): value for key, value in words.items() if value}


def _xmp(picture: Image.Image) -> bytes:
    found = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or b""
    return found.encode("utf-8", "replace") if isinstance(found, str) else bytes(found)


def _frames(picture: Image.Image) -> int | None:
    """How many pictures there are in the file, if there are several."""
    if picture.format not in _SEVERAL:
        return None
    try:
        frames = int(getattr(picture, "n_frames", 1))
    except Exception:
        # The first is there; how many more would have been is not to be known.
        return None
    return frames if frames > 1 else None


def _place_only(tags: Tags, options: Options) -> bytes | None:
    """EXIF for the derivative that says where it was taken, if it may."""
    if not (options.keep_gps_in_derivatives and tags.gps and exif.place(tags)):
        return None
    kept = Image.Exif()
    kept[IFD.GPSInfo] = dict(tags.gps)
    try:
        return kept.tobytes()
    except Exception:
        # What a file says need not be what can be written.
        return None
