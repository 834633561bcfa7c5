"""A library with one of each kind in it, for the tests of the library and of single objects."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
from PIL import Image

from tests.browser.people import Owner
from tests.unit.media_av.making import film, scene, sound, tone

BERLIN = (52.52, 13.4)
SYDNEY = (-33.86, 151.2)
# 2^53 + 1, and digits that a parsed number would lose.
DIGITS = b'{"id": 9007199254740993, "price": 1.10, "deep": {"list": [1, 3e400], "text": "<b>bold"}}'


def photo(shade: int, taken: str | None = None, place: tuple[float, float] | None = None) -> bytes:
    """A picture of its own shade, with a camera, a time and a place if they are told."""
    exif = Image.Exif()
    if taken:
        exif[0x010F], exif[0x0110] = "Canon", "EOS R6"
        details = exif.get_ifd(0x8769)
        details[0x9003], details[0x9011] = taken, "+02:00"
    if place:
        told = exif.get_ifd(0x8825)
        told[1], told[2] = "N" if place[0] >= 0 else "S", (abs(place[0]), 0.0, 0.0)
        told[3], told[4] = "E" if place[1] >= 0 else "W", (abs(place[1]), 0.0, 0.0)
    wedge = Image.linear_gradient("L").resize((320, 240))
    body = io.BytesIO()
    turned = wedge.rotate(shade * 2)
    Image.merge("RGB", (wedge, turned, Image.new("L", wedge.size, shade))).save(
        body, "JPEG", exif=exif
    )
    return body.getvalue()


@dataclass(frozen=True)
class Shelf:
    """Whose library, and what is in it: system ids by file name."""

    owner: Owner
    ids: dict[str, str]

    def add(self, name: str, content: bytes, **declared: Any) -> str:
        """Upload one more and wait for it."""
        system_id = self.owner.client.upload(name, content, **declared)
        self.owner.client.settled(system_id)
        self.ids[name] = system_id
        return system_id


def filled(owner: Owner, *names: str) -> Shelf:
    """Upload what is named, all at once, and wait for it."""
    makers: dict[str, Callable[[], bytes]] = {
        "berlin.jpg": lambda: photo(10, "2023:05:01 18:30:00", BERLIN),
        "tree.jpg": lambda: photo(60, "2023:05:02 11:00:00"),
        "sydney.jpg": lambda: photo(110, "2021:01:01 00:00:01", SYDNEY),
        "plain.jpg": lambda: photo(160),
        "tone.wav": lambda: sound(tone(5)),
        "moving.mp4": lambda: film([scene(seed) for seed in range(3)]),
        "digits.json": lambda: DIGITS,
        "notes.bin": lambda: b"\x00\x01\x02 nothing that anyone knows",
        "broken.jpg": lambda: b"\xff\xd8\xff\xe0 cut off",
    }
    types = {
        "jpg": "image/jpeg",
        "wav": "audio/wav",
        "mp4": "video/mp4",
        "json": "application/json",
        "bin": "application/octet-stream",
    }
    ids = {}
    for name in names or makers:
        kind = types[name.rpartition(".")[2]]
        ids[name] = owner.client.upload(name, makers[name](), content_type=kind)
    for system_id in ids.values():
        owner.client.settled(system_id)
    return Shelf(owner, ids)


_CROWD = """
WITH made AS (
    SELECT gen_random_uuid() AS id, now() AS created_at, n,
        date_trunc('month', timestamp '2026-10-31' - (n %% %(months)s) * interval '1 month')
            + n * interval '10 seconds' AS at
    FROM generate_series(0, %(number)s - 1) AS n
), asset AS (
    INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status, kind, filename, content_type,
        size_bytes, created_at)
    SELECT %(owner)s, id, %(job)s, n, %(job)s, 'ready', 'image', 'crowd-' || n || '.jpg',
        'image/jpeg', 1000, created_at FROM made
), media AS (
    INSERT INTO media (owner, asset_id, width, height, taken_at, everything)
    SELECT %(owner)s, id, 300, 200, at, '{}' FROM made
), derivative AS (
    INSERT INTO derivative (owner, asset_id, name, content_type, width, height, size_bytes)
    SELECT %(owner)s, id, 'thumb-300.webp', 'image/webp', 300, 200, 1000 FROM made
)
INSERT INTO searchable (owner, asset_id, kind, created_at, at, facets, words, hidden, duplicate)
SELECT %(owner)s, id, 'image', created_at, at, ARRAY['kind:image'], '', false, false FROM made
"""


def crowd(owner: Owner, number: int, months: int) -> None:
    """So many pictures over so many months, as intake would leave them, but without bytes."""
    asked = {"owner": owner.name, "job": uuid4(), "number": number, "months": months}
    with psycopg.connect(owner.client.env["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("SET search_path = catalog, public")
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO job (owner, id, request_id, source, objects) VALUES"
            " (%(owner)s, %(job)s, 'crowd', 'ingest', 1)",
            asked,
        )
        connection.execute(
            "INSERT INTO asset_raw (owner, id, bucket, key)"
            " VALUES (%(owner)s, %(job)s, 'mammothbox-raw', %(job)s::text)",
            asked,
        )
        connection.execute(_CROWD, asked)
        connection.execute("ANALYZE searchable")
