"""What a sound's tags say in its format's own words, and the three of them that are shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, BinaryIO

import mutagen
from mutagen.aiff import AIFF
from mutagen.asf import ASF
from mutagen.flac import FLAC
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from mammothbox.media.plain import plain_text

_READERS = MappingProxyType(
    {
        "audio/mpeg": [MP3],
        "audio/mp4": [MP4],
        "video/mp4": [MP4],
        "audio/x-flac": [FLAC],
        "audio/x-wav": [WAVE],
        "audio/x-aiff": [AIFF],
        "audio/ogg": [OggVorbis, OggOpus, OggFLAC, OggSpeex],
        "audio/x-ms-wma": [ASF],
    }
)
_TITLES = ("TIT2", "©nam", "title", "Title")
_ARTISTS = ("TPE1", "©ART", "artist", "Author")
_ALBUMS = ("TALB", "©alb", "album", "WM/AlbumTitle")
# Pictures become a derivative instead.
_PICTURES = {"metadata_block_picture", "coverart", "covr", "WM/Picture"}

# What mutagen may read of a file: tags and their pictures, but no search through all of it.
_MOST_BYTES = 32 * 1024 * 1024
_LEAST_READ = 64
_MOST_VALUES = 32

OwnTags = Mapping[str, tuple[str, ...]]


class _TooMuchToRead(Exception):
    """The tags go on for ever."""


@dataclass
class _Ration:
    """A file of which no more than `left` bytes can be read. Small reads count as more."""

    file: BinaryIO
    left: int = _MOST_BYTES

    def read(self, size: int = -1) -> bytes:
        wanted = self.left + 1 if size < 0 else size
        self.left -= max(wanted, _LEAST_READ)
        if self.left < 0:
            raise _TooMuchToRead
        return self.file.read(wanted)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()


def own_tags(file: BinaryIO, content_type: str) -> OwnTags:
    """The tags under the names that the format gives them; none if they cannot be read."""
    readers = _READERS.get(content_type)
    if readers is None:
        return {}
    file.seek(0)
    try:
        found = mutagen.File(_Ration(file), options=readers)
        tags = dict(found.tags or {}) if found is not None else {}
        said = {name: _words(value) for name, value in tags.items() if name not in _PICTURES}
    except Exception:
        # mutagen meets damage with errors of every kind. The sound itself may be whole.
        return {}
    return {plain_text(name): words for name, words in said.items() if words}


def title(tags: OwnTags) -> str | None:
    """The piece's name."""
    return _first(tags, _TITLES)


def artist(tags: OwnTags) -> str | None:
    """Who plays or speaks; several are told one after the other."""
    return _first(tags, _ARTISTS)


def album(tags: OwnTags) -> str | None:
    """What it is part of."""
    return _first(tags, _ALBUMS)


def _first(tags: OwnTags, names: tuple[str, ...]) -> str | None:
    return next((", ".join(tags[name]) for name in names if name in tags), None)


def _words(value: Any) -> tuple[str, ...]:
    """The value's texts and numbers: of ID3 frames, of ASF's attributes, and of plain lists."""
    values = getattr(value, "text", getattr(value, "value", value))
    several = values if isinstance(values, list) else [values]
    words = (_word(getattr(one, "value", one)) for one in several[:_MOST_VALUES])
    return tuple(dict.fromkeys(word for word in words if word))


def _word(value: Any) -> str:
    match value:
        case bytes():
            # iTunes' own fields are text in bytes; what is longer is a picture or a secret.
            return plain_text(value.decode("utf-8", "ignore")) if len(value) <= _LEAST_READ else ""
        case tuple():
            return "/".join(str(part) for part in value)
        case str() | int() | float():
            return plain_text(str(value))
        case _:
            # ID3 writes moments as objects of its own.
            return plain_text(str(getattr(value, "text", "")))
