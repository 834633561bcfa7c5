"""Where pictures were taken, as people call it: the city that most are near, else the country.

Nobody is asked: the cities are GeoNames' and come with `reverse_geocode`. Loading them takes
seconds and some 200 MB, so that is done when there is a place to name, and never before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import asin, cos, hypot, radians, sin, sqrt
from typing import Any

# Latitude and longitude, in degrees.
Point = tuple[float, float]

_NEAR_KM = 25.0
# Beyond that the nearest city does not tell the country.
_SAME_COUNTRY_KM = 200.0
_MOST = 2 / 3
# The city is sought before its suburbs, which lie nearer.
_POPULATIONS = (1_000_000, 100_000, 1_000)
_EARTH_KM = 6371.0


@dataclass(frozen=True)
class City:
    """A city or village that GeoNames knows."""

    name: str
    country: str
    population: int
    at: Point


def called(points: Sequence[Point]) -> str:
    """The city that most of the points are near, or the country that all are in, or nothing.

    What lies near a border may be called after a city beyond it.
    """
    if not points:
        return ""
    cities = _cities(points)
    near = {
        city: sum(_km(point, city.at) <= _NEAR_KM for point in points)
        for city in {*cities.values()}
    }
    best = max(near, key=lambda city: (near[city], city.population, city.name), default=None)
    if best is not None and near[best] >= _MOST * len(points):
        return best.name
    countries = {cities[point].country if point in cities else "" for point in points}
    return countries.pop() if len(countries) == 1 else ""


def _cities(points: Iterable[Point]) -> dict[Point, City]:
    """The nearest city to each point, a large one if there is one near; none if all are far."""
    found: dict[Point, City] = {}
    for population in _POPULATIONS:
        enough = _SAME_COUNTRY_KM if population == _POPULATIONS[-1] else _NEAR_KM
        left = [point for point in dict.fromkeys(points) if point not in found]
        for point, city in zip(left, _nearest(left, population), strict=True):
            if _km(point, city.at) <= enough:
                found[point] = city
    return found


def _nearest(points: Sequence[Point], population: int) -> list[City]:
    """The nearest city of so many people to each point, by degrees."""
    if not points:
        return []
    import reverse_geocode  # noqa: PLC0415 - slow, and only places need it

    # The nearest may lie beyond the line where longitudes begin anew.
    beyond = [(lat, lon - 360 if lon > 0 else lon + 360) for lat, lon in points]
    here = map(_city, reverse_geocode.search(points, population))
    there = map(_city, reverse_geocode.search(beyond, population))
    return [
        min(cities, key=lambda city: _km(point, city.at))
        for point, *cities in zip(points, here, there, strict=True)
    ]


def _city(row: Mapping[str, Any]) -> City:
    return City(
        row["city"],
        _turned(row["country"]),
        row["population"],
        (row["latitude"], row["longitude"]),
    )


def _turned(country: str) -> str:
    """The name as it is spoken: "Republic of Korea", and not as it is sorted."""
    first, _, rest = country.partition(", ")
    return f"{rest} {first}" if rest.endswith(("of", "of the", "British", "U.S.")) else country


def _km(one: Point, other: Point) -> float:
    """How far apart two points are on the globe."""
    (lat, lon), (lat2, lon2) = (map(radians, point) for point in (one, other))
    across = sqrt(cos(lat) * cos(lat2)) * sin((lon2 - lon) / 2)
    return 2 * _EARTH_KM * asin(min(1.0, hypot(sin((lat2 - lat) / 2), across)))
