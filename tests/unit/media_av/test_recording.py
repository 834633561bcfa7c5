"""What tags tell of when, where and with what something was recorded."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.media import recording
from mammothbox.media.understood import Place

ISO_DATE = "com.apple.quicktime.creationdate"


@pytest.mark.parametrize(
    ("text", "latitude", "longitude", "altitude"),
    [
        ("+37.7858-122.4064+012.300/", 37.7858, -122.4064, 12.3),
        ("+48.1372+011.5756/", 48.1372, 11.5756, None),
        ("-33.8688+151.2093-004CRSWGS_84/", -33.8688, 151.2093, -4.0),
        ("+4034.5-07358.25/", 40 + 34.5 / 60, -(73 + 58.25 / 60), None),
        ("+403430-0735815/", 40 + 34 / 60 + 30 / 3600, -(73 + 58 / 60 + 15 / 3600), None),
        ("+48+011/", 48, 11, None),
    ],
)
def test_places(text: str, latitude: float, longitude: float, altitude: float | None) -> None:
    place = recording.place({"location": text})

    assert place is not None
    assert place.latitude == pytest.approx(latitude)
    assert place.longitude == pytest.approx(longitude)
    assert place.altitude == altitude


@pytest.mark.parametrize(
    "text",
    [
        "",
        "home",
        "+91.0000+000.0000/",
        "+10.0000+181.0000/",
        "+00.0000+000.0000/",
        "48.1,11.5",
        "+1+2/",
    ],
)
def test_what_is_no_place(text: str) -> None:
    assert recording.place({"location": text}) is None


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_place_comes_back(latitude: float, longitude: float) -> None:
    told = f"{latitude:+08.4f}{longitude:+09.4f}/"

    place = recording.place({"com.apple.quicktime.location.iso6709": told})

    here = float(told[:8]), float(told[8:17])
    assert place == (Place(latitude=here[0], longitude=here[1]) if any(here) else None)


@given(st.text(max_size=40))
def test_any_text_is_a_place_or_none(text: str) -> None:
    recording.place({"location": text})
    recording.taken({"date": text, "creation_time": text})
    recording.hints({"com.android.capture.fps": text}, Fraction(30))


@pytest.mark.parametrize(
    ("tags", "moment", "offset"),
    [
        ({ISO_DATE: "2026-07-04T21:15:03+0200"}, "2026-07-04T21:15:03", 120),
        ({ISO_DATE: "2026-07-04T21:15:03-03:30"}, "2026-07-04T21:15:03", -210),
        ({"creation_time": "2026-07-04T19:15:03.000000Z"}, "2026-07-04T19:15:03", 0),
        ({"creation_time": "2026-07-04 19:15:03"}, "2026-07-04T19:15:03", None),
        ({"date": "2011-09-06T12:00:00+0200"}, "2011-09-06T12:00:00", 120),
        (
            {"creation_time": "2026-07-04T19:15:03Z", ISO_DATE: "2026-07-04T21:15:03+0200"},
            "2026-07-04T21:15:03",
            120,
        ),
        ({"date": "2011", "creation_time": "2026-07-04T19:15:03Z"}, "2026-07-04T19:15:03", 0),
    ],
)
def test_times(tags: dict[str, str], moment: str, offset: int | None) -> None:
    assert recording.taken(tags) == (datetime.fromisoformat(moment), offset)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2011",
        "2011-09-06",
        "yesterday",
        "0001-01-01T00:00:00Z",
        "1904-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "2026-13-45T00:00:00Z",
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert recording.taken({"creation_time": text, "date": text}) == (None, None)


@given(
    st.datetimes(datetime(1980, 1, 2), datetime(9990, 1, 1)).map(
        lambda at: at.replace(microsecond=0)
    ),
    st.integers(-14 * 60, 14 * 60),
)
def test_every_time_comes_back(moment: datetime, offset: int) -> None:
    zone = timezone(timedelta(minutes=offset))

    told = moment.replace(tzinfo=zone).isoformat()

    assert recording.taken({ISO_DATE: told}) == (moment, offset)


@pytest.mark.parametrize(
    ("tags", "hints"),
    [
        ({}, ()),
        ({"com.android.capture.fps": "240.000000"}, ("slow_motion",)),
        ({"com.android.capture.fps": "30"}, ()),
        ({"com.android.capture.fps": "1"}, ("time_lapse",)),
        ({"com.apple.quicktime.content.identifier": "A-B"}, ("live",)),
        ({"encoder": "com.apple.VoiceMemos (iPad Version 15)"}, ("voice_memo",)),
    ],
)
def test_hints(tags: dict[str, str], hints: tuple[str, ...]) -> None:
    assert recording.hints(tags, Fraction(30)) == hints


def test_tags_that_tell_a_place_are_known_by_their_names() -> None:
    telling = (
        "com.apple.quicktime.location.ISO6709",
        "location-eng",
        "GPSLatitude",
        "©xyz",
        "loci",
    )

    assert all(recording.tells_place(name) for name in telling)
    assert not any(recording.tells_place(name) for name in ("title", "encoder", "TIT2"))
