"""Looks at documents, and tells what fields they have. See `fields` for what is known then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from heapq import nsmallest
from itertools import islice
from typing import Any

from mammothbox.documents.fields import (
    MOST_FIELDS,
    Field,
    Lists,
    Numeric,
    Profile,
    Text,
    cap,
    merge,
    merge_fields,
)
from mammothbox.documents.fields_json import from_json, shown, to_json
from mammothbox.documents.observe import NOTHING, observe
from mammothbox.documents.pointers import Path
from mammothbox.documents.values import JsonValue

__all__ = [
    "Field",
    "Lists",
    "Numeric",
    "Observer",
    "Path",
    "Profile",
    "Text",
    "from_json",
    "merge",
    "profile_of",
    "shown",
    "to_json",
]

DEPTH = 3
_AT_ONCE = 500


def profile_of(values: Iterable[JsonValue]) -> Profile:
    """The profile of these documents, the same in whatever order they come."""
    observer = Observer()
    observer.see(values)
    return observer.profile()


class Observer:
    """Sees documents go by, and holds on to none of them."""

    def __init__(self, depth: int = DEPTH) -> None:
        self._depth = depth
        self._documents = self._not_objects = self._skipped = self._deepest = 0
        self._fields: dict[Path, Field] = {}
        self._elements: dict[Path, Observer] = {}

    def see(self, values: Iterable[JsonValue]) -> None:
        """Take these documents into account."""
        coming = iter(values)
        while some := list(islice(coming, _AT_ONCE)):
            objects = [value for value in some if type(value) is dict]
            self._documents += len(some)
            self._not_objects += len(some) - len(objects)
            self._look_into(objects, ())

    def profile(self) -> Profile:
        """What was seen so far."""
        fields, skipped = cap(self._fields)
        for path, observer in self._elements.items():
            known = fields.get(path)
            if known is not None and known.lists is not None:
                lists = replace(known.lists, elements=observer.profile())
                fields[path] = replace(known, lists=lists)
        return Profile(
            documents=self._documents,
            not_objects=self._not_objects,
            fields=fields,
            max_depth=self._deepest,
            skipped=self._skipped + skipped,
        )

    def _look_into(self, objects: Sequence[Mapping[str, Any]], parent: Path) -> None:
        columns = self._columns(objects)
        depth = len(parent) + 1
        if columns:
            self._deepest = max(self._deepest, depth)
        for key, column in columns.items():
            path = (*parent, key)
            known = self._fields.get(path)
            seen = observe(column, known or NOTHING)
            self._fields[path] = merge_fields(known, seen) if known else seen
            if "object" in seen.counts:
                self._go_down([one for one in column if type(one) is dict], path)
            if "array" in seen.counts and self._depth > 1:
                self._open([one for one in column if type(one) is list], path)
        if len(self._fields) > 2 * MOST_FIELDS:
            self._fields, skipped = cap(self._fields)
            self._skipped += skipped

    def _columns(self, objects: Sequence[Mapping[str, Any]]) -> Mapping[str, list[Any]]:
        columns: dict[str, list[Any]] = defaultdict(list)
        for one in objects:
            for key, value in one.items():
                columns[key].append(value)
        if len(columns) <= MOST_FIELDS:
            return columns
        kept = nsmallest(MOST_FIELDS, columns, key=lambda key: (len(key), key))
        self._skipped += sum(map(len, columns.values())) - sum(len(columns[key]) for key in kept)
        return {key: columns[key] for key in kept}

    def _go_down(self, objects: Sequence[Mapping[str, Any]], path: Path) -> None:
        if len(path) < self._depth:
            self._look_into(objects, path)
        elif any(objects):
            self._deepest = max(self._deepest, len(path) + 1)

    def _open(self, arrays: Sequence[Sequence[Any]], path: Path) -> None:
        objects = [one for array in arrays for one in array if type(one) is dict]
        if objects:
            observer = self._elements.get(path) or Observer(depth=1)
            observer.see(objects)
            self._elements[path] = observer
