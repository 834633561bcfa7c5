"""What a picture says of itself is told as it says it, and nothing is guessed."""

from __future__ import annotations

import json
import struct
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mammothbox.media.understood import Camera, Understood
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

from tests.unit.media.hostile import with_exif
from tests.unit.media.pictures import saved, scene, understood

PICTURE = scene(64, 48)
Tags = dict[int, Any]


def told(
    image: Tags | None = None, exif: Tags | None = None, gps: Tags | None = None, **how: Any
) -> Understood:
    """What is understood of a JPEG with these tags."""
    tags = Image.Exif()
    for tag, value in (image or {}).items():
        tags[tag] = value
    if exif:
        tags[IFD.Exif] = exif
    if gps:
        tags[IFD.GPSInfo] = gps
    return understood(saved(PICTURE, "JPEG", exif=tags.tobytes(), **how), "image/jpeg")


def test_the_camera_and_how_it_was_set() -> None:
    facts = told(
        {Base.Make: "ACME  ", Base.Model: "Mammoth 1"},
        {
            Base.LensModel: "50mm f/1.8",
            Base.ExposureTime: IFDRational(1, 125),
            Base.ISOSpeedRatings: 400,
            Base.FNumber: IFDRational(18, 10),
            Base.FocalLength: IFDRational(50, 1),
        },
    ).facts

    assert facts.camera == Camera(
        make="ACME",
        model="Mammoth 1",
        lens="50mm f/1.8",
        exposure_s=0.008,
        iso=400,
        aperture=1.8,
        focal_length_mm=50,
    )


def test_a_picture_without_exif_says_nothing() -> None:
    facts = understood(saved(PICTURE, "JPEG"), "image/jpeg").facts

    assert (facts.camera, facts.place, facts.taken_at, facts.orientation) == (None,) * 4
    assert facts.everything == {}


def test_fractions_with_nothing_below_the_line_are_nothing() -> None:
    facts = told(
        {Base.Make: "ACME"},
        {Base.ExposureTime: IFDRational(1, 0), Base.FNumber: IFDRational(0, 0)},
        {
            GPS.GPSLatitudeRef: "N",
            GPS.GPSLatitude: (IFDRational(0, 0),) * 3,
            GPS.GPSLongitudeRef: "E",
            GPS.GPSLongitude: (IFDRational(0, 0),) * 3,
        },
    ).facts

    assert facts.camera == Camera(make="ACME")
    assert facts.place is None


def test_an_iso_too_large_for_its_tag_stands_elsewhere() -> None:
    camera = told(exif={Base.ISOSpeedRatings: 65535, Base.RecommendedExposureIndex: 102400})

    assert camera.facts.camera == Camera(iso=102400)


TAKEN = {Base.DateTimeOriginal: "2024:06:30 23:15:07"}


@pytest.mark.parametrize(
    ("exif", "taken_at", "offset"),
    [
        (TAKEN, datetime(2024, 6, 30, 23, 15, 7), None),
        (
            {**TAKEN, Base.OffsetTimeOriginal: "+05:30"},
            datetime(2024, 6, 30, 23, 15, 7),
            330,
        ),
        ({**TAKEN, Base.OffsetTimeOriginal: "-03:00"}, datetime(2024, 6, 30, 23, 15, 7), -180),
        ({**TAKEN, Base.OffsetTimeOriginal: "Z"}, datetime(2024, 6, 30, 23, 15, 7), 0),
        ({**TAKEN, Base.OffsetTimeOriginal: "   :  "}, datetime(2024, 6, 30, 23, 15, 7), None),
        ({**TAKEN, Base.OffsetTimeOriginal: "+23:00"}, datetime(2024, 6, 30, 23, 15, 7), None),
        # Another clock's offset is not this one's.
        ({**TAKEN, Base.OffsetTime: "+01:00"}, datetime(2024, 6, 30, 23, 15, 7), None),
        (
            {**TAKEN, Base.SubsecTimeOriginal: "25"},
            datetime(2024, 6, 30, 23, 15, 7, 250000),
            None,
        ),
        (
            {
                Base.DateTimeDigitized: "2001:01:02 03:04:05",
                Base.OffsetTimeDigitized: "+01:00",
            },
            datetime(2001, 1, 2, 3, 4, 5),
            60,
        ),
        ({Base.DateTimeOriginal: "0000:00:00 00:00:00"}, None, None),
        ({Base.DateTimeOriginal: "2024:02:30 10:00:00"}, None, None),
        ({Base.DateTimeOriginal: "    :  :     :  :  "}, None, None),
        ({Base.DateTimeOriginal: "0001:01:01 00:00:00"}, None, None),
    ],
)
def test_when_it_was_taken_by_the_clock_on_the_wall(
    exif: Tags, taken_at: datetime | None, offset: int | None
) -> None:
    facts = told(exif=exif).facts

    assert (facts.taken_at, facts.taken_offset_min) == (taken_at, offset)


def test_other_times_are_not_when_it_was_taken() -> None:
    """Given the time of a change and the satellites' time only, nothing is concluded."""
    facts = told(
        {Base.DateTime: "2024:06:30 10:00:00"},
        gps={GPS.GPSDateStamp: "2024:06:30", GPS.GPSTimeStamp: (10.0, 0.0, 0.0)},
    ).facts

    assert facts.taken_at is None


def at(
    latitude: tuple[float, ...], longitude: tuple[float, ...], sides: str = "NE", **more: Any
) -> Tags:
    return {
        GPS.GPSLatitudeRef: sides[0],
        GPS.GPSLatitude: latitude,
        GPS.GPSLongitudeRef: sides[1],
        GPS.GPSLongitude: longitude,
        **{GPS[name].value: value for name, value in more.items()},
    }


@pytest.mark.parametrize(
    ("gps", "latitude", "longitude", "altitude"),
    [
        (at((52.0, 30.0, 36.0), (13.0, 24.0, 0.0)), 52.51, 13.4, None),
        (at((33.0, 51.0, 36.0), (70.0, 40.0, 12.0), "SW"), -33.86, -70.67, None),
        (at((1.5, 0.0, 0.0), (2.5, 0.0, 0.0), GPSAltitude=12.5), 1.5, 2.5, 12.5),
        (at((52.5,), (13.25,)), 52.5, 13.25, None),
        (
            at((1.0, 0.0, 0.0), (2.0, 0.0, 0.0), GPSAltitude=400.0, GPSAltitudeRef=b"\x01"),
            1.0,
            2.0,
            -400.0,
        ),
        (at((0.0, 0.0, 0.0), (6.0, 0.0, 0.0)), 0.0, 6.0, None),
    ],
)
def test_where_it_was_taken(
    gps: Tags, latitude: float, longitude: float, altitude: float | None
) -> None:
    place = told(gps=gps).facts.place

    assert place is not None
    assert (place.latitude, place.longitude) == pytest.approx((latitude, longitude))
    assert place.altitude == altitude


NOWHERE = {
    "zeros": at((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    "beyond the pole": at((91.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    "beyond the world": at((1.0, 0.0, 0.0), (181.0, 0.0, 0.0)),
    "no side": {GPS.GPSLatitude: (1.0, 0.0, 0.0), GPS.GPSLongitude: (1.0, 0.0, 0.0)},
    "another side": at((1.0, 0.0, 0.0), (1.0, 0.0, 0.0), "XY"),
    "half": {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (1.0, 0.0, 0.0)},
}


@pytest.mark.parametrize("gps", NOWHERE.values(), ids=NOWHERE)
def test_what_is_no_place_is_none(gps: Tags) -> None:
    assert told(gps=gps).facts.place is None


@pytest.mark.parametrize("words", ["Grüße aus Köln", "Снег в горах", "東京の夜景、新宿駅前"])
@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-16"])
def test_a_comment_is_read_in_either_order_of_bytes(words: str, charset: str) -> None:
    said = told(exif={Base.UserComment: b"UNICODE\0" + words.encode(charset)}).facts.everything

    assert said["exif"] == {"UserComment": words}


def safe(value: Any) -> None:
    """What Postgres takes as jsonb: no NUL, no half of a character, no NaN."""
    written = json.dumps(value, allow_nan=False)
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    assert "\\u0000" not in written


def test_all_of_it_is_kept_by_name() -> None:
    everything = told(
        {Base.Software: "darkroom\0\0", Base.Artist: "Ann\0 Ömer", 0xC000: 7},
        {
            Base.MakerNote: b"\x01\x02" * 4000,
            Base.UserComment: b"UNICODE\0" + "Grüße".encode("utf-16-le"),
            Base.ExposureTime: IFDRational(1, 0),
            Base.SubjectLocation: (1, 2),
        },
        {GPS.GPSVersionID: b"\x02\x03\x00\x00"},
    ).facts.everything

    safe(everything)
    image, exif, gps = (everything[name] for name in ("image", "exif", "gps"))
    assert isinstance(image, dict)
    assert isinstance(exif, dict)
    assert isinstance(gps, dict)
    assert image["Software"] == "darkroom"
    assert image["0xc000"] == 7
    assert exif["MakerNote"] == {"bytes": 8000}
    assert exif["ExposureTime"] is None
    assert exif["SubjectLocation"] == [1, 2]
    assert gps["GPSVersionID"] == {"bytes": 4}


@given(st.binary(min_size=8, max_size=300), st.sampled_from([b"II*\0", b"MM\0*", b""]))
@settings(max_examples=200, deadline=None)
def test_exif_of_any_bytes_does_no_harm(noise: bytes, start: bytes) -> None:
    facts = understood(with_exif(start + noise), "image/jpeg").facts

    assert (facts.width, facts.height) == (64, 48)
    safe(facts.model_dump(mode="json"))


def entry(tag: int, is_type: int, count: int, value: int) -> bytes:
    return struct.pack("<HHII", tag, is_type, count, value)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([271, 274, 306, 33434, 34665, 34853, 36867, 37500, 37510, 40091]),
            st.integers(0, 13),
            st.integers(0, 2**32 - 1),
            st.integers(0, 2**32 - 1) | st.integers(0, 200),
        ),
        max_size=8,
    )
)
@settings(max_examples=200, deadline=None)
def test_known_tags_with_wrong_values_do_no_harm(tags: list[tuple[int, int, int, int]]) -> None:
    tiff = b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(entry(*tag) for tag in tags)

    facts = understood(with_exif(tiff + bytes(4) + b"N\0 1/2\xff" * 8), "image/jpeg").facts

    assert {facts.width, facts.height} == {64, 48}
    safe(facts.model_dump(mode="json"))


def apple_note(*texts: tuple[int, bytes]) -> bytes:
    """Notes as Apple writes them: big-endian, places counted from their beginning."""
    head = b"Apple iOS\0\0\x01MM" + struct.pack(">H", len(texts))
    place = len(head) + 12 * len(texts) + 4
    entries, values = b"", b""
    for tag, text in texts:
        entries += struct.pack(">HHII", tag, 2, len(text), place + len(values))
        values += text
    return head + entries + bytes(4) + values


IDENTIFIER = b"7A1D2E0C-8C3E-4B52-9A61-3F4E0D1C2B3A\0"
XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description {}/></x:xmpmeta>'


@pytest.mark.parametrize(
    ("note", "hint"),
    [
        (apple_note((0x11, IDENTIFIER)), "live"),
        (apple_note((0x0B, IDENTIFIER)), "burst"),
        (apple_note((0x15, IDENTIFIER)), None),
        (apple_note((0x11, IDENTIFIER))[:20], None),
        (b"Apple iOS\0\0\x01MM\xff\xff", None),
        (b"Nikon" + apple_note((0x11, IDENTIFIER)), None),
    ],
)
def test_live_pictures_and_bursts_of_apple(note: bytes, hint: str | None) -> None:
    hints = told(exif={Base.MakerNote: note}).hints

    assert [one for one in hints if one != "landscape"] == ([hint] if hint else [])


@pytest.mark.parametrize(
    ("xmp", "hint"),
    [
        ('GCamera:MotionPhoto="1"', "live"),
        ('GCamera:MicroVideo="1"', "live"),
        ('GCamera:MotionPhoto="0"', None),
        ('GCamera:BurstID="7a1d"', "burst"),
        ('GPano:ProjectionType="equirectangular"', "panorama"),
    ],
)
def test_what_android_writes_into_xmp(xmp: str, hint: str | None) -> None:
    body = saved(PICTURE, "JPEG", xmp=XMP.format(xmp).encode())

    hints = understood(body, "image/jpeg").hints

    assert [one for one in hints if one != "landscape"] == ([hint] if hint else [])


def png_hints(picture: Image.Image, **words: str) -> tuple[str, ...]:
    info = PngInfo()
    for key, value in words.items():
        info.add_text(key, value)
    return understood(saved(picture, "PNG", pnginfo=info), "image/png").hints


@pytest.mark.parametrize(
    "words",
    [
        {"Software": "gnome-screenshot"},
        {"Comment": "Screenshot"},
        {"Software": "Spectacle"},
        {"Title": "Screen Shot 2024-06-30"},
    ],
)
def test_a_screenshot_whose_program_says_so(words: dict[str, str]) -> None:
    assert "screenshot" in png_hints(scene(117, 253), **words)


def test_a_screenshot_of_a_telephone() -> None:
    assert "screenshot" in told(exif={Base.UserComment: b"ASCII\0\0\0Screenshot"}).hints


def test_the_size_of_a_screen_proves_nothing() -> None:
    assert png_hints(scene(117, 253), Software="darktable") == ("portrait",)


@pytest.mark.parametrize(
    ("size", "hints"),
    [
        ((60, 40), ("landscape",)),
        ((40, 60), ("portrait",)),
        ((400, 400), ("square",)),
        ((402, 400), ("square",)),
        ((3000, 1000), ("landscape", "panorama")),
        # A telephone's full screen, and a banner on a page.
        ((4000, 1848), ("landscape",)),
        ((600, 60), ("landscape",)),
    ],
)
def test_shapes(size: tuple[int, int], hints: tuple[str, ...]) -> None:
    body = saved(Image.new("L", size), "PNG")

    assert understood(body, "image/png").hints == hints


def test_a_picture_that_lies_has_the_shape_it_is_shown_in() -> None:
    assert told({Base.Orientation: 6}).hints == ("portrait",)


def test_a_title_and_who_made_it() -> None:
    facts = told(
        {
            Base.XPTitle: "Grüße\0".encode("utf-16-le"),
            Base.Artist: "Ann",
            Base.ImageDescription: "OLYMPUS DIGITAL CAMERA",
        }
    ).facts

    assert (facts.title, facts.artist) == ("Grüße", "Ann")
    assert isinstance(facts.everything["image"], dict)
    assert facts.everything["image"]["XPTitle"] == "Grüße"


def test_the_words_of_a_png_are_kept() -> None:
    info = PngInfo()
    info.add_text("Title", "A mammoth")
    info.add_itxt("Description", "Größe \ud83e".encode("utf-8", "ignore").decode())
    info.add_text("Long", "a" * 100_000, zip=True)

    facts = understood(saved(PICTURE, "PNG", pnginfo=info), "image/png").facts

    text = facts.everything["text"]
    assert isinstance(text, dict)
    assert (facts.title, text["Description"]) == ("A mammoth", "Größe")
    assert len(str(text["Long"])) < 5000
