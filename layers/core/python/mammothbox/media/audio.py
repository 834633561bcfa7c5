"""Understanding a sound: what it says of itself, its cover, and its waveform."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import BinaryIO

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard, Disposition
from pydantic import JsonValue

from mammothbox.errors import Permanent
from mammothbox.intake.kind import HEAD_BYTES, recognise
from mammothbox.media import recording, sound_tags
from mammothbox.media.containers import SOUND_DECODERS, broken, opened, unsupported_codec
from mammothbox.media.derivatives import derivatives_of
from mammothbox.media.options import Options
from mammothbox.media.picture import normalised, open_picture
from mammothbox.media.sound_tags import OwnTags
from mammothbox.media.streams import (
    all_tags,
    bit_rate_of,
    codec_of,
    everything,
    milliseconds,
    seconds_of,
    sound_of,
)
from mammothbox.media.understood import Derivative, Facts, Understood
from mammothbox.media.waveform import drawn, listen

# Ambisonics of the seventh order. Nobody hears more, and every channel takes memory.
_MOST_CHANNELS = 64
_MOST_COVERS = 3
# ffmpeg takes their length from their size and first frames, which may be silence.
_GUESSES_LENGTH = {"aac", "mp3", "amr"}
_FRONT = "cover (front)"


def understand_audio(file: BinaryIO, content_type: str, options: Options) -> Understood:
    """All that a sound yields. Raises `Permanent` when nothing can be heard in it.

    A damaged cover is left out. The sound has no perceptual hash: it would be its cover's,
    which a whole album shares.
    """
    with opened(file, content_type) as container:
        sound = sound_of(container)
        if sound is None:
            raise broken(content_type)
        _prepare(container, sound)
        covers = _cover_files(container, sound)
        told = seconds_of(container, sound)
        heard = listen(container, sound, told)
        if not len(heard.levels):
            raise broken(content_type)
        tags = all_tags(container, sound)
        duration_s = _duration(container, told, heard.duration_s)
        facts = _facts(container, sound, tags, duration_s)
    return Understood(
        facts=_in_its_own_words(facts, sound_tags.own_tags(file, content_type)),
        derivatives=(drawn(heard.levels), *_cover(covers, options)),
        hints=recording.hints(tags),
    )


def _duration(
    container: InputContainer, told: Fraction | None, heard: Fraction | None
) -> Fraction | None:
    if told is None or (heard and container.format.name in _GUESSES_LENGTH):
        return heard
    return told


def _prepare(container: InputContainer, sound: AudioStream) -> None:
    context = sound.codec_context
    if context.codec.name not in SOUND_DECODERS:
        raise unsupported_codec(context.codec.canonical_name, "AAC or FLAC")
    if context.channels > _MOST_CHANNELS:
        raise Permanent(
            "broken_audio",
            f"The sound claims {context.channels} channels; at most {_MOST_CHANNELS} can be read.",
        )
    context.thread_count = 1
    for other in container.streams:
        if other.index != sound.index and not other.disposition & Disposition.attached_pic:
            other.discard = Discard.all


def _facts(
    container: InputContainer,
    sound: AudioStream,
    tags: Mapping[str, str],
    duration_s: Fraction | None,
) -> Facts:
    # Music tells when it was published or ripped, not when it was played.
    recorded = "voice_memo" in recording.hints(tags)
    taken_at, offset = recording.taken(tags) if recorded else (None, None)
    return Facts(
        duration_ms=milliseconds(duration_s),
        taken_at=taken_at,
        taken_offset_min=offset,
        place=recording.place(tags),
        audio_codec=codec_of(sound),
        bit_rate=bit_rate_of(container, sound.codec_context),
        title=tags.get("title") or None,
        artist=tags.get("artist") or None,
        album=tags.get("album") or None,
        everything=everything(container, tags),
    )


def _in_its_own_words(facts: Facts, own: OwnTags) -> Facts:
    """With what the format's own tags say, which ffmpeg tells in part."""
    words: dict[str, JsonValue] = {
        name: list(said) for name, said in own.items() if not recording.tells_place(name)
    }
    return facts.model_copy(
        update={
            "title": sound_tags.title(own) or facts.title,
            "artist": sound_tags.artist(own) or facts.artist,
            "album": sound_tags.album(own) or facts.album,
            "everything": {**facts.everything, **({"own_tags": words} if words else {})},
        }
    )


def _cover_files(container: InputContainer, sound: AudioStream) -> list[bytes]:
    """The pictures that the file carries, the front cover first."""
    pictures = [
        stream
        for stream in container.streams.video
        if stream.disposition & Disposition.attached_pic
    ]
    pictures.sort(key=lambda stream: stream.metadata.get("comment", "").lower() != _FRONT)
    # ffmpeg hands them out before the sound.
    packets = islice(container.demux((*pictures, sound)), len(pictures))
    bodies = {packet.stream.index: bytes(packet) for packet in packets}
    return [bodies[stream.index] for stream in pictures if stream.index in bodies]


def _cover(files: Sequence[bytes], options: Options) -> tuple[Derivative, ...]:
    for file in files[:_MOST_COVERS]:
        try:
            content_type = recognise(file[:HEAD_BYTES]).content_type
            picture = normalised(open_picture(io.BytesIO(file), content_type, options))
        except Permanent:
            continue
        preview, *thumbnails = derivatives_of(picture)
        return replace(preview, name="cover.jpg"), *thumbnails
    return ()
