"""A video becomes facts, key frames, a poster and its thumbnails."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np
import pytest
from mammothbox.errors import Permanent
from mammothbox.intake.kind import HEAD_BYTES, recognise
from mammothbox.media.options import Options
from mammothbox.media.understood import Understood
from mammothbox.media.video import understand_video
from numpy.typing import NDArray
from PIL import Image

from tests.unit.media_av.making import FILMS, Picture, film, flat, noise, png, scene, sound, tone

NAMES = ["poster.jpg", "preview-1024.jpg", "thumb-300.webp", "thumb-150.webp"]


def understood(file: bytes, **options: int) -> Understood:
    content = recognise(file[:HEAD_BYTES])
    assert content.kind == "video"
    return understand_video(io.BytesIO(file), content.content_type, Options(**options))


def seen(found: Understood, place: int = 0) -> NDArray[np.uint8]:
    """The pixels of a frame."""
    frame = found.frames[place]
    return np.frombuffer(frame.rgb, np.uint8).reshape(frame.height, frame.width, 3)


def looks_like(pixels: NDArray[np.uint8], picture: Picture) -> bool:
    """Whether they differ by no more than coding takes away."""
    if pixels.shape != picture.shape:
        return False
    return float(np.abs(pixels.astype(int) - picture.astype(int)).mean()) < 20


@cache
def example(name: str) -> bytes:
    form, codec, voice = FILMS[name]
    pictures = [scene(number // 25) for number in range(75)]
    return film(pictures, form=form, codec=codec, sound=voice, per_second=25)


@pytest.mark.parametrize("name", FILMS)
def test_every_container(name: str) -> None:
    """Given a film of three seconds, it is found for what it is, whatever holds it."""
    found = understood(example(name))

    assert (found.facts.width, found.facts.height) == (160, 120)
    assert found.facts.duration_ms == pytest.approx(3000, abs=100)
    assert found.facts.video_codec
    assert found.facts.audio_codec
    assert found.facts.bit_rate
    assert [made.name for made in found.derivatives] == NAMES
    assert found.phash
    assert len(found.phash) == 16
    assert any(looks_like(seen(found), scene(number)) for number in range(3))
    assert json.loads(json.dumps(found.facts.everything, allow_nan=False))["streams"]


@pytest.mark.parametrize(
    ("seconds", "most", "frames"),
    [(1, 3, 1), (9, 3, 1), (10, 3, 1), (20, 3, 2), (60, 3, 3), (60, 16, 6), (200, 16, 16)],
)
def test_a_frame_for_every_ten_seconds(seconds: int, most: int, frames: int) -> None:
    pictures = [scene(second, 48, 32) for second in range(seconds)]

    found = understood(film(pictures, codec_options={"g": "2"}), max_frames=most)

    moments = [frame.at_ms or 0 for frame in found.frames]
    assert len(moments) == frames
    assert moments == sorted(set(moments))


def test_frames_are_of_different_scenes_and_none_is_black() -> None:
    """Given three scenes, one of them short, and black between them, each scene is seen once."""
    pictures = [*[flat(0)] * 8, *[scene(1)] * 14, *[flat(0)] * 2, *[scene(2)] * 4, *[flat(0)] * 2]
    pictures += [scene(3)] * 6

    found = understood(film(pictures, codec_options={"g": "2"}))

    assert {
        number
        for number in (1, 2, 3)
        for place in range(3)
        if looks_like(seen(found, place), scene(number))
    } == {1, 2, 3}


def test_each_frame_tells_its_time() -> None:
    """Given frames that come unevenly, each keeps the time at which it is shown."""
    moments = [0, 300, 4_000, 4_100, 11_000, 15_000, 27_500, 29_000]
    pictures = [scene(number) for number in range(len(moments))]

    found = understood(film(pictures, form="matroska", times=moments, codec_options={"g": "1"}))

    assert len(found.frames) == 2
    for place, frame in enumerate(found.frames):
        assert frame.at_ms is not None
        assert looks_like(seen(found, place), scene(moments.index(frame.at_ms)))


def test_the_poster_is_one_of_the_frames() -> None:
    found = understood(example("mp4"))
    poster = Image.open(io.BytesIO(found.derivatives[0].body))

    assert poster.format == "JPEG"
    assert not poster.getexif()
    assert looks_like(np.asarray(poster), seen(found).copy())


def test_a_fade_from_black_with_a_single_key_frame() -> None:
    """Given a clip whose only key frame is black, a later frame is decoded for it."""
    pictures = [flat(0)] * 40 + [scene(5)] * 60

    found = understood(
        film(pictures, per_second=25, codec_options={"g": "999", "sc_threshold": "0"})
    )

    assert looks_like(seen(found), scene(5))


def test_a_film_that_is_black_from_end_to_end_is_shown_black() -> None:
    found = understood(film([flat(0)] * 12))

    assert seen(found).max() < 20
    assert [made.name for made in found.derivatives] == NAMES


def test_a_film_of_one_frame() -> None:
    found = understood(film([scene(4)], per_second=25))

    assert len(found.frames) == 1
    assert found.frames[0].at_ms == 0
    assert looks_like(seen(found), scene(4))


def test_a_recording_that_does_not_say_how_long_it_is() -> None:
    """Given what a browser records, which is a stream without length, its length is measured."""
    pictures = [scene(second // 10) for second in range(40)]
    live = film(
        pictures, form="webm", codec="libvpx", options={"live": "1"}, codec_options={"g": "1"}
    )

    found = understood(live)

    assert found.facts.duration_ms == pytest.approx(40_000, abs=1_000)
    assert len(found.frames) == 3


# What the eight orientations of EXIF do to a stored picture, as display matrices.
_ONE = 65_536
MATRICES = {
    1: (_ONE, 0, 0, _ONE),
    2: (-_ONE, 0, 0, _ONE),
    3: (-_ONE, 0, 0, -_ONE),
    4: (_ONE, 0, 0, -_ONE),
    5: (0, _ONE, _ONE, 0),
    6: (0, _ONE, -_ONE, 0),
    7: (0, -_ONE, -_ONE, 0),
    8: (0, -_ONE, _ONE, 0),
}


def stored(upright: Picture, orientation: int) -> Picture:
    """How a camera held this way stores the picture: what Pillow's transposing undoes."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    picture = Image.fromarray(upright)
    return np.asarray(picture.transpose(turns[orientation]) if orientation > 1 else picture)


@pytest.mark.parametrize("form", ["mp4", "mov"])
@pytest.mark.parametrize("orientation", MATRICES)
def test_frames_stand_upright(orientation: int, form: str) -> None:
    """Given a film held in any of eight ways, its frames and its size are upright, once."""
    upright = scene(7, 160, 96)
    a, b, c, d = MATRICES[orientation]

    found = understood(
        film(
            [stored(upright, orientation)] * 3,
            form=form,
            matrix=[a, b, 0, c, d, 0, 0, 0, 1 << 30],
        )
    )

    assert looks_like(seen(found), upright)
    assert (found.facts.width, found.facts.height) == (160, 96)
    assert found.facts.orientation == orientation
    assert (found.derivatives[0].width, found.derivatives[0].height) == (160, 96)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_films_of_jpegs_stand_upright_by_the_exif_of_their_frames(orientation: int) -> None:
    """Given frames that carry what PyAV has no name for, as cameras' motion JPEG does."""
    upright = scene(7, 160, 96)
    told = Image.Exif()
    told[0x0112] = orientation
    frame = io.BytesIO()
    Image.fromarray(stored(upright, orientation)).save(frame, "JPEG", exif=told, quality=95)
    file = io.BytesIO()
    with av.open(file, "w", format="mov") as container:
        stream: Any = container.add_stream("mjpeg", rate=1)
        stream.pix_fmt = "yuvj420p"
        with Image.open(frame) as picture:
            stream.width, stream.height = picture.size
        packet = av.Packet(frame.getvalue())
        packet.stream, packet.pts, packet.dts = stream, 0, 0
        packet.time_base, packet.is_keyframe = Fraction(1), True
        container.mux(packet)

    found = understood(file.getvalue())

    assert looks_like(seen(found), upright)
    assert found.facts.orientation == orientation


def test_pixels_that_are_not_square_are_shown_as_wide_as_players_do() -> None:
    found = understood(film([scene(1, 120, 96)] * 3, aspect=Fraction(4, 3)))

    assert (found.facts.width, found.facts.height) == (160, 96)
    assert (found.frames[0].width, found.frames[0].height) == (160, 96)


def test_large_frames_are_made_small() -> None:
    found = understood(film([scene(1, 1920, 1080)] * 2, codec_options={"preset": "ultrafast"}))

    assert (found.facts.width, found.facts.height) == (1920, 1080)
    assert (found.frames[0].width, found.frames[0].height) == (1024, 576)
    assert {made.name: made.width for made in found.derivatives} == {
        "poster.jpg": 1024,
        "preview-1024.jpg": 1024,
        "thumb-300.webp": 300,
        "thumb-150.webp": 150,
    }


@pytest.mark.parametrize(("width", "height"), [(320, 240), (1280, 720)])
def test_colours_stay_what_they_are(width: int, height: int) -> None:
    """Given a red film, its frames are red: small films count colours otherwise than large."""
    red = flat(0, width, height)
    red[:, :, 0] = 220
    red[: height // 2] = (20, 180, 90)

    found = understood(film([red] * 2, codec="ffv1", form="matroska", pixels="bgr0"))

    assert looks_like(
        seen(found), np.asarray(Image.fromarray(red).resize(seen(found).shape[1::-1]))
    )


def test_ten_bits_are_shown_in_eight() -> None:
    found = understood(film([scene(3)] * 2, pixels="yuv420p10le"))

    assert looks_like(seen(found), scene(3))


@pytest.mark.parametrize(
    ("transfer", "grey", "white"), [("arib-std-b67", 128, 191), ("smpte2084", 112, 148)]
)
def test_high_dynamic_range_is_mapped_to_a_screens(transfer: str, grey: int, white: int) -> None:
    """Given what HLG and PQ write for grey and for white paper, it is shown as grey and white."""
    halves = flat(white, 64, 64)
    halves[:, :32] = grey

    def shown(**how: Any) -> NDArray[np.uint8]:
        return seen(understood(film([halves] * 2, pixels="yuv420p10le", **how)))

    as_it_is = shown()
    mapped = shown(
        codec_options={
            "color_primaries": "bt2020",
            "color_trc": transfer,
            "colorspace": "bt2020nc",
        }
    )

    assert as_it_is[:, 40:].mean() == pytest.approx(white, abs=4)
    assert mapped[:, 40:].mean() == pytest.approx(246, abs=5)
    assert mapped[:, :24].mean() == pytest.approx(136, abs=5)


def test_a_film_without_sound() -> None:
    found = understood(film([scene(1)] * 3))

    assert found.facts.audio_codec is None
    assert found.facts.video_codec == "h264"


def test_a_video_that_holds_only_sound_is_understood_as_a_sound() -> None:
    only_sound = sound(tone(1), form="mp4", codec="aac", tags={"title": "Talk"})

    found = understood(only_sound)

    assert [made.name for made in found.derivatives] == ["waveform.png"]
    assert found.frames == ()
    assert found.phash is None
    assert found.facts.title == "Talk"
    assert found.facts.video_codec is None


def test_a_cover_is_not_the_film() -> None:
    """Given a sound with a cover in a film's container, there are no frames."""
    found = understood(sound(tone(1), form="mp4", codec="aac", cover=png(scene(1))))

    assert found.frames == ()
    assert [made.name for made in found.derivatives][:2] == ["waveform.png", "cover.jpg"]


def test_neither_picture_nor_sound_is_broken() -> None:
    empty = film([scene(1)])[:40]

    with pytest.raises(Permanent) as raised:
        understood(empty)

    assert raised.value.code == "broken_video"
    assert "upload it again" in raised.value.detail


def test_a_film_whose_index_comes_first_is_shown_though_it_was_cut_off() -> None:
    whole = film([scene(second) for second in range(30)], form="matroska", codec_options={"g": "1"})

    found = understood(whole[: len(whole) // 2])

    assert found.frames
    assert found.facts.duration_ms == 30_000


def test_a_film_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(Permanent, match="too_many_pixels"):
        understood(example("mp4"), max_pixels=160 * 120 - 1)


def test_a_codec_nobody_decodes_is_told_by_name() -> None:
    with pytest.raises(Permanent) as raised:
        understood(film([scene(1)] * 3, form="avi", codec="asv1"))

    assert raised.value.code == "unsupported_codec"
    assert "asv1" in raised.value.detail
    assert "H.264" in raised.value.detail


def test_what_a_phone_tells() -> None:
    """Given the tags an iPhone writes, time, zone, place and camera are known."""
    tags = {
        "com.apple.quicktime.creationdate": "2026-07-04T21:15:03+0200",
        "com.apple.quicktime.location.ISO6709": "+48.1372+011.5756+520.0/",
        "com.apple.quicktime.make": "Apple",
        "com.apple.quicktime.model": "iPhone 17",
        "com.apple.quicktime.content.identifier": "4F0C",
        "creation_time": "2026-07-04T19:15:04.000000Z",
    }
    told = film([scene(1)], form="mov", tags=tags, options={"movflags": "use_metadata_tags"})

    found = understood(told)

    facts = found.facts
    assert facts.taken_at is not None
    assert facts.taken_at.isoformat() == "2026-07-04T21:15:03"
    assert facts.taken_offset_min == 120
    assert facts.place is not None
    assert (facts.place.latitude, facts.place.longitude) == (48.1372, 11.5756)
    assert facts.place.altitude == 520
    assert facts.camera is not None
    assert (facts.camera.make, facts.camera.model) == ("Apple", "iPhone 17")
    assert found.hints == ("live",)


def test_where_it_was_stands_apart_from_the_other_tags() -> None:
    """Given a film that tells its place, hiding one group hides all that tells it."""
    told = film([scene(1)], tags={"location": "+48.1372+011.5756/", "comment": "home"})

    everything = understood(told).facts.everything

    assert "48.1372" in json.dumps(everything["gps"])
    assert "48.1372" not in json.dumps({**everything, "gps": None})


def test_the_clock_of_an_mp4_counts_in_utc() -> None:
    facts = understood(
        film([scene(1)], tags={"creation_time": "2026-07-04T19:15:04.000000Z"})
    ).facts

    assert facts.taken_at is not None
    assert facts.taken_at.isoformat() == "2026-07-04T19:15:04"
    assert facts.taken_offset_min == 0


def test_tags_full_of_rubbish_are_made_plain() -> None:
    rubbish = {"title": "a" * 100_000, "comment": "\x01\ufffd", "artist": "  Me  "}

    facts = understood(film([scene(1)], form="matroska", tags=rubbish)).facts

    assert facts.title is not None
    assert len(facts.title) < 5_000
    assert facts.artist == "Me"


class Counted(io.BytesIO):
    """A file that counts what is read of it."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.bytes_read = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.bytes_read += len(found)
        return found


@pytest.mark.parametrize("form", ["mov", "matroska", "avi"])
def test_of_a_long_film_only_some_places_are_read(form: str) -> None:
    """Given a film of ten minutes and 36 MB, a fraction of it is read."""
    pictures = [noise(number % 7, 200, 152) for number in range(600)]
    file = Counted(film(pictures, form=form, codec="rawvideo", pixels="uyvy422"))

    found = understand_video(
        file, recognise(file.getvalue()[:HEAD_BYTES]).content_type, Options(max_frames=3)
    )

    assert len(found.frames) == 3
    assert file.bytes_read < len(file.getvalue()) / 4
