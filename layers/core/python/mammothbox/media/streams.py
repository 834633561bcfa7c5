"""What a video or a sound says of itself: its container, its streams, and all of its tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import islice
from typing import TypeVar, cast

from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream
from pydantic import JsonValue

from mammothbox.media.plain import plain, plain_text
from mammothbox.media.recording import lowered, tells_place

_Stream = TypeVar("_Stream", bound=Stream)

_NO_FILM = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
_DEFAULT = Disposition.default
# What every stream of its own says, and what says nothing of the whole.
_OF_STREAMS = {"language", "handler_name", "vendor_id", "encoder", "duration"}
_MOST_STREAMS = 64
# About an hour.
_MOST_MEASURED_PACKETS = 200_000
_MICROSECONDS = 1_000_000
# A century: what says it is longer is damaged.
_LONGEST_S = 100 * 366 * 24 * 3600


def film_of(container: InputContainer) -> VideoStream | None:
    """The stream that is the film: no cover picture and no strip of thumbnails."""
    films = [stream for stream in container.streams.video if not stream.disposition & _NO_FILM]
    return max(films, key=_importance, default=None)


def sound_of(container: InputContainer) -> AudioStream | None:
    """The stream that is heard first."""
    sounds = [stream for stream in container.streams.audio if stream.codec_context]
    return max(sounds, key=lambda stream: bool(stream.disposition & _DEFAULT), default=None)


def _importance(film: VideoStream) -> tuple[bool, int]:
    context = film.codec_context
    size = context.width * context.height if context else 0
    return bool(film.disposition & _DEFAULT), size


def packets_of(container: InputContainer, stream: _Stream) -> Iterator[Packet[_Stream]]:
    """The stream's packets from here on, up to its end or up to where the file is damaged."""
    try:
        yield from cast("Iterator[Packet[_Stream]]", container.demux(stream))
    except FFmpegError as error:
        if isinstance(error, MemoryError):
            raise


def seconds_of(container: InputContainer, stream: Stream) -> Fraction | None:
    """How long it plays, by the container or else by the stream; `None` when neither knows."""
    if container.duration is not None:
        seconds = Fraction(container.duration, _MICROSECONDS)
    elif stream.duration is not None and stream.time_base:
        seconds = stream.duration * stream.time_base
    else:
        return None
    return seconds if 0 <= seconds <= _LONGEST_S else None


def measured_seconds(container: InputContainer, stream: Stream) -> Fraction | None:
    """How long it plays, found by reading all of it: what browsers record does not say.

    `None` where that is too much. Leaves the container at its end.
    """
    end = Fraction(0)
    for count, packet in enumerate(packets_of(container, stream)):
        if count == _MOST_MEASURED_PACKETS:
            return None
        if packet.pts is not None and packet.time_base:
            told = packet.pts + (packet.duration or 0) - (stream.start_time or 0)
            end = max(end, told * packet.time_base)
    return end if 0 < end <= _LONGEST_S else None


def milliseconds(seconds: Fraction | None) -> int | None:
    """Whole milliseconds, for the catalogue."""
    return None if seconds is None else round(seconds * 1000)


def bit_rate_of(*sources: InputContainer | CodecContext) -> int | None:
    """Bits a second, by the first of them that says something sensible."""
    rates = (source.bit_rate or 0 for source in sources)
    return next((rate for rate in rates if rate > 0), None)


def codec_of(stream: Stream | None) -> str | None:
    """The codec's usual name, such as `h264` or `aac`."""
    if stream is None or stream.codec_context is None:
        return None
    return stream.codec_context.codec.canonical_name


def all_tags(container: InputContainer, *streams: Stream | None) -> dict[str, str]:
    """The tags of the container, and of these streams what the container does not say."""
    tags: dict[str, str] = {}
    for stream in streams:
        if stream is not None:
            told = lowered(stream.metadata)
            tags = {**{name: told[name] for name in told if name not in _OF_STREAMS}, **tags}
    return {**tags, **lowered(container.metadata)}


def everything(container: InputContainer, tags: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """All that the file carries; tags that may tell a place stand in a group of their own."""
    groups: dict[str, JsonValue] = {
        "container": _container(container),
        "streams": [_stream(stream) for stream in islice(container.streams, _MOST_STREAMS)],
        "chapters": plain([_chapter(chapter) for chapter in container.chapters()]),
        "tags": plain({name: tags[name] for name in tags if not tells_place(name)}),
        "gps": plain({name: tags[name] for name in tags if tells_place(name)}),
    }
    return {name: group for name, group in groups.items() if group}


def _container(container: InputContainer) -> JsonValue:
    return {
        "format": container.format.name,
        "duration_us": container.duration,
        "bit_rate": container.bit_rate or None,
        "streams": len(container.streams),
    }


def _stream(stream: Stream) -> JsonValue:
    said: dict[str, object] = {
        "type": stream.type,
        "codec": codec_of(stream),
        "profile": stream.profile if stream.codec_context else None,
        "language": stream.language,
        "frames": stream.frames or None,
        "roles": [role.name for role in stream.disposition],
        "tags": {
            name: value
            for name, value in lowered(stream.metadata).items()
            if not tells_place(name) and name != "language"
        },
        **(_film(stream) if isinstance(stream, VideoStream) else {}),
        **(_sound(stream) if isinstance(stream, AudioStream) else {}),
    }
    return plain({name: value for name, value in said.items() if value not in (None, [], {})})


def _film(stream: VideoStream) -> dict[str, object]:
    context = stream.codec_context
    if context is None:
        return {}
    return {
        "coded_width": context.width,
        "coded_height": context.height,
        "pixel_format": context.pix_fmt,
        "pixel_aspect": _text(stream.sample_aspect_ratio),
        "frames_per_second": _number(stream.average_rate),
        "bit_rate": context.bit_rate or None,
    }


def _sound(stream: AudioStream) -> dict[str, object]:
    context = stream.codec_context
    if context is None:
        return {}
    return {
        "sample_rate": context.sample_rate,
        "channels": context.channels,
        "layout": context.layout.name,
        "bit_rate": context.bit_rate or None,
    }


def _chapter(chapter: Mapping[str, object]) -> dict[str, object]:
    base, start = chapter["time_base"], chapter["start"]
    metadata = chapter["metadata"]
    title = metadata.get("title", "") if isinstance(metadata, Mapping) else ""
    at = start * base if isinstance(start, int) and isinstance(base, Fraction) else Fraction(0)
    return {"at_ms": round(at * 1000), "title": plain_text(title)}


def _number(fraction: Fraction | None) -> float | None:
    return round(float(fraction), 3) if fraction else None


def _text(fraction: Fraction | None) -> str | None:
    return str(fraction) if fraction else None
