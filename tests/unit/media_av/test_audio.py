"""A sound becomes its tags, its cover and its waveform."""

from __future__ import annotations

import base64
import io
import struct
from typing import Any

import mutagen
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.intake.kind import HEAD_BYTES, recognise
from mammothbox.media.audio import understand_audio
from mammothbox.media.options import Options
from mammothbox.media.understood import Understood
from mammothbox.media.waveform import HEIGHT, WIDTH, Envelope
from numpy.typing import NDArray
from PIL import Image

from tests.unit.media_av.making import RATE, SOUNDS, png, scene, sound, tone

WAVEFORM = ["waveform.png"]
WITH_COVER = ["waveform.png", "cover.jpg", "thumb-300.webp", "thumb-150.webp"]
TAGS = {"title": "Sommarnatt", "artist": "Åse & Bo", "album": "Långt borta"}


def understood(file: bytes) -> Understood:
    content = recognise(file[:HEAD_BYTES])
    assert content.kind == "audio"
    return understand_audio(io.BytesIO(file), content.content_type, Options())


def waveform(found: Understood) -> Image.Image:
    assert found.derivatives[0].name == "waveform.png"
    return Image.open(io.BytesIO(found.derivatives[0].body))


def bars(found: Understood) -> NDArray[np.float64]:
    """How high each column of the waveform is, from 0 to 1."""
    inked = np.asarray(waveform(found).convert("RGBA"))[:, :, 3] > 0
    high: NDArray[np.float64] = inked.mean(axis=0)
    return high


@pytest.mark.parametrize("name", SOUNDS)
def test_every_format(name: str) -> None:
    form, codec = SOUNDS[name]

    found = understood(sound(tone(2), form=form, codec=codec, tags=TAGS))

    assert found.facts.duration_ms == pytest.approx(2000, abs=60)
    assert found.facts.audio_codec
    assert found.facts.bit_rate
    assert found.facts.video_codec is None
    assert found.frames == ()
    assert found.phash is None
    assert [made.name for made in found.derivatives] == WAVEFORM


# Raw AAC has no tags, and ffmpeg writes only the title into AIFF.
@pytest.mark.parametrize("name", sorted(SOUNDS.keys() - {"aac", "aiff"}))
def test_title_artist_and_album(name: str) -> None:
    form, codec = SOUNDS[name]

    facts = understood(sound(tone(0.2), form=form, codec=codec, tags=TAGS)).facts

    assert {"title": facts.title, "artist": facts.artist, "album": facts.album} == TAGS


def test_tags_are_kept_under_their_own_names_too() -> None:
    facts = understood(sound(tone(0.2), form="mp3", codec="libmp3lame", tags=TAGS)).facts

    own = facts.everything["own_tags"]
    assert isinstance(own, dict)
    assert {name: own[name] for name in ("TIT2", "TPE1", "TALB")} == {
        "TIT2": ["Sommarnatt"],
        "TPE1": ["Åse & Bo"],
        "TALB": ["Långt borta"],
    }


@pytest.mark.parametrize("name", ["mp3", "flac"])
def test_a_cover_becomes_a_derivative(name: str) -> None:
    form, codec = SOUNDS[name]
    cover = scene(3, 400, 400)

    found = understood(sound(tone(0.5), form=form, codec=codec, cover=png(cover)))

    assert [made.name for made in found.derivatives] == WITH_COVER
    assert [made.width for made in found.derivatives[1:]] == [400, 300, 150]
    shown = np.asarray(Image.open(io.BytesIO(found.derivatives[1].body)))
    assert np.abs(shown.astype(int) - cover.astype(int)).mean() < 10


def tagged(file: bytes, tags: dict[str, Any]) -> bytes:
    """The file with further tags, under the names of its format."""
    changed = io.BytesIO(file)
    reader: Any = mutagen.File(changed)
    reader.update(tags)
    changed.seek(0)
    reader.save(changed)
    return changed.getvalue()


def test_the_cover_of_an_m4a() -> None:
    plain = sound(tone(0.5), form="ipod", codec="aac")

    found = understood(
        tagged(plain, {"covr": [png(scene(1))], "\xa9too": ["com.apple.VoiceMemos (iPhone)"]})
    )

    assert [made.name for made in found.derivatives] == WITH_COVER
    assert found.hints == ("voice_memo",)


def test_the_cover_of_an_opus() -> None:
    body = png(scene(1))
    block = struct.pack(">II9sIIIIII", 3, 9, b"image/png", 0, 160, 120, 24, 0, len(body)) + body
    plain = sound(tone(0.5), form="ogg", codec="libopus")

    found = understood(
        tagged(plain, {"metadata_block_picture": [base64.b64encode(block).decode()]})
    )

    assert [made.name for made in found.derivatives] == WITH_COVER
    assert "metadata_block_picture" not in str(found.facts.everything)


def bomb() -> bytes:
    """A PNG that says it has 60,000 x 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header + bytes(40)


@pytest.mark.parametrize(
    "cover",
    [bomb(), b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"],
    ids=["bomb", "svg", "png cut off", "jpeg cut off"],
)
def test_a_cover_that_is_no_picture_is_left_out(cover: bytes) -> None:
    found = understood(sound(tone(0.5), form="mp3", codec="libmp3lame", cover=cover, tags=TAGS))

    assert [made.name for made in found.derivatives] == WAVEFORM
    assert found.facts.title == "Sommarnatt"


def test_the_waveform_shows_where_it_is_loud() -> None:
    """Given quiet, then noise, then half as loud, the bars are as high as that."""
    samples = np.concatenate([tone(2, 0.0), tone(1, 0.8), tone(1, 0.4)])

    found = understood(sound(samples))

    picture = waveform(found)
    assert (picture.format, picture.size) == ("PNG", (WIDTH, HEIGHT))
    high = bars(found)
    assert high[: WIDTH // 2 - 4].max() < 0.02
    assert high[WIDTH // 2 + 4 : WIDTH * 3 // 4 - 4].min() > 0.95
    assert high[WIDTH * 3 // 4 + 4 :] == pytest.approx(0.5, abs=0.03)


def test_next_to_silence_stays_low() -> None:
    assert bars(understood(sound(tone(1, 0.001)))).max() < 0.1


def test_numbers_that_are_none_are_silent() -> None:
    """Given floating point with infinities and what is no number, the rest is drawn."""
    samples = tone(1)
    samples[::7] = np.nan
    samples[:100] = np.inf
    samples[-100:] = 1e30

    found = understood(sound(samples, codec="pcm_f32le"))

    assert bars(found)[WIDTH // 2] == pytest.approx(0.5, abs=0.05)


class Endless(io.BytesIO):
    """A WAV of ten hours whose samples are made as they are read: silent but for its middle."""

    SECONDS, RATE = 36_000, 8_000

    def __init__(self) -> None:
        super().__init__()
        self._size = self.SECONDS * self.RATE
        form = struct.pack("<HHIIHH", 1, 1, self.RATE, self.RATE, 1, 8)
        self._header = b"RIFF" + struct.pack("<I", self._size + 36) + b"WAVEfmt "
        self._header += struct.pack("<I", 16) + form + b"data" + struct.pack("<I", self._size)
        self._at = 0
        self.bytes_read = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size + 44}
        self._at = starts[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        end = min(self._at + (size or 0), self._size + 44)
        found = self._header[self._at : end]
        places = np.arange(max(self._at, 44), end) - 44
        loud = (places > self._size * 0.4) & (places < self._size * 0.6)
        found += np.where(loud, 128 + 100 * (places % 2), 128).astype(np.uint8).tobytes()
        self._at = max(end, self._at)
        self.bytes_read += len(found)
        return found


def test_of_ten_hours_only_some_places_are_heard() -> None:
    file = Endless()

    found = understand_audio(file, "audio/x-wav", Options())

    high = bars(found)
    assert found.facts.duration_ms == 36_000_000
    assert high[: WIDTH * 2 // 5 - 16].max() < 0.02
    assert high[WIDTH * 2 // 5 + 16 : WIDTH * 3 // 5 - 16].min() > 0.95
    assert high[WIDTH * 3 // 5 + 16 :].max() < 0.02
    assert file.bytes_read < 36_000 * 8_000 // 4


def test_a_sound_behind_a_tag_of_another_format() -> None:
    """Given raw AAC behind an ID3 tag, as some recorders write, it is heard all the same."""
    tag = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10)

    found = understood(tag + sound(tone(2), form="adts", codec="aac"))

    assert found.facts.audio_codec == "aac"


@pytest.mark.parametrize(("form", "codec"), [("adts", "aac"), ("mp3", "libmp3lame")])
def test_the_length_of_what_is_coded_unevenly_is_what_was_heard(form: str, codec: str) -> None:
    """Given noise behind silence, the bits of its beginning tell nothing of its length."""
    noise = np.random.default_rng(1).uniform(-0.9, 0.9, RATE * 6).astype(np.float32)
    samples = np.concatenate([np.zeros(RATE * 6, np.float32), noise])
    options = {"write_xing": "0"} if form == "mp3" else {}

    found = understood(
        sound(
            samples,
            form=form,
            codec=codec,
            codec_options={"flags": "+qscale", "global_quality": "236"},
            options=options,
        )
    )

    assert found.facts.duration_ms == pytest.approx(12_000, abs=200)


def test_sound_that_does_not_say_how_long_it_is() -> None:
    """Given a stream that was never finished, its length is what was heard."""
    streamed = sound(tone(3), form="flac", codec="flac")
    unfinished = bytearray(streamed)
    # The number of samples in STREAMINFO, which a recorder fills in at the end.
    unfinished[21] &= 0xF0
    unfinished[22:26] = bytes(4)

    assert understood(bytes(unfinished)).facts.duration_ms == pytest.approx(3000, abs=5)


chunks = st.lists(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=300), min_size=1, max_size=12
)


def heard(parts: list[list[float]]) -> NDArray[np.float32]:
    envelope = Envelope()
    for part in parts:
        envelope.add(np.array(part, np.float32))
    return envelope.levels()


@given(chunks)
def test_the_envelope_does_not_depend_on_how_the_sound_arrives(parts: list[list[float]]) -> None:
    everything = [sample for part in parts for sample in part]

    levels = heard(parts)

    assert np.array_equal(levels, heard([everything]))
    assert levels.max() == np.float32(max(everything))
    assert len(levels) == -(-len(everything) // 64)


@given(st.integers(1_000, 3_000_000), st.floats(0, 1, exclude_max=True))
def test_the_envelope_stays_small_and_keeps_its_place(length: int, share: float) -> None:
    """Given one loud sample anywhere in a sound of any length, it stands in its place."""
    samples = np.zeros(length, np.float32)
    samples[int(length * share)] = 1
    envelope = Envelope()
    for start in range(0, length, 100_000):
        envelope.add(samples[start : start + 100_000])

    levels = envelope.levels()

    assert len(levels) <= 4 * WIDTH
    loud = int(levels.argmax())
    assert abs(loud + 0.5 - share * len(levels)) <= 1.5
