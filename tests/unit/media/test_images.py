"""Every kind of picture becomes the same: upright sRGB, three derivatives, a hash and facts."""

from __future__ import annotations

import io
from typing import Any

import imagehash
import numpy as np
import pytest
from mammothbox.errors import Permanent
from mammothbox.intake.kind import recognise
from mammothbox.media.image import understand_image
from mammothbox.media.options import Options
from PIL import Image, ImageCms
from PIL.ExifTags import GPS, IFD
from PIL.PngImagePlugin import PngInfo

from tests.unit.media.pictures import (
    BLUE,
    CONTENT_TYPES,
    GREEN,
    RED,
    WHITE,
    Colour,
    alike,
    colour_at,
    corners,
    opened,
    quarters,
    saved,
    scene,
    seen,
    understood,
)

ORIENTATION = 0x0112
# Where the stored picture's top left and top right go when it is turned upright, as the EXIF
# standard says it: orientation 6 has "the 0th row at the right-hand side, the 0th column on top".
TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT = range(4)
GOLDEN = {
    1: (TOP_LEFT, TOP_RIGHT),
    2: (TOP_RIGHT, TOP_LEFT),
    3: (BOTTOM_RIGHT, BOTTOM_LEFT),
    4: (BOTTOM_LEFT, BOTTOM_RIGHT),
    5: (TOP_LEFT, BOTTOM_LEFT),
    6: (TOP_RIGHT, BOTTOM_RIGHT),
    7: (BOTTOM_RIGHT, TOP_RIGHT),
    8: (BOTTOM_LEFT, TOP_LEFT),
}


def exif_with(tags: dict[int, object]) -> Image.Exif:
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    return exif


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", GOLDEN)
def test_a_picture_is_turned_upright_once(format: str, orientation: int) -> None:
    """Given a picture stored lying 80 x 40, when read, then its corners are where they belong."""
    lying = quarters((80, 40), [RED, GREEN, BLUE, BLUE])
    body = saved(lying, format, exif=exif_with({ORIENTATION: orientation}))

    result = understood(body, CONTENT_TYPES[format])

    upright = (40, 80) if orientation >= 5 else (80, 40)
    found = corners(result.frames[0])
    red, green = GOLDEN[orientation]
    assert alike(found[red], RED)
    assert alike(found[green], GREEN)
    assert sum(alike(colour, BLUE) for colour in found) == 2
    assert (result.facts.width, result.facts.height) == upright
    # An AVIF that lies upright need not say so.
    assert (result.facts.orientation or 1) == orientation
    for made in result.derivatives:
        assert opened(made.body).size == (made.width, made.height) == upright
        assert opened(made.body).getexif().get(ORIENTATION, 1) == 1


@pytest.mark.parametrize("orientation", GOLDEN)
def test_the_rotation_of_heic_is_not_applied_again(orientation: int) -> None:
    """Given HEIC, whose decoder turns the picture, its EXIF does not turn it a second time."""
    lying = quarters((128, 64), [RED, GREEN, BLUE, BLUE])
    body = saved(lying, "HEIF", exif=exif_with({ORIENTATION: orientation}).tobytes())

    result = understood(body, "image/heic")

    found = corners(result.frames[0])
    red, green = GOLDEN[orientation]
    assert alike(found[red], RED)
    assert alike(found[green], GREEN)
    upright = (64, 128) if orientation >= 5 else (128, 64)
    assert (result.facts.width, result.facts.height) == upright
    assert result.facts.orientation == orientation


@pytest.mark.parametrize("nonsense", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_turns_nothing(nonsense: int) -> None:
    body = saved(quarters((80, 40), [RED, GREEN, BLUE, BLUE]), "JPEG")
    tags = exif_with({ORIENTATION: nonsense})

    result = understood(saved(opened(body), "JPEG", exif=tags), "image/jpeg")

    assert (result.facts.width, result.facts.height, result.facts.orientation) == (80, 40, None)
    assert alike(corners(result.frames[0])[TOP_LEFT], RED)


@pytest.mark.parametrize("format", CONTENT_TYPES)
def test_every_format_yields_the_same_things(format: str) -> None:
    picture = scene(640, 480)

    result = understood(saved(picture, format), CONTENT_TYPES[format])

    assert (result.facts.width, result.facts.height) == (640, 480)
    made = {one.name: one for one in result.derivatives}
    assert {name: (one.content_type, one.width, one.height) for name, one in made.items()} == {
        "preview-1024.jpg": ("image/jpeg", 640, 480),
        "thumb-300.webp": ("image/webp", 300, 225),
        "thumb-150.webp": ("image/webp", 150, 112),
    }
    assert opened(made["preview-1024.jpg"].body).format == "JPEG"
    assert opened(made["thumb-300.webp"].body).format == "WEBP"
    assert (result.frames[0].width, result.frames[0].height) == (640, 480)
    assert result.frames[0].at_ms is None
    distance = imagehash.hex_to_hash(result.phash or "") - imagehash.phash(picture)
    assert distance <= 8
    assert "landscape" in result.hints


@pytest.mark.parametrize(
    ("size", "preview", "thumb"),
    [
        ((3000, 2000), (1024, 683), (300, 200)),
        ((2000, 3000), (683, 1024), (200, 300)),
        ((1025, 1024), (1024, 1023), (300, 300)),
        ((4000, 3), (1024, 1), (300, 1)),
        ((1, 1), (1, 1), (1, 1)),
        ((200, 100), (200, 100), (200, 100)),
    ],
)
def test_the_longest_side_is_bounded_and_nothing_is_enlarged(
    size: tuple[int, int], preview: tuple[int, int], thumb: tuple[int, int]
) -> None:
    result = understood(saved(Image.new("RGB", size, RED), "PNG"), "image/png")

    made = {one.name: opened(one.body).size for one in result.derivatives}
    assert made["preview-1024.jpg"] == preview
    assert made["thumb-300.webp"] == thumb
    assert (result.frames[0].width, result.frames[0].height) == preview
    assert (result.facts.width, result.facts.height) == size


@pytest.mark.parametrize("said", ["zTXt", "iTXt", "iCCP"])
def test_a_png_may_say_a_lot(said: str) -> None:
    """Given an editor's history or a printer's profile of megabytes, the picture is shown."""
    text, words = "word " * 1024**2, PngInfo()
    if said == "zTXt":
        words.add_text("Comment", text, zip=True)
    if said == "iTXt":
        words.add_itxt("XML:com.adobe.xmp", text, zip=True)
    profile = text.encode() if said == "iCCP" else None

    result = understood(
        saved(scene(32, 32), "PNG", pnginfo=words, icc_profile=profile), "image/png"
    )

    assert (result.facts.width, result.facts.height) == (32, 32)


def test_a_picture_saved_anew_looks_alike_and_another_does_not() -> None:
    picture = scene(1600, 1200)
    first = understood(saved(picture, "PNG"), "image/png")
    again = understood(saved(picture.resize((800, 600)), "JPEG", quality=60), "image/jpeg")
    other = understood(saved(scene(1600, 1200, seed=2), "PNG"), "image/png")

    def apart(one: str | None, two: str | None) -> int:
        return imagehash.hex_to_hash(one or "") - imagehash.hex_to_hash(two or "")

    assert apart(first.phash, again.phash) <= 4
    assert apart(first.phash, other.phash) > 12


def sixteen_bits(value: int) -> Image.Image:
    return Image.fromarray(np.full((32, 32), value, np.uint16))


def transparent(mode: str) -> Image.Image:
    """The left half red or grey, the right half see-through."""
    picture = Image.new(mode, (32, 32), (255, 0, 0, 255) if mode == "RGBA" else (80, 255))
    picture.paste((0, 0, 0, 0) if mode == "RGBA" else (0, 0), (16, 0, 32, 32))
    return picture


def lab_red() -> Image.Image:
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    converted = ImageCms.applyTransform(Image.new("RGB", (32, 32), RED), to_lab)
    assert converted is not None
    return converted


def floats(low: float, high: float) -> Image.Image:
    """From `low` at the left to `high` at the right."""
    return Image.fromarray(np.tile(np.linspace(low, high, 64, dtype=np.float32), (64, 1)))


PALETTE = {"RED": RED}
GREY = (128, 128, 128)
DEPTHS: dict[str, tuple[bytes, str, Colour]] = {
    "16 bit png": (saved(sixteen_bits(32768), "PNG"), "image/png", GREY),
    "16 bit tiff": (saved(sixteen_bits(32768), "TIFF"), "image/tiff", GREY),
    "16 bit, all of it": (saved(sixteen_bits(65535), "PNG"), "image/png", WHITE),
    "1 bit": (saved(Image.new("1", (32, 32), 1), "PNG"), "image/png", WHITE),
    "palette": (saved(Image.new("RGB", (32, 32), RED).quantize(4), "PNG"), "image/png", RED),
    "grey": (saved(Image.new("L", (32, 32), 128), "JPEG"), "image/jpeg", GREY),
    "cmyk jpeg": (saved(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG"), "image/jpeg", RED),
    "cmyk tiff": (saved(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "TIFF"), "image/tiff", RED),
    "lab tiff": (saved(lab_red(), "TIFF"), "image/tiff", RED),
    "transparent": (saved(transparent("RGBA"), "PNG"), "image/png", RED),
    "transparent webp": (saved(transparent("RGBA"), "WEBP", lossless=True), "image/webp", RED),
    "transparent grey": (saved(transparent("LA"), "PNG"), "image/png", (80, 80, 80)),
    "ycbcr tiff": (
        saved(Image.new("RGB", (32, 32), RED).convert("YCbCr"), "TIFF"),
        "image/tiff",
        RED,
    ),
}


@pytest.mark.parametrize(("body", "content_type", "colour"), DEPTHS.values(), ids=DEPTHS)
def test_colours_survive_every_depth_and_model(
    body: bytes, content_type: str, colour: Colour
) -> None:
    assert alike(colour_at(seen(body, content_type), 0.2, 0.2), colour, by=5)


@pytest.mark.parametrize("name", [name for name in DEPTHS if name.startswith("transparent")])
def test_what_is_transparent_becomes_white(name: str) -> None:
    body, content_type, _ = DEPTHS[name]

    assert alike(colour_at(seen(body, content_type), 0.8, 0.8), WHITE, by=4)


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (0.0, 255.0), (0.0, 65535.0), (-5.0, 5.0), (0.0, 3e9)]
)
def test_floating_point_pictures_use_the_whole_range(low: float, high: float) -> None:
    frame = seen(saved(floats(low, high), "TIFF"), "image/tiff")

    left, right = colour_at(frame, 0, 0.5), colour_at(frame, 0.999, 0.5)
    assert alike(left, (0, 0, 0), by=8)
    assert alike(right, WHITE, by=8)


def test_floating_point_pictures_may_hold_what_is_no_number() -> None:
    values = np.full((8, 8), np.nan, np.float32)
    values[0] = np.inf

    assert seen(saved(Image.fromarray(values), "TIFF"), "image/tiff").width == 8


def test_twelve_bits_in_sixteen_are_not_dark() -> None:
    body = saved(sixteen_bits(4095), "TIFF", tiffinfo={258: (16,)})
    at = body.index(b"\x02\x01\x03\x00\x01\x00\x00\x00\x10\x00")
    twelve = body[: at + 8] + b"\x0c" + body[at + 9 :]
    try:
        found = colour_at(seen(twelve, "image/tiff"), 0.5, 0.5)
    except Permanent:
        pytest.skip("this Pillow does not read twelve bits")

    assert found == WHITE


@pytest.mark.parametrize(("value", "colour"), [(0, WHITE), (65535, (0, 0, 0))])
def test_sixteen_bits_that_call_white_zero_are_no_negative(value: int, colour: Colour) -> None:
    body = saved(sixteen_bits(value), "TIFF")
    black_is_zero = b"\x06\x01\x03\x00\x01\x00\x00\x00\x01"
    assert body.count(black_is_zero) == 1

    found = seen(body.replace(black_is_zero, black_is_zero[:-1] + b"\x00"), "image/tiff")

    assert colour_at(found, 0.5, 0.5) == colour


def with_red_and_green_swapped() -> bytes:
    """A profile in which what is called red shines green."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")


def test_a_colour_profile_is_applied() -> None:
    body = saved(
        Image.new("RGB", (32, 32), (255, 0, 0)), "PNG", icc_profile=with_red_and_green_swapped()
    )

    result = understood(body, "image/png")

    assert alike(colour_at(result.frames[0], 0.5, 0.5), (0, 255, 0), by=8)
    assert all(opened(made.body).info.get("icc_profile") is None for made in result.derivatives)


@pytest.mark.parametrize("profile", [b"no profile", b"\0" * 200, b"a" * 100_000])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_broken_colour_profile_does_no_harm(format: str, profile: bytes) -> None:
    body = saved(Image.new("RGB", (32, 32), RED), format, icc_profile=profile)

    assert alike(colour_at(seen(body, CONTENT_TYPES[format]), 0.5, 0.5), RED, by=8)


def test_the_profile_of_another_colour_model_does_no_harm() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    body = saved(Image.new("L", (32, 32), 128), "JPEG", icc_profile=profile)

    assert alike(colour_at(seen(body, "image/jpeg"), 0.5, 0.5), GREY, by=4)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF"])
def test_a_moving_picture_is_told_from_a_still_one(format: str) -> None:
    frames = [scene(64, 48, seed) for seed in range(3)]
    moving = saved(frames[0], format, save_all=True, append_images=frames[1:], duration=100)

    result = understood(moving, CONTENT_TYPES[format])
    still = understood(saved(frames[0], format), CONTENT_TYPES[format])

    assert (result.facts.frames, "animated" in result.hints) == (3, True)
    assert (still.facts.frames, "animated" in still.hints) == (None, False)


def test_the_pages_of_a_tiff_are_counted_and_do_not_move() -> None:
    pages = [scene(64, 48, seed) for seed in range(3)]
    body = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])

    result = understood(body, "image/tiff")

    assert (result.facts.frames, "animated" in result.hints) == (3, False)


GPS_TAGS = {
    GPS.GPSLatitudeRef: "N",
    GPS.GPSLatitude: (52.0, 30.0, 0.0),
    GPS.GPSLongitudeRef: "E",
    GPS.GPSLongitude: (13.0, 24.0, 0.0),
}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_derivatives_do_not_tell_the_place(format: str) -> None:
    exif = exif_with({IFD.GPSInfo: GPS_TAGS}).tobytes()
    body = saved(scene(320, 240), format, exif=exif)

    result = understood(body, CONTENT_TYPES[format])

    assert result.facts.place is not None
    for made in result.derivatives:
        assert dict(opened(made.body).getexif()) == {}
        assert b"GPS" not in made.body


def test_derivatives_do_not_repeat_what_the_picture_says() -> None:
    """Given a picture with a comment and a profile, nothing but its pixels is handed on."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    body = saved(scene(320, 240), "JPEG", comment=b"<script>", icc_profile=profile)

    for made in understood(body, "image/jpeg").derivatives:
        assert b"script" not in made.body
        assert b"sRGB" not in made.body


def test_the_preview_tells_the_place_where_that_is_wanted() -> None:
    body = saved(scene(320, 240), "JPEG", exif=exif_with({IFD.GPSInfo: GPS_TAGS, ORIENTATION: 6}))

    result = understood(body, "image/jpeg", keep_gps_in_derivatives=True)

    exif = opened(result.derivatives[0].body).getexif()
    assert exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] == (52.0, 30.0, 0.0)
    assert exif.get(ORIENTATION) is None


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    body = saved(Image.new("L", (101, 100)), "PNG")

    with pytest.raises(Permanent) as refused:
        understood(body, "image/png", max_pixels=10_000)

    assert refused.value.code == "too_many_pixels"
    assert "101 x 100" in refused.value.detail


@pytest.mark.parametrize("content_type", ["image/jxl", "image/svg+xml", "image/x-xcf", "text/html"])
def test_what_cannot_be_read_is_said_to_be_so(content_type: str) -> None:
    with pytest.raises(Permanent) as refused:
        understood(b"<html>", content_type)

    assert refused.value.code == "unsupported_picture"
    assert content_type in refused.value.detail


@pytest.mark.parametrize("content_type", CONTENT_TYPES.values())
@pytest.mark.parametrize("body", [b"", b"<svg/>", b"\0" * 1000], ids=["nothing", "svg", "zeros"])
def test_what_is_no_picture_is_broken(content_type: str, body: bytes) -> None:
    with pytest.raises(Permanent) as refused:
        understood(body, content_type)

    assert refused.value.code == "broken_picture"


def test_a_picture_is_opened_as_what_its_bytes_are_and_as_nothing_else() -> None:
    """Given a PNG that passed for a JPEG, Pillow is not asked for what else it may be."""
    with pytest.raises(Permanent):
        understood(saved(scene(32, 32), "PNG"), "image/jpeg")


@pytest.mark.parametrize("tenth", range(1, 10))
@pytest.mark.parametrize("format", CONTENT_TYPES)
def test_a_picture_that_is_cut_off_is_broken_or_whole_enough(format: str, tenth: int) -> None:
    """Given the first tenths of a file, it is refused as broken, or shown as far as it goes."""
    body = saved(scene(320, 240), format)

    try:
        result = understood(body[: len(body) * tenth // 10], CONTENT_TYPES[format])
    except Permanent as refused:
        assert refused.code == "broken_picture"
    else:
        assert format in {"GIF", "BMP", "TIFF", "HEIF"}
        assert (result.facts.width, result.facts.height) == (320, 240)


@pytest.mark.parametrize("size", [(320, 240), (2600, 2000)])
@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_a_jpeg_that_lacks_its_end_marker_alone_is_shown(
    size: tuple[int, int], how: dict[str, Any]
) -> None:
    body = saved(scene(*size), "JPEG", **how)

    found = understood(body[:-2], "image/jpeg")

    assert found.frames == understood(body, "image/jpeg").frames
    for tenths in (3, 5, 9):
        with pytest.raises(Permanent, match="broken_picture"):
            understood(body[: len(body) * tenths // 10], "image/jpeg")


ICON = "image/x-icon"


def test_an_icon_is_its_largest_picture() -> None:
    body = saved(quarters((48, 48), [RED, BLUE, BLUE, BLUE]), "ICO", sizes=[(16, 16), (48, 48)])

    assert recognise(body).content_type == ICON
    assert understood(body, ICON).facts.width == 48
    assert corners(seen(body, ICON))[0] == RED


@pytest.mark.parametrize("cut", [0, 5, 30, 100, -100])
def test_a_damaged_icon_is_broken(cut: int) -> None:
    body = saved(scene(48, 48), "ICO", sizes=[(16, 16), (48, 48)])

    with pytest.raises(Permanent) as refused:
        understood(body[:cut] or b"<svg/>", ICON)

    assert refused.value.code == "broken_picture"


def test_the_camera_that_puts_a_second_picture_into_a_jpeg() -> None:
    """Given a JPEG with a depth map behind it, it is one still picture."""
    body = saved(scene(640, 480), "MPO", save_all=True, append_images=[scene(64, 48)])

    result = understood(body, "image/jpeg")

    assert (result.facts.width, result.facts.height, result.facts.frames) == (640, 480, None)


def test_pictures_with_a_colour_that_is_transparent() -> None:
    body = saved(quarters((32, 32), [RED, BLUE, BLUE, BLUE]), "PNG", transparency=BLUE)

    assert corners(seen(body, "image/png"))[1] == WHITE


def test_a_file_may_be_read_from_wherever_it_was_left() -> None:
    file = io.BytesIO(saved(scene(32, 32), "PNG"))
    file.seek(20)

    assert understand_image(file, "image/png", Options()).facts.width == 32
