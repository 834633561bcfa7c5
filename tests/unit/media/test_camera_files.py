"""Raw files of each maker are recognised, opened by LibRaw and shown by their preview."""

from __future__ import annotations

import pytest
from mammothbox.intake.kind import HEAD_BYTES, recognise

from tests.unit.media.camera_files import CAMERAS, HEIGHT, PREVIEW_SIZE, WIDTH, rw2, tiff_like
from tests.unit.media.pictures import GREEN, RED, alike, colour_at, corners, understood
from tests.unit.media.test_images import GOLDEN

# Of these, LibRaw reads what the test files hold of the sensor's picture.
DEVELOPED = {
    "NEF": (b"NIKON CORPORATION", b"NIKON D3100", "image/x-nikon-nef"),
    "ARW": (b"SONY", b"ILCE-7M3", "image/x-sony-arw"),
    "PEF": (b"PENTAX", b"PENTAX K-3", "image/x-pentax-pef"),
    "SRW": (b"SAMSUNG", b"NX300", "image/x-samsung-srw"),
}


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("name", CAMERAS)
def test_a_cameras_file_is_shown_upright(name: str, orientation: int) -> None:
    make, content_type, model = CAMERAS[name]
    body = make(orientation)

    assert recognise(body[:HEAD_BYTES]).content_type == content_type
    result = understood(body, content_type)

    found = corners(result.frames[0])
    red, green = GOLDEN[orientation]
    assert alike(found[red], RED)
    assert alike(found[green], GREEN)
    is_upright = orientation < 5
    # LibRaw leaves out a few columns at the edge of some sensors.
    long, short = sorted((result.facts.width or 0, result.facts.height or 0), reverse=True)
    assert short == HEIGHT
    assert WIDTH - 32 <= long <= WIDTH
    assert ((result.facts.width or 0) > short) is is_upright
    shown = result.frames[0].width, result.frames[0].height
    assert shown == (PREVIEW_SIZE if is_upright else PREVIEW_SIZE[::-1])
    assert result.facts.camera is not None
    assert result.facts.camera.model == model
    assert result.facts.orientation == orientation


@pytest.mark.parametrize("name", DEVELOPED)
def test_without_a_preview_of_use_it_is_developed(name: str) -> None:
    """Given a preview for the camera's own screen only, the sensor's picture is shown."""
    make, model, content_type = DEVELOPED[name]
    body = tiff_like(make, model, preview_size=(160, 120))

    frame = understood(body, content_type).frames[0]

    assert frame.width > PREVIEW_SIZE[0] // 2
    assert alike(colour_at(frame, 0.2, 0.5), (0, 0, 0))
    assert min(colour_at(frame, 0.8, 0.5)) > 100


def test_panasonics_own_sensitivity_is_told() -> None:
    camera = understood(rw2(), "image/x-panasonic-rw2").facts.camera

    assert camera is not None
    assert camera.iso == 200
