"""The picture of a sound: how loud it is from beginning to end.

The sound is read as a stream, in memory that does not grow with its length. A long one is
sampled: short windows all along it, each after a seek.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray
from PIL import Image

from mammothbox.media.streams import packets_of
from mammothbox.media.understood import Derivative

WIDTH, HEIGHT = 1024, 256

# Up to here every sample is decoded: ten minutes of stereo at 48 kHz.
_MOST_SAMPLES = 60_000_000
# Each costs a seek, and what is fetched around it: some megabytes.
_WINDOWS = 128
_WINDOW_S = Fraction(1, 2)
_MOST_LEVELS = 4 * WIDTH
_LEAST_STRETCH = 64
_NEXT_TO_SILENCE = 0.03
_INK = (59, 130, 246)
# What PCM counts up to; floating point counts to 1.
_FULL_SCALE = {"u8": 2.0**7, "s16": 2.0**15, "s32": 2.0**31, "s64": 2.0**63}
# Nothing in this form tells where a moment is, but its frames are found from anywhere.
_SOUGHT_BY_BYTE = "aac"

Levels = NDArray[np.float32]


@dataclass(frozen=True)
class Heard:
    """The loudest sample of each stretch, in order; none where nothing could be decoded."""

    levels: Levels
    duration_s: Fraction | None = None


class Envelope:
    """How loud a sound is in each stretch of it, while its length is not known yet.

    When there are many stretches, each two become one of twice the length.
    """

    def __init__(self) -> None:
        self._stretch = _LEAST_STRETCH
        self._levels = np.empty(0, np.float32)
        self._waiting = np.empty(0, np.float32)

    def add(self, loudness: Levels) -> None:
        """The next samples, as `loudness_of` gives them."""
        waiting = np.concatenate([self._waiting, loudness])
        while len(waiting) >= self._stretch:
            count = min(len(waiting) // self._stretch, _MOST_LEVELS - len(self._levels))
            heard, waiting = np.split(waiting, [count * self._stretch])
            self._levels = np.concatenate([self._levels, _loudest(heard, self._stretch)])
            if len(self._levels) == _MOST_LEVELS:
                self._levels = _loudest(self._levels, 2)
                self._stretch *= 2
        self._waiting = waiting

    def levels(self) -> Levels:
        """The loudest sample of each stretch, in order; none if there was no sound."""
        last = self._waiting.max(keepdims=True) if len(self._waiting) else self._waiting
        return np.concatenate([self._levels, last])


def listen(container: InputContainer, sound: AudioStream, duration_s: Fraction | None) -> Heard:
    """How loud the sound is from beginning to end, and how long it was if all of it was heard."""
    samples = (duration_s or 0) * sound.codec_context.sample_rate * sound.codec_context.channels
    if duration_s is not None and samples > _MOST_SAMPLES:
        return _heard_in_windows(container, sound, duration_s)
    return _heard_at_length(container, sound)


def loudness_of(frame: AudioFrame) -> Levels:
    """Absolute values from 0 to 1, the loudest channel's."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    kind = frame.format.name.removesuffix("p")
    # Floating point may hold anything, also what is no number.
    with np.errstate(all="ignore"):
        values = samples.astype(np.float32) - (128 if kind == "u8" else 0)
        loudness = np.abs(values).max(axis=0, initial=0) / _FULL_SCALE.get(kind, 1.0)
    bounded: Levels = np.nan_to_num(loudness, nan=0.0).clip(0, 1).astype(np.float32)
    return bounded


def drawn(levels: Levels) -> Derivative:
    """The waveform as a PNG that is transparent around it.

    The loudest bar is as high as the picture, so that a quiet recording shows its course too;
    what is next to silence stays low.
    """
    starts = np.arange(WIDTH) * len(levels) // WIDTH
    columns = np.maximum.reduceat(levels, starts)
    heights = columns / max(float(columns.max()), _NEXT_TO_SILENCE) * (HEIGHT / 2 - 1)
    from_middle = np.abs(np.arange(HEIGHT) - (HEIGHT - 1) / 2)
    # Silence is a thin line.
    inked = from_middle[:, None] <= np.maximum(heights, 1)[None, :]
    picture = Image.fromarray(inked.astype(np.uint8), "P")
    picture.putpalette([255, 255, 255, *_INK])
    body = io.BytesIO()
    picture.save(body, "PNG", transparency=0, bits=1)
    return Derivative("waveform.png", "image/png", WIDTH, HEIGHT, body.getvalue())


def _heard_at_length(container: InputContainer, sound: AudioStream) -> Heard:
    envelope, samples, seconds = Envelope(), 0, Fraction(0)
    for frame in _frames(container, sound):
        envelope.add(loudness_of(frame))
        seconds += _seconds(frame)
        samples += frame.samples * frame.layout.nb_channels
        if samples > _MOST_SAMPLES:
            return Heard(envelope.levels())
    return Heard(envelope.levels(), seconds)


def _heard_in_windows(container: InputContainer, sound: AudioStream, duration_s: Fraction) -> Heard:
    levels = np.zeros(_WINDOWS, np.float32)
    heard = Fraction(0)
    for window in range(_WINDOWS):
        if not _jump(container, sound, duration_s, Fraction(window, _WINDOWS)):
            continue
        enough = heard + _WINDOW_S
        for frame in _frames(container, sound):
            levels[window] = max(levels[window], loudness_of(frame).max(initial=0))
            heard += _seconds(frame)
            if heard >= enough:
                break
    return Heard(levels if heard else levels[:0])


def _seconds(frame: AudioFrame) -> Fraction:
    return Fraction(frame.samples, max(1, frame.sample_rate))


def _jump(
    container: InputContainer, sound: AudioStream, duration_s: Fraction, share: Fraction
) -> bool:
    try:
        if container.format.name == _SOUGHT_BY_BYTE:
            container.seek(int(container.size * share), unsupported_byte_offset=True)
        else:
            moment = duration_s * share / (sound.time_base or 1)
            container.seek(int(moment) + (sound.start_time or 0), stream=sound)
    except FFmpegError:
        return False
    return True


def _frames(container: InputContainer, sound: AudioStream) -> Iterator[AudioFrame]:
    """The sound from here on; damaged packets are left out."""
    for packet in packets_of(container, sound):
        try:
            yield from sound.codec_context.decode(packet)
        except FFmpegError as error:
            if isinstance(error, MemoryError):
                raise


def _loudest(levels: Levels, each: int) -> Levels:
    loudest: Levels = levels.reshape(-1, each).max(axis=1)
    return loudest
