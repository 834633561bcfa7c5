"""What cameras, scanners and microscopes write now and then: read, or said to be rare."""

from __future__ import annotations

import lzma
import zlib

import pytest
from mammothbox.errors import Permanent
from mammothbox.intake.kind import recognise

from tests.unit.media.odd_tiffs import pixels_of, tiff_of
from tests.unit.media.pictures import Colour, alike, colour_at, saved, scene, seen, understood

TIFF, JPEG = "image/tiff", "image/jpeg"
COLOUR = (200, 100, 50)
GREY = (200, 200, 200)
ALPHA, GREYS, CMYK, PALETTE, ICC_LAB, CIE_LAB = [2], 1, 5, 3, 9, 8
PLANES = pixels_of(16, 3, 1, planar=True, order="<")
READ: dict[str, tuple[bytes, Colour]] = {
    "16 bits, by channel": (tiff_of(16, 3, planar=True), COLOUR),
    "16 bits, by channel, Motorola": (tiff_of(16, 3, planar=True, order=">"), COLOUR),
    "16 bits": (tiff_of(16, 3), COLOUR),
    "16 bits, Motorola": (tiff_of(16, 3, order=">"), COLOUR),
    "16 bits and opacity": (tiff_of(16, 4, extra=ALPHA), COLOUR),
    "16 bits and opacity, by channel": (tiff_of(16, 4, extra=ALPHA, planar=True), COLOUR),
    "8 bits, by channel": (tiff_of(8, 3, planar=True), COLOUR),
    "deflated, by channel": (
        tiff_of(16, 3, planar=True, compression=8, strips=[zlib.compress(one) for one in PLANES]),
        COLOUR,
    ),
    "LZMA": (
        tiff_of(8, 3, compression=34925, strips=[lzma.compress(pixels_of(8, 3, 1, False, "<")[0])]),
        COLOUR,
    ),
    "grey in floating point": (tiff_of(32, 1, photometric=GREYS, form=3), GREY),
    "grey in 4 bits": (tiff_of(4, 1, photometric=GREYS), (0, 0, 0)),
    "grey in 12 bits": (tiff_of(12, 1, photometric=GREYS), (0, 0, 0)),
    "large": (
        saved(scene(64, 48), "TIFF", big_tiff=True),
        colour_at(seen(saved(scene(64, 48), "TIFF"), TIFF), 0.5, 0.5),
    ),
}


@pytest.mark.parametrize(("body", "colour"), READ.values(), ids=READ)
def test_odd_tiffs_are_read(body: bytes, colour: Colour) -> None:
    assert recognise(body[:8192]).content_type == TIFF
    assert alike(colour_at(seen(body, TIFF), 0.5, 0.5), colour, by=3)


RARE = {
    "TIFF of 3 channels with 64 floating-point bits": tiff_of(64, 3, form=3, planar=True),
    "TIFF of 3 channels with 32 floating-point bits": tiff_of(32, 3, form=3, order=">"),
    "TIFF of 1 channels with 64 floating-point bits": tiff_of(64, 1, form=3, photometric=GREYS),
    "TIFF of 1 channels with 64 complex bits": tiff_of(64, 1, form=6, photometric=GREYS),
    "TIFF of 2 channels with 16 bits": tiff_of(16, 2, photometric=GREYS, extra=ALPHA),
    "TIFF of 5 channels with 8 bits": tiff_of(8, 5, photometric=CMYK, extra=ALPHA),
    "TIFF of 8 channels with 8 bits": tiff_of(8, 8, extra=[0] * 5),
    "TIFF of 6 channels with 8 bits": tiff_of(8, 6, planar=True, photometric=GREYS, extra=[0] * 5),
    "TIFF of 3 channels with 12 bits": tiff_of(12, 3),
    "TIFF of 1 channels with 16 bits": tiff_of(16, 1, photometric=PALETTE),
    "TIFF of 3 channels with 16 bits": tiff_of(16, 3, photometric=CIE_LAB),
    "packed as JPEG 2000": tiff_of(8, 3, compression=34712, strips=[b"\xff\x4f"]),
    "packed as JPEG XL": tiff_of(8, 3, compression=50002, strips=[b"\xff\x0a"]),
    "packed as WebP": tiff_of(8, 3, compression=50001, strips=[saved(scene(64, 48), "WEBP")]),
    "packed as 34676": tiff_of(16, 3, compression=34676, photometric=32845),
}


@pytest.mark.parametrize("what", RARE)
def test_a_rare_tiff_is_not_called_damaged(what: str) -> None:
    """Given a whole file that nothing here reads, its uploader learns what it is."""
    with pytest.raises(Permanent) as refused:
        understood(RARE[what], TIFF)

    assert refused.value.code == "unsupported_picture"
    assert f"{what})" in refused.value.detail


@pytest.mark.parametrize("what", RARE)
def test_a_rare_tiff_whose_header_is_cut_off_is_damaged(what: str) -> None:
    with pytest.raises(Permanent) as refused:
        understood(RARE[what][:40], TIFF)

    assert refused.value.code == "broken_picture"


def jpeg_with(place: int, value: int) -> bytes:
    """A JPEG whose frame says something else at that place."""
    body = saved(scene(64, 48), "JPEG")
    at = body.index(b"\xff\xc0") + place
    return body[:at] + bytes([value]) + body[at + 1 :]


@pytest.mark.parametrize(
    ("body", "what"),
    [(jpeg_with(4, 12), "12-bit"), (jpeg_with(9, 2), "2-layer")],
    ids=["12 bits", "two channels"],
)
def test_a_rare_jpeg_is_not_called_damaged(body: bytes, what: str) -> None:
    with pytest.raises(Permanent) as refused:
        understood(body, JPEG)

    assert refused.value.code == "unsupported_picture"
    assert what in refused.value.detail


@pytest.mark.parametrize("content_type", ["image/jp2", "image/jpx"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA"])
def test_jpeg_2000_is_read(mode: str, content_type: str) -> None:
    picture = scene(320, 240).convert(mode)

    result = understood(saved(picture, "JPEG2000"), content_type)

    assert (result.facts.width, result.facts.height) == (320, 240)
    assert len(result.derivatives) == 3
