"""What is believed of a decoder's answer can be put down: no answer ends in a database error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from mammothbox.catalog import media
from mammothbox.catalog.connection import Connection, Database
from mammothbox.media.answer import packed, unpacked
from mammothbox.media.understood import Derivative, Facts, Understood
from mammothbox.media.wire import Garbled
from PIL import Image

from infra.local.postgres import DatabaseUrls
from tests.integration.test_catalogue import put_job
from tests.unit.media.pictures import saved

OWNER = "ada"
THUMBNAIL = Derivative(
    "thumb-150.webp", "image/webp", 2, 1, saved(Image.new("RGB", (2, 1)), "WEBP")
)
HONEST: dict[str, Any] = packed(Understood(Facts(), (THUMBNAIL,))).header["understood"]

# All edges of what columns hold, and what is no number though it may pass for one.
EDGES: list[object] = [
    *(
        sign * edge + by
        for edge in (0, 8, 90, 180, 1440, 2**15, 2**31, 2**53, 2**63)
        for sign in (1, -1)
        for by in (-1, 0, 1)
    ),
    *("nan", "inf", "-inf", "1e400", "\0", "\ud800", "a" * 10_000, "", 1e308, 5e-324, True, None),
    *("2024-02-29T10:00:00", "2024-02-29T10:00:00+14:00", "0001-01-01", "9999-12-31T23:59:59"),
]
WHOLE = ["width", "height", "orientation", "frames", "duration_ms", "bit_rate"]
WHOLE += ["taken_offset_min", "taken_at"]
WORDS = ["video_codec", "audio_codec", "title", "artist", "album"]
OF_CAMERA = ["make", "model", "lens", "exposure_s", "iso", "aperture", "focal_length_mm"]
TEXTS = st.text(max_size=40)
NUMBERS = st.integers() | st.floats() | TEXTS
MOMENTS = st.datetimes().map(str)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """One or two of the fields: were all of them odd, nothing would ever be believed."""
    one = st.sampled_from(sorted(fields)).flatmap(
        lambda name: fields[name].map(lambda value: {name: value})
    )
    return st.lists(one, max_size=2).map(
        lambda parts: {k: v for part in parts for k, v in part.items()}
    )


FACTS = some(
    **dict.fromkeys(WHOLE, NUMBERS | MOMENTS),
    **dict.fromkeys(WORDS, TEXTS),
    place=st.fixed_dictionaries(
        {"latitude": NUMBERS, "longitude": NUMBERS}, optional={"altitude": NUMBERS}
    ),
    camera=some(**dict.fromkeys(OF_CAMERA, NUMBERS)),
    everything=st.dictionaries(TEXTS, ANYTHING, max_size=3),
)
ANSWERS = some(
    facts=FACTS | FACTS | ANYTHING,
    phash=st.from_regex(r"\A[0-9a-f]{16}\Z") | TEXTS,
    derivatives=st.lists(
        some(name=TEXTS | st.just("a" * 41 + ".jpg"), width=NUMBERS, content_type=TEXTS).map(
            lambda lies: {**HONEST["derivatives"][0], **lies}
        ),
        max_size=2,
    ),
)


@pytest.fixture
def asset(database_urls: DatabaseUrls) -> Iterator[tuple[Connection, UUID]]:
    identifier = put_job(database_urls, OWNER)
    with (
        closing(Database(database_urls.worker)) as database,
        database.transaction() as connection,
    ):
        yield connection, identifier


def stored(asset: tuple[Connection, UUID], lies: dict[str, Any]) -> bool:
    """Whether the answer was believed; raises if it could not be put down then."""
    connection, identifier = asset
    told = {**HONEST, **lies}
    try:
        believed = unpacked(told, [THUMBNAIL.body] * len(told["derivatives"]))
    except Garbled:
        return False
    with connection.transaction(force_rollback=True):
        media.record(connection, OWNER, identifier, believed.facts, believed.phash)
        media.record_derivatives(connection, OWNER, identifier, believed.derivatives)
        connection.execute("SELECT 1").fetchone()
    return True


@pytest.mark.parametrize(
    "facts_of",
    [
        *(partial(lambda name, value: {name: value}, name) for name in (*WHOLE, *WORDS)),
        *(partial(lambda name, value: {"camera": {name: value}}, name) for name in OF_CAMERA),
        lambda value: {"place": {"latitude": value, "longitude": 0}},
        lambda value: {"place": {"latitude": 0, "longitude": value}},
        lambda value: {"place": {"latitude": 0, "longitude": 0, "altitude": value}},
        lambda value: {"everything": {"exif": {"a": value, str(value): [value]}}},
    ],
)
def test_every_fact_is_stored_or_not_believed(
    asset: tuple[Connection, UUID], facts_of: Callable[[object], dict[str, Any]]
) -> None:
    """Given a fact at all the edges of its column, some are believed, and these are stored."""
    found = [stored(asset, {"facts": facts_of(edge)}) for edge in EDGES]

    assert any(found)


@given(lies=ANSWERS)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_answer_is_stored_or_not_believed(
    asset: tuple[Connection, UUID], lies: dict[str, Any]
) -> None:
    event("believed" if stored(asset, lies) else "garbled")
