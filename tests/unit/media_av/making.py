"""Films and sounds made for the tests: small, and different in what the tests are about."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]

# Container, its ffmpeg name, codecs of pictures and sound: what people have.
FILMS = {
    "mp4": ("mp4", "libx264", "aac"),
    "m4v": ("ipod", "libx264", "aac"),
    "mov": ("mov", "libx264", "aac"),
    "mov of mjpeg": ("mov", "mjpeg", "pcm_s16le"),
    "hevc mp4": ("mp4", "libx265", "aac"),
    "3gp": ("3gp", "mpeg4", "aac"),
    "mkv": ("matroska", "libx264", "flac"),
    "webm vp8": ("webm", "libvpx", "libopus"),
    "webm vp9": ("webm", "libvpx-vp9", "libopus"),
    "avi": ("avi", "mpeg4", "libmp3lame"),
    "avi of mjpeg": ("avi", "mjpeg", "pcm_s16le"),
    "flv": ("flv", "flv", "libmp3lame"),
    "flv h264": ("flv", "libx264", "aac"),
    "wmv": ("asf", "wmv2", "wmav2"),
    "mpeg": ("mpeg", "mpeg1video", "mp2"),
}
SOUNDS = {
    "mp3": ("mp3", "libmp3lame"),
    "aac": ("adts", "aac"),
    "m4a": ("ipod", "aac"),
    "alac": ("ipod", "alac"),
    "flac": ("flac", "flac"),
    "wav": ("wav", "pcm_s16le"),
    "wav of 24 bits": ("wav", "pcm_s24le"),
    "wav of floats": ("wav", "pcm_f32le"),
    "ogg": ("ogg", "flac"),
    "opus": ("ogg", "libopus"),
    "aiff": ("aiff", "pcm_s16be"),
    "wma": ("asf", "wmav2"),
}
RATE = 48_000
# Some are one encoder's own; the others do not mind them.
_FAST = {"deadline": "realtime", "cpu-used": "8", "threads": "1", "x265-params": "log-level=none"}


def scene(seed: int, width: int = 160, height: int = 120) -> Picture:
    """A picture of coloured blocks, sharp, and unlike that of any other seed."""
    blocks = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    tall, wide = -(-height // 9), -(-width // 12)
    return np.kron(blocks, np.ones((tall, wide, 1), np.uint8))[:height, :width]


def noise(seed: int, width: int = 160, height: int = 120) -> Picture:
    """A picture that no codec makes small."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def flat(level: int, width: int = 160, height: int = 120) -> Picture:
    """A picture of one grey."""
    return np.full((height, width, 3), level, np.uint8)


def film(
    pictures: Sequence[Picture],
    *,
    form: str = "mp4",
    codec: str = "libx264",
    sound: str | None = None,
    per_second: int = 1,
    times: Iterable[int] | None = None,
    pixels: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    codec_options: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    turn: Mapping[str, Any] | None = None,
    matrix: Sequence[int] | None = None,
    aspect: Fraction | None = None,
) -> bytes:
    """A film of these pictures, each shown for its part of a second, or from its time in ms."""
    file = io.BytesIO()
    with av.open(file, "w", format=form, options=dict(options or {})) as container:
        container.metadata.update(tags or {})
        # Older codecs know only the rates of television.
        stream: Any = container.add_stream(
            codec,
            rate=per_second if times is None else 1000,
            options={**_FAST, **(codec_options or {})},
        )
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else pixels
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if turn is not None:
            stream.set_display_rotation(**turn)
        if matrix is not None:
            stream.set_display_matrix(matrix)
        voice: Any = container.add_stream(sound, rate=RATE, layout="mono") if sound else None
        if voice is not None:
            voice.bit_rate = 64_000
        moments = times if times is not None else range(len(pictures))
        for picture, moment in zip(pictures, moments, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = moment
            frame.time_base = Fraction(1, 1000 if times is not None else per_second)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if voice is not None:
            _speak(container, voice, tone(len(pictures) / per_second))
    return file.getvalue()


def tone(seconds: float, loudness: float = 0.5) -> NDArray[np.float32]:
    """A sine wave."""
    moments = np.arange(round(seconds * RATE)) / RATE
    return (np.sin(moments * 440 * 2 * np.pi) * loudness).astype(np.float32)


def sound(
    samples: NDArray[np.float32],
    *,
    form: str = "wav",
    codec: str = "pcm_s16le",
    tags: Mapping[str, str] | None = None,
    cover: bytes | None = None,
    options: Mapping[str, str] | None = None,
    codec_options: Mapping[str, str] | None = None,
) -> bytes:
    """A sound of one channel, with a PNG or JPEG as its cover."""
    file = io.BytesIO()
    with av.open(file, "w", format=form, options=dict(options or {})) as container:
        container.metadata.update(tags or {})
        voice: Any = container.add_stream(
            codec, rate=RATE, layout="mono", options=dict(codec_options or {})
        )
        voice.bit_rate = 64_000
        if cover is not None:
            _add_cover(container, cover)
        _speak(container, voice, samples)
    return file.getvalue()


def png(picture: Picture) -> bytes:
    """The picture as PNG."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def _add_cover(container: Any, cover: bytes) -> None:
    stream = container.add_stream("png" if cover.startswith(b"\x89PNG") else "mjpeg", rate=1)
    stream.width = stream.height = 8
    stream.pix_fmt = "rgb24" if cover.startswith(b"\x89PNG") else "yuvj420p"
    stream.disposition = av.stream.Disposition.attached_pic
    container.start_encoding()
    packet = av.Packet(cover)
    packet.stream = stream
    packet.is_keyframe = True
    packet.pts = packet.dts = 0
    container.mux(packet)


def _speak(container: Any, voice: Any, samples: NDArray[np.float32]) -> None:
    resampler = av.AudioResampler(format=voice.codec_context.format, layout=voice.layout, rate=RATE)
    for start in range(0, len(samples), RATE):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + RATE], "flt", "mono")
        frame.sample_rate, frame.pts = RATE, start
        for part in resampler.resample(frame):
            container.mux(voice.encode(part))
    for part in resampler.resample(None):
        container.mux(voice.encode(part))
    container.mux(voice.encode())
