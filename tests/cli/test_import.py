"""Importing a camera's card: by date, with what was written about the pictures, never twice."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from clients.cli.uploading import sidecars
from clients.cli.uploading.files import Found, look_at
from clients.cli.uploading.taken import taken_at
from tests.cli.conftest import Person
from tests.cli.shelf import stored
from tests.house import House

XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<rdf:Description xmp:Rating="4"><dc:subject><rdf:Bag><rdf:li>ice age</rdf:li>
<rdf:li>herd</rdf:li></rdf:Bag></dc:subject><dc:title><rdf:Alt><rdf:li xml:lang="x-default">
The herd</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"""
OLD = datetime(2001, 1, 1, tzinfo=UTC).timestamp()


def photo(path: Path, taken: str | None, kind: str = "JPEG") -> Path:
    """A picture of its own colour, with what the camera wrote about its moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (8, 8), tuple(os.urandom(3)))
    exif = Image.Exif()
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
    image.save(path, kind, exif=exif)
    os.utime(path, (OLD, OLD))
    return path


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """Four pictures in no order by name, one of them raw too, with notes and clutter."""
    folder = tmp_path / "card" / "DCIM" / "100MAMMO"
    photo(folder / "IMG_0001.JPG", "2024:06:03 10:00:00")
    photo(folder / "IMG_0002.JPG", "2024:06:01 10:00:00")
    photo(folder / "IMG_0002.DNG", "2024:06:01 10:00:00", "TIFF")
    photo(folder / "IMG_20240602_100000.jpg", None)
    (folder / "IMG_0002.xmp").write_text(XMP)
    (folder / "IMG_0001.AAE").write_text("<plist/>")
    (tmp_path / "card" / "AUTORUN.INF").write_text("not a picture")
    return tmp_path / "card"


def names(house: House) -> list[str]:
    """What was announced, in order."""
    rows = house.rows("SELECT filename FROM asset ORDER BY created_at, job_id, ordinal")
    return [str(row["filename"]) for row in rows]


def test_a_card_is_imported_by_date_with_its_notes_and_never_twice(
    house: House, person: Person, card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = person("import", card)

    assert first.status == 0, first.err
    assert names(house) == [
        "IMG_0002.DNG",
        "IMG_0002.JPG",
        "IMG_20240602_100000.jpg",
        "IMG_0001.JPG",
    ]
    assert "edits that only Apple's Photos can apply" in first.err
    assert "1 picture is there raw and developed" in first.err
    stored(house)
    (noted,) = house.rows("SELECT id FROM asset WHERE filename = 'IMG_0002.JPG'")
    shown = house.get(house.client(), noted["id"])
    assert (shown["comments"], shown["rating"]) == ("The herd", 4)
    assert {tag["label"] for tag in shown["tags"]} == {"ice age", "herd"}
    house.client().patch(f"/api/v1/objects/{noted['id']}", json={"comments": "by hand"})
    (notes,) = card.rglob("*.xmp")
    notes.write_text(
        XMP.replace('Rating="4"', 'Rating="2"').replace("<rdf:li>herd", "<rdf:li>calf")
    )
    again = person("import", card)
    changed = house.get(house.client(), noted["id"])
    assert again.status == 0 and "0 sent (0 B), 4 known" in again.err
    assert {tag["label"] for tag in changed["tags"]} == {"ice age", "calf"}
    assert (changed["comments"], changed["rating"]) == ("by hand", 2), "what a hand said stays"
    elsewhere = card.rename(tmp_path / "another mount")
    assert "0 sent (0 B), 4 known" in person("import", elsewhere).err
    house.rows("UPDATE asset SET status = 'ready' WHERE status = 'processing'")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another machine"))
    assert "0 sent (0 B), 4 known" in person("import", elsewhere).err
    assert len(names(house)) == 4


def test_only_what_was_taken_since_then(house: House, person: Person, card: Path) -> None:
    told = person("import", card, "--since", "2024-06-02")

    assert told.status == 0, told.err
    assert names(house) == ["IMG_20240602_100000.jpg", "IMG_0001.JPG"]


@pytest.mark.parametrize(
    ("name", "content", "taken"),
    [
        ("PXL_20230102_030405678.jpg", b"x", datetime(2023, 1, 2, 3, 4, 5)),
        ("2023-01-02 03.04.05.png", b"x", datetime(2023, 1, 2, 3, 4, 5)),
        ("IMG-20230102-WA0007.jpg", b"x", datetime(2023, 1, 2)),
        (
            "film.mp4",
            b"....ftypisom....mvhd\0\0\0\0\xe0\x00\x00\x00",
            datetime(2023, 2, 1, 11, 39, 44),
        ),
        ("broken.jpg", b"\xff\xd8Exif\0\0II*\0\xff\xff\xff\xff", datetime(2001, 1, 1)),
        ("19999999_1.jpg", b"x", datetime(2001, 1, 1)),
    ],
)
def test_the_moment_is_found_wherever_it_is_written(
    tmp_path: Path, name: str, content: bytes, taken: datetime
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    local = datetime(2001, 1, 1).timestamp()
    os.utime(path, (local, local))
    found = look_at(path)
    assert isinstance(found, Found)

    assert taken_at(found) == taken


def test_a_file_of_a_year_that_no_calendar_knows_has_a_moment_too(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    found = look_at(tmp_path / "a.jpg")
    assert isinstance(found, Found)

    moments = [taken_at(replace(found, mtime_ns=ns)) for ns in (10**21, -(10**21))]

    assert moments == [datetime.max, datetime.max]


def test_notes_that_could_do_harm_or_are_none_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xmp"
    for text in ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "no XML", "<a>"):
        path.write_text(text)
        assert sidecars.read_notes(path) is None
    for coding in ("utf-9", "utf-32", "base64"):
        path.write_text(f'<?xml version="1.0" encoding="{coding}"?><a/>')
        assert sidecars.read_notes(path) is None
    for stars in ("²", "9" * 5000, "-1", "many"):
        path.write_text(XMP.replace('Rating="4"', f'Rating="{stars}"'))
        read = sidecars.read_notes(path)
        assert read is not None and (read.title, read.rating) == ("The herd", None)
