"""Where a copy lies, and what its name ends in."""

from __future__ import annotations

import re
from uuid import UUID

import filetype
import pytest
from mammothbox.storage.placement import canonical_key

from tests.unit.test_kind import FILMS, JSON, OTHERS, PICTURES, SOUNDS

CLUSTER = UUID("01a1fdc8-2d26-7f86-a55b-3d9061b9f2ae")
ASSET = UUID("01a1fdc8-2d26-7f86-a55b-3d9061b9f2af")
FOLDER = f"media/clusters/{CLUSTER}/{ASSET}"

SAMPLES = {**PICTURES, **FILMS, **SOUNDS, **OTHERS, **{"json": (b"{}", JSON)}}
TOLD_APART = {
    *(content_type for _, content_type in SAMPLES.values()),
    *(known.mime for known in filetype.types),
    "application/json+gzip",
} - {"application/octet-stream"}


@pytest.mark.parametrize("content_type", sorted(TOLD_APART))
def test_whatever_intake_tells_apart_has_an_extension(content_type: str) -> None:
    key = canonical_key(CLUSTER, ASSET, content_type)

    assert re.fullmatch(rf"{FOLDER}\.[A-Za-z0-9]+(\.gz)?", key)


@pytest.mark.parametrize(
    ("content_type", "extension"),
    [
        ("image/jpeg", "jpg"),
        ("image/x-nikon-nef", "nef"),
        ("video/quicktime", "mov"),
        ("audio/mpeg", "mp3"),
        ("text/plain", "txt"),
    ],
)
def test_the_extension_is_the_usual_one(content_type: str, extension: str) -> None:
    assert canonical_key(CLUSTER, ASSET, content_type) == f"{FOLDER}.{extension}"


@pytest.mark.parametrize("content_type", [None, "application/octet-stream", "x/../../y"])
def test_what_is_not_known_has_none(content_type: str | None) -> None:
    assert canonical_key(CLUSTER, ASSET, content_type) == FOLDER
