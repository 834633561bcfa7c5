"""Understanding a video: what it says of itself, its key frames, and its poster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import BinaryIO

from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from mammothbox.errors import Permanent
from mammothbox.media import recording
from mammothbox.media.audio import understand_audio
from mammothbox.media.containers import broken, opened
from mammothbox.media.derivatives import derivatives_of, frame_of
from mammothbox.media.keyframes import candidate_times, frames_wanted, pick
from mammothbox.media.options import Options
from mammothbox.media.phash import perceptual_hash
from mammothbox.media.shots import Shot, at_key_frames, one_after_the_other, prepare, shots_of
from mammothbox.media.streams import (
    all_tags,
    bit_rate_of,
    codec_of,
    everything,
    film_of,
    measured_seconds,
    milliseconds,
    seconds_of,
    sound_of,
)
from mammothbox.media.understood import Derivative, Facts, Understood

# What the catalogue can count; more is damage.
_MOST_FRAMES = 2**31 - 1


def understand_video(file: BinaryIO, content_type: str, options: Options) -> Understood:
    """All that a video yields; its frames in the order of time.

    A container that holds only sound is understood as a sound. Raises `Permanent` when there
    is neither, and when not one picture can be decoded.
    """
    with opened(file, content_type) as container:
        film = film_of(container)
        if film is not None:
            prepare(container, film, options.max_pixels)
            duration = seconds_of(container, film)
            if duration is None:
                duration = measured_seconds(container, film)
            wanted = frames_wanted(duration, options.max_frames)
            times = candidate_times(duration, wanted)
            shots = list(shots_of(at_key_frames(container, film, times), film))
            facts, hints = _facts(container, film, duration)
    if film is None:
        file.seek(0)
        return understand_audio(file, content_type, options)
    picked = pick(shots, wanted)
    if len(picked) < wanted:
        # Few key frames, or black ones: short clips often have a single one, faded in.
        shots = _further(shots, file, content_type, options, times)
        picked = pick(shots, wanted) or shots[:1]
    return _understood(facts, hints, picked)


def _further(
    shots: list[Shot],
    file: BinaryIO,
    content_type: str,
    options: Options,
    times: Sequence[Fraction],
) -> list[Shot]:
    """These shots, and others from the start of the film. Raises `Permanent` if there are none."""
    file.seek(0)
    try:
        with opened(file, content_type) as container:
            film = film_of(container)
            if film is not None:
                prepare(container, film, options.max_pixels)
                frames = one_after_the_other(container, film, step=times[1] - times[0])
                shots = [*shots, *islice(shots_of(frames, film), len(times))]
            if not shots:
                raise broken(content_type)
    except Permanent:
        if not shots:
            raise
    return shots


def _facts(
    container: InputContainer, film: VideoStream, duration_s: Fraction | None
) -> tuple[Facts, tuple[str, ...]]:
    sound = sound_of(container)
    tags = all_tags(container, film, sound)
    taken_at, offset = recording.taken(tags)
    facts = Facts(
        frames=film.frames if 0 < film.frames <= _MOST_FRAMES else None,
        duration_ms=milliseconds(duration_s),
        taken_at=taken_at,
        taken_offset_min=offset,
        place=recording.place(tags),
        camera=recording.camera(tags),
        video_codec=codec_of(film),
        audio_codec=codec_of(sound),
        bit_rate=bit_rate_of(container),
        title=tags.get("title") or None,
        artist=tags.get("artist") or None,
        album=tags.get("album") or None,
        everything=everything(container, tags),
    )
    return facts, recording.hints(tags, film.average_rate)


def _understood(facts: Facts, hints: tuple[str, ...], picked: Sequence[Shot]) -> Understood:
    best = picked[0]
    poster = Image.fromarray(best.pixels, "RGB")
    width, height = best.size
    in_time = sorted(picked, key=lambda shot: shot.at_ms)
    return Understood(
        facts=facts.model_copy(
            update={"width": width, "height": height, "orientation": best.orientation}
        ),
        derivatives=_derivatives(poster),
        frames=tuple(frame_of(Image.fromarray(shot.pixels), shot.at_ms) for shot in in_time),
        phash=perceptual_hash(poster),
        hints=hints,
    )


def _derivatives(poster: Image.Image) -> tuple[Derivative, ...]:
    """The poster goes by its own name, and by that under which every preview is served."""
    preview, *thumbnails = derivatives_of(poster)
    return replace(preview, name="poster.jpg"), preview, *thumbnails
