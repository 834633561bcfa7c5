"""The filters of the query language: what each key takes, and what it narrows to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar, get_args

from mammothbox.searching import query_values as values
from mammothbox.searching.asked import About, Query
from mammothbox.searching.filters import Filters, Kind, Orientation
from mammothbox.searching.narrowing import Contradiction, both
from mammothbox.searching.plain_words import plain_words

Word = TypeVar("Word", bound=str)

_KINDS: tuple[Kind, ...] = get_args(Kind)
_ORIENTATIONS: tuple[Orientation, ...] = get_args(Orientation)
_ABOUT: tuple[About, ...] = get_args(About)
_SIZE = "a size, such as 500kb, >10mb, <=1gb or 1mb..5mb"
_DURATION = "a duration, such as 30s, <5min, >=1h or 10s..20s"

# What each takes, as it is told to whoever gives something else.
KEYS: Mapping[str, str] = {
    "tag": "labels, such as beach, several for any of them",
    "kind": f"any of {', '.join(_KINDS)}",
    "type": f"one of {', '.join(_ABOUT)}",
    "cluster": "names or ids of clusters",
    "collection": "the name of a collection",
    "camera": "words of the camera's make or model, such as canon",
    "lens": "words of the lens, such as 50mm",
    "size": _SIZE,
    "duration": _DURATION,
    "rating": "stars from 0 to 5, such as 4, >=4 or 2..4",
    "orientation": f"one of {', '.join(_ORIENTATIONS)}",
    "has": "one of caption, place",
    "is": "duplicate",
    "duplicates": "one of include, exclude, only",
    "near": "latitude, longitude and distance, such as 52.52,13.40,10km",
    "in": "west,south,east,north in degrees, such as 13.0,52.3,13.8,52.7",
    "after": "a date, which is the first, such as 2024, 2024-06 or 2024-06-30",
    "before": "a date, which is the first that is too late, such as 2024 or 2024-06",
    "on": "a year, a month or a day, such as 2023-12",
}
# Words that people use for these.
OTHER_WORDS: Mapping[str, str] = {
    "album": "collection",
    "bbox": "in",
    "date": "on",
    "day": "on",
    "city": "near",
    "from": "after",
    "label": "tag",
    "location": "near",
    "month": "on",
    "person": "cluster",
    "place": "near",
    "since": "after",
    "stars": "rating",
    "to": "before",
    "until": "before",
    "year": "on",
}
# As the console calls them, and people do.
_OTHER_KINDS: Mapping[str, Kind] = {
    "photo": "image",
    "photos": "image",
    "picture": "image",
    "pictures": "image",
    "images": "image",
    "videos": "video",
    "film": "video",
    "movie": "video",
    "sound": "audio",
    "sounds": "audio",
    "music": "audio",
}


def grammar() -> str:
    """What a query text may say, for people who read about the parameters."""
    filters = "; ".join(f"`{key}:` {takes}" for key, takes in KEYS.items())
    return (
        'Words, "phrases", -words and key:value filters, all of which have to hold: `tag:beach'
        ' -tag:dog after:2024 size:>10mb "red car" sunset`. A comma means any, as in'
        " `tag:cat,dog`; a filter that is repeated means all; a minus means none, and stands before"
        " tag:, kind:, cluster:, has: and is: alone. A value with spaces or"
        ' commas in it stands in quotes, as in `cluster:"Summer, 2024"`; within quotes `\\"` is a'
        " quote and `\\\\` a backslash. Filters: " + filters + "."
    )


@dataclass(frozen=True)
class Given:
    """A filter as it was written. There is at least one value, and none is empty."""

    key: str
    values: tuple[str, ...]

    @property
    def one(self) -> str:
        """The value, where no list is understood."""
        if len(self.values) > 1:
            raise ValueError(f"no list, but {KEYS[self.key]}")
        return self.values[0]


def narrow(query: Query, given: Given, *, excluded: bool) -> Query:
    """The query, narrowed to what the filter lets through, or to the rest.

    Raises `ValueError` saying what the filter takes, and `Contradiction`, which is one, when
    nothing could match all filters.
    """
    if given.key == "cluster":
        return _in_cluster(query, frozenset(given.values), excluded=excluded)
    if given.key == "type" and not excluded:
        about = _one_of(_ABOUT, given)
        if query.about not in (None, about):
            raise Contradiction(given.key)
        return replace(query, about=about)
    ways = _REST if excluded else _MATCHING
    if given.key not in ways:
        raise ValueError(f"no minus before it. It takes {KEYS[given.key]}")
    return replace(query, filters=both(query.filters, ways[given.key](given)))


def _in_cluster(query: Query, names: frozenset[str], *, excluded: bool) -> Query:
    if excluded:
        return replace(query, not_clusters=query.not_clusters | names)
    return replace(query, clusters=query.clusters | {names})


def _tags(given: Given) -> Filters:
    labels = frozenset(value.lower() for value in given.values)
    return Filters(all_tags=labels) if len(labels) == 1 else Filters(any_tags=frozenset({labels}))


def _kinds(given: Given) -> frozenset[Kind]:
    wanted = {value.lower() for value in given.values}
    known = frozenset(kind for kind in _KINDS if kind in wanted)
    if len(known) != len(wanted):
        meant = {_OTHER_KINDS[each] for each in wanted if each in _OTHER_KINDS}
        hint = f"; did you mean {', '.join(sorted(meant))}" if meant else ""
        raise ValueError(KEYS["kind"] + hint)
    return known


def _has(given: Given, there: bool) -> Filters:
    if _one_of(("caption", "place"), given) == "caption":
        return Filters(has_caption=there)
    return Filters(has_place=there)


def _duplicates(given: Given) -> Filters:
    _one_of(("duplicate",), given)
    return Filters(duplicates="only")


def _no_duplicates(given: Given) -> Filters:
    """As it is anyway, without a word about it."""
    _one_of(("duplicate",), given)
    return Filters()


def _device_words(given: Given) -> frozenset[str]:
    words = frozenset(plain_words(given.one))
    if not words:
        raise ValueError(KEYS[given.key])
    return words


def _on(given: Given) -> Filters:
    begin, end = values.span(given.one)
    return Filters(at_from=begin, at_to=end)


def _one_of(allowed: tuple[Word, ...], given: Given) -> Word:
    for word in allowed:
        if word == given.one.lower():
            return word
    raise ValueError(KEYS[given.key])


_MATCHING: Mapping[str, Callable[[Given], Filters]] = {
    "tag": _tags,
    "kind": lambda given: Filters(kinds=_kinds(given)),
    "collection": lambda given: Filters(collection=given.one),
    "camera": lambda given: Filters(camera=_device_words(given)),
    "lens": lambda given: Filters(lens=_device_words(given)),
    "size": lambda given: Filters(
        size_bytes=values.span_of_numbers(given.one, values.BYTES, _SIZE)
    ),
    "duration": lambda given: Filters(
        duration_ms=values.span_of_numbers(given.one, values.MILLISECONDS, _DURATION)
    ),
    "rating": lambda given: Filters(rating=values.stars(given.one)),
    "orientation": lambda given: Filters(orientation=_one_of(_ORIENTATIONS, given)),
    "has": lambda given: _has(given, there=True),
    "is": _duplicates,
    "duplicates": lambda given: Filters(duplicates=_one_of(("include", "exclude", "only"), given)),
    "near": lambda given: Filters(circles=frozenset({values.circle(given.values)})),
    "in": lambda given: Filters(boxes=frozenset({values.box(given.values)})),
    "after": lambda given: Filters(at_from=values.span(given.one)[0]),
    "before": lambda given: Filters(at_to=values.span(given.one)[0]),
    "on": _on,
}
_REST: Mapping[str, Callable[[Given], Filters]] = {
    "tag": lambda given: Filters(no_tags=frozenset(value.lower() for value in given.values)),
    "kind": lambda given: Filters(not_kinds=_kinds(given)),
    "has": lambda given: _has(given, there=False),
    "is": _no_duplicates,
}
