"""What a search is narrowed to, as conditions on `searchable`.

Every retriever, list, bucket and map uses these, so that they agree on what is found at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple
from math import asin, cos, degrees, pi, radians, sin
from typing import Any

from psycopg import sql

from mammothbox.searching.filters import Box, Circle, Filters, Range
from mammothbox.tagging.same_label import small_letters

_EARTH_M = 6_371_008.8
_POLE = 90.0
_HALF_WAY_ROUND = 180.0

_MEMBERS = (
    "SELECT j.asset_id FROM joined j WHERE j.owner = %(owner)s"
    " AND j.edition = (SELECT edition FROM clustering WHERE owner = %(owner)s)"
)
# The great circle between two places; rounding may take the root a little beyond one.
_METRES_AWAY = (
    "2 * 6371008.8 * asin(least(1, sqrt(power(sind((s.latitude - %({name}_lat)s) / 2), 2)"
    " + cosd(s.latitude) * cosd(%({name}_lat)s)"
    " * power(sind((s.longitude - %({name}_lon)s) / 2), 2))))"
)

# Once for the statement; a row's own words are then compared with what it comes to.
_UNWANTED = (
    "(SELECT string_agg('(' || unwanted::text || ')', ' | ')::tsquery"
    " FROM unnest(%(filter_without)s::text[]) AS asked (text), LATERAL plain_words(text) AS plain,"
    " LATERAL (SELECT phraseto_tsquery('simple', plain)"
    "  || phraseto_tsquery(search_language(), plain)) AS meant (unwanted)"
    " WHERE numnode(unwanted) > 0)"
)

_Condition = tuple[str, dict[str, Any]]


def conditions(filters: Filters) -> tuple[sql.Composable, dict[str, Any]]:
    """Conditions on alias `s` of `searchable`, and their values; all names begin with `filter_`.

    `owner` is a value of the statement itself. What is in the trash is never found.
    """
    found = [("s.owner = %(owner)s AND NOT s.hidden", {}), *_conditions(filters)]
    text = " AND ".join(condition for condition, _ in found)
    values = {name: value for _, given in found for name, value in given.items()}
    # Constants of this module only: what a client sent is among the values.
    return sql.SQL(text), values


def of_documents(filters: Filters) -> sql.SQL:
    """What is asked of the words of a document `d` itself, behind `conditions` on its file."""
    return sql.SQL(f" AND {_lacks_unwanted('d')}" if filters.without else "")


def narrows(filters: Filters) -> bool:
    """Whether anything but duplicates is left out."""
    return Filters(duplicates=filters.duplicates) != filters


def _conditions(filters: Filters) -> Iterator[_Condition]:
    if filters.duplicates != "include":
        yield ("s.duplicate" if filters.duplicates == "only" else "NOT s.duplicate"), {}
    yield from _facets(filters)
    if len(filters.kinds) > 1:
        yield "s.kind = ANY(%(filter_kinds)s::text[])", {"filter_kinds": sorted(filters.kinds)}
    if filters.not_kinds:
        yield (
            "s.kind <> ALL(%(filter_not_kinds)s::text[]) IS NOT FALSE",
            {"filter_not_kinds": sorted(filters.not_kinds)},
        )
    yield from _clusters(filters)
    yield from _dates(filters)
    for number, box in enumerate(sorted(filters.boxes, key=astuple)):
        yield _within(box, f"filter_box{number}")
    for number, circle in enumerate(sorted(filters.circles, key=astuple)):
        yield from _around(circle, f"filter_circle{number}")
    for column in ("size_bytes", "duration_ms", "rating"):
        yield from _between(column, getattr(filters, column))
    if filters.without:
        yield _lacks_unwanted("s"), {"filter_without": sorted(filters.without)}


def _lacks_unwanted(alias: str) -> str:
    # One of the two aliases above, never what a client sent.
    return f"({alias}.words @@ {_UNWANTED}) IS NOT TRUE"


def _facets(filters: Filters) -> Iterator[_Condition]:
    """What the index of facets narrows by, and what is left out by facets."""
    tags = [_tags([label]) for label in sorted(filters.all_tags)]
    every = {forms[0] for forms in tags if len(forms) == 1}
    every |= {f"camera:{word}" for word in filters.camera}
    every |= {f"lens:{word}" for word in filters.lens}
    none = set(_tags(filters.no_tags))
    if len(filters.kinds) == 1:
        every |= {f"kind:{kind}" for kind in filters.kinds}
    if filters.collection is not None:
        every.add(f"collection:{filters.collection}")
    if filters.orientation is not None:
        every.add(f"orientation:{filters.orientation}")
    for facet, asked in (("has:caption", filters.has_caption), ("has:place", filters.has_place)):
        if asked is not None:
            (every if asked else none).add(facet)
    if every:
        yield "s.facets @> %(filter_every)s::text[]", {"filter_every": sorted(every)}
    any_of = [forms for forms in tags if len(forms) > 1]
    any_of += sorted(map(_tags, filters.any_tags))
    for number, forms in enumerate(any_of):
        yield f"s.facets && %(filter_any{number})s::text[]", {f"filter_any{number}": forms}
    if none:
        yield "NOT s.facets && %(filter_none)s::text[]", {"filter_none": sorted(none)}


def _tags(labels: Iterable[str]) -> list[str]:
    return sorted({f"tag:{form}" for label in labels for form in small_letters(label)})


def _clusters(filters: Filters) -> Iterator[_Condition]:
    if filters.clusters:
        yield (
            f"s.asset_id IN ({_MEMBERS} AND j.cluster_id = ANY(%(filter_clusters)s))",
            {"filter_clusters": sorted(filters.clusters)},
        )
    if filters.not_clusters:
        yield (
            f"NOT EXISTS ({_MEMBERS} AND j.asset_id = s.asset_id"
            " AND j.cluster_id = ANY(%(filter_not_clusters)s))",
            {"filter_not_clusters": sorted(filters.not_clusters)},
        )


def _dates(filters: Filters) -> Iterator[_Condition]:
    if filters.at_from is not None:
        yield "s.at >= %(filter_from)s::timestamp", {"filter_from": filters.at_from}
    if filters.at_to is not None:
        yield "s.at < %(filter_to)s::timestamp", {"filter_to": filters.at_to}


def _between(column: str, asked: Range | None) -> Iterator[_Condition]:
    """What has no value is not between any two."""
    least, most = (asked.least, asked.most) if asked else (None, None)
    if least is not None:
        yield f"s.{column} >= %(filter_least_{column})s", {f"filter_least_{column}": least}
    if most is not None:
        yield f"s.{column} <= %(filter_most_{column})s", {f"filter_most_{column}": most}


def _within(box: Box, name: str) -> _Condition:
    joined = "AND" if box.west <= box.east else "OR"
    return (
        f"s.latitude BETWEEN %({name}_south)s AND %({name}_north)s"
        f" AND (s.longitude >= %({name}_west)s {joined} s.longitude <= %({name}_east)s)",
        {f"{name}_{side}": degree for side, degree in vars(box).items()},
    )


def _around(circle: Circle, name: str) -> Iterator[_Condition]:
    """The distance, behind a box that the index of places knows how to look up."""
    yield _within(box_around(circle), name)
    yield (
        f"{_METRES_AWAY.format(name=name)} <= %({name}_metres)s",
        {
            f"{name}_lat": circle.latitude,
            f"{name}_lon": circle.longitude,
            f"{name}_metres": circle.metres,
        },
    )


def box_around(circle: Circle) -> Box:
    """The smallest box that holds the circle; all around the world if that holds a pole."""
    # A little wider, lest rounding keep out what lies right on the line.
    angle = min(circle.metres / _EARTH_M * (1 + 1e-9) + 1e-9, pi)
    south, north = circle.latitude - degrees(angle), circle.latitude + degrees(angle)
    if south <= -_POLE or north >= _POLE:
        return Box(-_HALF_WAY_ROUND, max(south, -_POLE), _HALF_WAY_ROUND, min(north, _POLE))
    aside = degrees(asin(min(1.0, sin(angle) / cos(radians(circle.latitude)))))
    west, east = circle.longitude - aside, circle.longitude + aside
    if west <= -_HALF_WAY_ROUND:
        west += 2 * _HALF_WAY_ROUND
    if east >= _HALF_WAY_ROUND:
        east -= 2 * _HALF_WAY_ROUND
    return Box(west, south, east, north)
