"""Single pictures out of a film, without decoding all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from mammothbox.media import faults
from mammothbox.media.containers import VIDEO_DECODERS, unsupported_codec
from mammothbox.media.streams import packets_of
from mammothbox.media.upright import shown_size, turn_of, upright

# 12288 x 6144. A decoder holds several frames at once: above this they outgrow its memory.
MOST_FILM_PIXELS = 80_000_000
# From a place in the film to its next key frame.
_MOST_PACKETS = 2000
# What may be decoded one frame after the other: some 20 s of full HD.
_MOST_WALKED_PIXELS = 1_200_000_000
_MOST_WALKED_FRAMES = 3000
_NO_TIME_BASE = Fraction(1, 1000)


@dataclass(frozen=True)
class Shot:
    """One picture of the film: upright pixels, at most 1024 on a side.

    `size` is width and height as a player shows it; `orientation` is how EXIF would tell the
    way the film was stored.
    """

    at_ms: int
    pixels: NDArray[np.uint8]
    size: tuple[int, int]
    orientation: int


def prepare(container: InputContainer, film: VideoStream, most_pixels: int) -> None:
    """Ready the film's decoder: one thread, and no frame larger than allowed.

    Raises `Permanent` when nothing here can decode it, or when it is too large.
    """
    context = film.codec_context
    if context is None or context.codec.name not in VIDEO_DECODERS:
        name = context.codec.canonical_name if context else "an unknown way"
        raise unsupported_codec(name, "H.264 in MP4")
    most = min(most_pixels, MOST_FILM_PIXELS)
    if context.width * context.height > most:
        raise faults.too_many_pixels(context.width, context.height, most)
    context.thread_count = 1
    context.options = {"max_pixels": str(most)}
    for other in container.streams:
        if other.index != film.index:
            other.discard = Discard.all


def at_key_frames(
    container: InputContainer, film: VideoStream, times: Sequence[Fraction]
) -> Iterator[tuple[Fraction, VideoFrame]]:
    """The key frames at or before these times (seconds from the start), each once.

    What cannot be reached or decoded is left out.
    """
    seen: set[int | None] = set()
    base = film.time_base or _NO_TIME_BASE
    for time in times:
        try:
            container.seek(int(time / base) + (film.start_time or 0), stream=film)
        except FFmpegError:
            continue
        packet = _next_key(container, film)
        if packet is None or packet.pts in seen:
            continue
        seen.add(packet.pts)
        for frame in [*_decoded(film, packet), *_decoded(film, None)][:1]:
            yield _since_start(film, frame), frame


def one_after_the_other(
    container: InputContainer, film: VideoStream, step: Fraction
) -> Iterator[tuple[Fraction, VideoFrame]]:
    """A frame about every `step` seconds from the start on, for as long as is affordable."""
    pixels = max(1, film.codec_context.width * film.codec_context.height)
    affordable = min(_MOST_WALKED_FRAMES, max(1, _MOST_WALKED_PIXELS // pixels))
    due = Fraction(0)
    frames = (frame for packet in packets_of(container, film) for frame in _decoded(film, packet))
    for frame in islice(frames, affordable):
        at = _since_start(film, frame)
        if at >= due:
            due = at + step
            yield at, frame


def shots_of(frames: Iterator[tuple[Fraction, VideoFrame]], film: VideoStream) -> Iterator[Shot]:
    """The frames as shots; what has colours nobody can convert is left out."""
    for at, frame in frames:
        try:
            pixels = upright(frame, film.sample_aspect_ratio)
        except FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            continue
        size = shown_size(frame, film.sample_aspect_ratio)
        yield Shot(round(at * 1000), pixels, size, turn_of(frame).orientation)


def _next_key(container: InputContainer, film: VideoStream) -> Packet[VideoStream] | None:
    packets = islice(packets_of(container, film), _MOST_PACKETS)
    return next((packet for packet in packets if packet.size and packet.is_keyframe), None)


def _decoded(film: VideoStream, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
    """The frames that the packet completes; none if it is damaged."""
    try:
        return film.codec_context.decode(packet)
    except FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        return []


def _since_start(film: VideoStream, frame: VideoFrame) -> Fraction:
    if frame.pts is None:
        return Fraction(0)
    base = frame.time_base or film.time_base or _NO_TIME_BASE
    return max(Fraction(0), frame.pts * base - (film.start_time or 0) * (film.time_base or 0))
