"""Coordinates get the name that people would give, out of what is known offline."""

from __future__ import annotations

import sys

import pytest
from mammothbox.catalog.cluster_names import Shows
from mammothbox.clustering.naming import suggest, where
from mammothbox.clustering.places import Point, called

OPERA_HOUSE, BONDI, PARRAMATTA = (-33.857, 151.215), (-33.891, 151.277), (-33.815, 151.003)
CANBERRA, ZERMATT, SEOUL, BUSAN = (-35.28, 149.13), (46.02, 7.75), (37.56, 126.99), (35.10, 129.04)
OUTBACK, OCEAN = (-23.0, 133.0), (0.5, -30.0)


def shows(place: Point | None, **labels: float) -> Shows:
    return Shows(labels=labels, kinds={}, at=None, place=place)


@pytest.mark.parametrize(
    ("points", "name"),
    [
        ([OPERA_HOUSE, BONDI, PARRAMATTA], "Sydney"),
        ([OPERA_HOUSE, BONDI, CANBERRA], "Sydney"),
        ([OPERA_HOUSE, CANBERRA, OUTBACK], "Australia"),
        ([ZERMATT], "Zermatt"),
        ([SEOUL, BUSAN], "Republic of Korea"),
        ([SEOUL, ZERMATT], ""),
        ([OCEAN], ""),
        ([OCEAN, CANBERRA], ""),
        # Where degrees of longitude are short, and where they begin anew.
        ([(69.65, 18.96), (69.68, 19.5)], "Tromsø"),
        ([(-16.8, -179.999)], "Fiji"),
        ([], ""),
    ],
)
def test_a_place_is_called_after_its_city_or_country(points: list[Point], name: str) -> None:
    assert called(points) == name
    assert called(points[::-1]) == name


def test_a_name_tells_what_and_where() -> None:
    assert suggest([shows(None, beach=0.9)], "Sydney") == "Beach, Sydney"
    assert suggest([shows(None, sydney=0.9)], "Sydney") == "Sydney"
    assert suggest([shows(None)], "Sydney") == "Sydney"
    assert suggest([shows(None)]) == "Untitled"


def test_nothing_is_looked_up_unless_half_have_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reverse_geocode", None)

    assert where([]) == ""
    assert where([shows(None)]) == ""
    assert where([shows(None), shows(None), shows(BONDI)]) == ""
    with pytest.raises(ImportError):
        where([shows(None), shows(BONDI)])
