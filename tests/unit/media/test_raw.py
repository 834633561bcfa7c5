"""Raw files are shown by the preview in them, and developed only where there is none."""

from __future__ import annotations

from datetime import datetime

import pytest
from mammothbox.errors import Permanent
from mammothbox.intake.kind import recognise
from mammothbox.media.exif import taken_at
from mammothbox.media.raw_tags import tags_of_raw
from PIL import Image
from PIL.ExifTags import IFD, Base

from tests.unit.media.pictures import (
    BLUE,
    GREEN,
    RED,
    alike,
    colour_at,
    corners,
    quarters,
    saved,
    scene,
    understood,
)
from tests.unit.media.raws import ASCII, box, dng
from tests.unit.media.test_images import GOLDEN, ORIENTATION

DNG = "image/x-adobe-dng"
ORANGE = (60_000, 30_000, 5_000)
# LibRaw knows a camera's four ways to be held; a mirrored raw file does not occur.
HELD = [1, 3, 6, 8]


def lying_preview(orientation: int | None = None) -> bytes:
    exif = Image.Exif()
    if orientation:
        exif[ORIENTATION] = orientation
    lying = quarters((800, 400), [RED, GREEN, BLUE, BLUE])
    return saved(lying, "JPEG", exif=exif.tobytes() if orientation else b"")


def with_preview(preview: bytes, orientation: int = 1) -> bytes:
    return dng(1600, 800, ORANGE, preview=preview, preview_size=(800, 400), orientation=orientation)


def test_the_preview_is_shown_and_the_size_is_the_sensors() -> None:
    result = understood(with_preview(lying_preview()), DNG)

    assert alike(corners(result.frames[0])[0], RED)
    assert (result.frames[0].width, result.frames[0].height) == (800, 400)
    assert (result.facts.width, result.facts.height) == (1600, 800)


@pytest.mark.parametrize("orientation", HELD)
@pytest.mark.parametrize("preview_says_so", [True, False])
def test_a_preview_is_turned_once(orientation: int, preview_says_so: bool) -> None:
    """Given a camera held upright, whose preview says how it lies or does not."""
    preview = lying_preview(orientation if preview_says_so else None)

    result = understood(with_preview(preview, orientation), DNG)

    found = corners(result.frames[0])
    red, green = GOLDEN[orientation]
    assert alike(found[red], RED)
    assert alike(found[green], GREEN)
    upright = (800, 1600) if orientation >= 5 else (1600, 800)
    assert (result.facts.width, result.facts.height) == upright
    assert result.facts.orientation == orientation


@pytest.mark.parametrize("orientation", [6, 8])
def test_a_preview_that_was_turned_by_the_camera_stays(orientation: int) -> None:
    upright = saved(quarters((400, 800), [RED, GREEN, BLUE, BLUE]), "JPEG")
    body = dng(1600, 800, ORANGE, preview=upright, preview_size=(400, 800), orientation=orientation)

    result = understood(body, DNG)

    assert alike(corners(result.frames[0])[0], RED)
    assert (result.frames[0].width, result.frames[0].height) == (400, 800)


def test_a_raw_file_without_a_preview_is_developed() -> None:
    result = understood(dng(1600, 800, ORANGE), DNG)

    red, green, blue = colour_at(result.frames[0], 0.5, 0.5)
    assert red > green > blue
    assert (result.frames[0].width, result.frames[0].height) == (800, 400)
    assert (result.facts.width, result.facts.height) == (1600, 800)


@pytest.mark.parametrize("orientation", HELD)
def test_what_is_developed_is_upright(orientation: int) -> None:
    result = understood(dng(1600, 800, ORANGE, orientation=orientation), DNG)

    frame, upright = result.frames[0], orientation < 5
    assert (frame.width > frame.height) is upright
    assert (result.facts.width, result.facts.height) == ((1600, 800) if upright else (800, 1600))


@pytest.mark.parametrize(
    ("preview", "size"),
    [
        (saved(scene(160, 120), "JPEG"), (160, 120)),
        (saved(scene(800, 400), "JPEG")[:2000], (800, 400)),
    ],
    ids=["for the camera's screen only", "cut off"],
)
def test_a_preview_of_no_use_is_not_shown(preview: bytes, size: tuple[int, int]) -> None:
    result = understood(dng(1600, 800, ORANGE, preview=preview, preview_size=size), DNG)

    red, green, blue = colour_at(result.frames[0], 0.5, 0.5)
    assert red > green > blue
    assert result.frames[0].width == 800


def test_what_a_raw_file_says_of_itself() -> None:
    body = dng(1600, 800, ORANGE, extra=[(315, ASCII, b"Ann\0")])

    facts = understood(body, DNG).facts

    assert facts.camera is not None
    assert (facts.camera.make, facts.camera.model, facts.artist) == ("ACME", "Mammoth 1", "Ann")
    assert isinstance(facts.everything["image"], dict)
    assert facts.everything["image"]["UniqueCameraModel"] == "ACME Mammoth 1"


def test_a_raw_file_that_passes_for_a_tiff_is_developed() -> None:
    """Given a camera whose files nobody can tell by their first bytes."""
    body = dng(1600, 800, ORANGE)

    assert recognise(body[:8192]).content_type == DNG
    assert understood(body, "image/tiff").facts.width == 1600


def block(tags: dict[int, object]) -> bytes:
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    return exif.tobytes().removeprefix(b"Exif\0\0")


def test_the_boxes_of_canon() -> None:
    """Given the index of a CR3 file, its three lists of tags are found."""
    body = (
        box(b"ftyp", b"crx ", bytes(4), b"crx isom")
        + box(
            b"moov",
            box(
                b"uuid",
                bytes(16),
                box(b"CMT1", block({Base.Make: "Canon"})),
                box(
                    b"CMT2",
                    block({Base.DateTimeOriginal: "2024:06:30 10:00:00"}),
                ),
                box(b"CMT3", b"\0" * 10),
                box(b"CMT4", block({1: "N"})),
            ),
        )
        + box(b"mdat", bytes(100))
    )

    tags = tags_of_raw(body)

    assert tags is not None
    assert tags.image[Base.Make] == "Canon"
    assert taken_at(tags) == (datetime(2024, 6, 30, 10), None)
    assert tags.gps[1] == "N"
    assert recognise(body).content_type == "image/x-canon-cr3"


@pytest.mark.parametrize("signature", [b"IIRO", b"IIRS", b"MMOR", b"IIU\0"])
def test_tiffs_that_are_signed_otherwise(signature: bytes) -> None:
    exif = Image.Exif()
    exif[Base.Make] = "OLYMPUS"
    exif[IFD.Exif] = {Base.ISOSpeedRatings: 200}
    exif.endian = signature[:2].decode().replace("II", "<").replace("MM", ">")
    body = exif.tobytes().removeprefix(b"Exif\0\0")

    tags = tags_of_raw(signature + body[4:])

    assert tags is not None
    assert tags.image[Base.Make] == "OLYMPUS"
    assert tags.exif[Base.ISOSpeedRatings] == 200


@pytest.mark.parametrize("tenth", range(0, 10))
def test_a_raw_file_that_is_cut_off_is_refused_or_shown(tenth: int) -> None:
    body = with_preview(lying_preview())

    try:
        result = understood(body[: len(body) * tenth // 10], DNG)
    except Permanent as refused:
        assert refused.code in {"broken_picture", "unsupported_picture"}
    else:
        assert result.facts.width == 1600


def test_a_raw_file_of_too_many_pixels_is_refused() -> None:
    with pytest.raises(Permanent) as refused:
        understood(dng(1600, 800, ORANGE), DNG, max_pixels=1_000_000)

    assert refused.value.code == "too_many_pixels"


@pytest.mark.parametrize("content_type", [DNG, "image/x-canon-cr3", "image/x-fuji-raf"])
def test_what_is_no_raw_file_is_refused(content_type: str) -> None:
    with pytest.raises(Permanent) as refused:
        understood(b"FUJIFILMCCD-RAW" + bytes(200), content_type)

    assert refused.value.code in {"broken_picture", "unsupported_picture"}
