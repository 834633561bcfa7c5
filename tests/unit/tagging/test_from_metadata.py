"""Tags that a file's own metadata gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.media.understood import Camera, Facts, Place
from mammothbox.tagging import from_metadata
from mammothbox.tagging.tag import Tag
from mammothbox.tagging.vocabulary import Vocabulary

from tests.unit.tagging.conftest import UNHURRIED

CAMERA = Camera(make="Canon", model="Canon EOS R5")


def labels(tags: list[Tag]) -> set[str]:
    return {tag.label for tag in tags}


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        ("image", Facts(width=4000, height=3000), {"landscape format"}),
        ("image", Facts(width=3000, height=4000), {"portrait format"}),
        ("image", Facts(width=1080, height=1080), {"square format"}),
        ("image", Facts(width=1080, height=1090), {"square format"}),
        ("image", Facts(), set()),
        (
            "image",
            Facts(width=4000, height=3000, camera=CAMERA),
            {"landscape format", CAMERA.model},
        ),
        (
            "video",
            Facts(width=1920, height=800, video_codec="h264", audio_codec="aac", camera=CAMERA),
            {"landscape format", "Canon EOS R5"},
        ),
        (
            "video",
            Facts(width=1080, height=1920, video_codec="h264"),
            {"portrait format", "silent video"},
        ),
        ("audio", Facts(audio_codec="mp3", artist="Nina", width=500, height=500), {"music"}),
        ("audio", Facts(audio_codec="opus"), set()),
    ],
)
def test_what_facts_say(english: Vocabulary, kind: str, facts: Facts, expected: set[str]) -> None:
    assert labels(from_metadata.tags(kind, facts, (), english)) == expected


@pytest.mark.parametrize(
    ("hint", "label"),
    [
        ("animated", "animated"),
        ("screenshot", "screenshot"),
        ("panorama", "panorama"),
        ("live", "live photo"),
        ("burst", "burst"),
        ("raw", "raw photo"),
        ("slow_motion", "slow motion"),
        ("time_lapse", "time lapse"),
        ("voice_memo", "voice memo"),
    ],
)
def test_what_hints_say(english: Vocabulary, hint: str, label: str) -> None:
    (tag,) = from_metadata.tags("image", Facts(), [hint, hint, "unheard-of"], english)

    assert (tag.label, tag.source, tag.score) == (label, "metadata", None)
    assert tag.hypernyms


def test_they_are_in_the_librarys_language(german: Vocabulary) -> None:
    found = from_metadata.tags("image", Facts(width=1, height=2), ["live"], german)

    assert labels(found) == {"Hochformat", "Live Photo"}


def test_a_label_taken_out_of_the_vocabulary_is_not_given(small: Vocabulary) -> None:
    assert from_metadata.tags("image", Facts(width=1, height=2), ["live"], small) == []


@pytest.mark.parametrize(
    ("make", "model", "expected"),
    [
        ("Canon", "Canon EOS R5", "Canon EOS R5"),
        ("NIKON CORPORATION", "NIKON D850", "Nikon D850"),
        ("Apple", "iPhone 13 Pro", "Apple iPhone 13 Pro"),
        ("SAMSUNG", "SM-G991B", "Samsung SM-G991B"),
        ("samsung", "Galaxy S24", "Samsung Galaxy S24"),
        ("OLYMPUS IMAGING CORP.  ", "E-M5", "Olympus E-M5"),
        ("OLYMPUS OPTICAL CO.,LTD", "C2500L", "Olympus C2500L"),
        ("SONY", "ILCE-7M3", "Sony ILCE-7M3"),
        ("RICOH IMAGING COMPANY, LTD.", "PENTAX K-1", "Pentax K-1"),
        ("EASTMAN KODAK COMPANY", "KODAK DX6490", "Kodak DX6490"),
        ("LEICA CAMERA AG", "LEICA Q2", "Leica Q2"),
        ("LG Electronics", "LG-H870", "LG LG-H870"),
        ("DJI", "FC3170", "DJI FC3170"),
        ("Google", "Pixel 8", "Google Pixel 8"),
        ("", "Pixel 8", "Pixel 8"),
        ("FUJIFILM", None, "Fujifilm"),
        ("Evil\x00\x1b[31m\nCo", "Cam\u202e\r\nera", "Evil[31m Cam era"),
    ],
)
def test_cameras_have_one_name(
    english: Vocabulary, make: str, model: str | None, expected: str
) -> None:
    facts = Facts(camera=Camera(make=make, model=model))

    (tag,) = from_metadata.tags("image", facts, (), english)

    assert tag.label == expected


def test_a_camera_is_found_under_its_maker(english: Vocabulary) -> None:
    (tag,) = from_metadata.tags("image", Facts(camera=CAMERA), (), english)

    assert tag.hypernyms == ("Canon",)


@UNHURRIED
@given(
    kind=st.sampled_from(["image", "video", "audio"]),
    camera=st.builds(Camera, make=st.none() | st.text(), model=st.none() | st.text()),
    size=st.tuples(st.none() | st.integers(0, 10**6), st.none() | st.integers(0, 10**6)),
    hints=st.lists(st.text()),
)
def test_no_metadata_breaks_it_and_no_place_gets_out(
    kind: str,
    camera: Camera,
    size: tuple[int | None, int | None],
    hints: list[str],
    english: Vocabulary,
) -> None:
    facts = Facts(
        width=size[0],
        height=size[1],
        camera=camera,
        place=Place(latitude=47.3769, longitude=8.5417),
    )

    found = from_metadata.tags(kind, facts, hints, english)

    assert len(labels(found)) == len(found)
    for tag in found:
        assert tag.label == tag.label.strip() != ""
        assert tag.label.isprintable() or not tag.label.isascii()
        assert len(tag.label) <= 130
        tag.label.encode()
        assert "47.37" not in tag.label
