"""What is known of the fields of documents. Two such profiles add up to that of all documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from mammothbox.documents import sketch
from mammothbox.documents.observed import BIGINT, KINDS, Format, Kind
from mammothbox.documents.pointers import Path
from mammothbox.documents.sketch import Sketch

# Fields of more different values than this are no enumeration.
MOST_VALUES = 50
EXAMPLES = 5
# Of hostile documents, so many fields are profiled; the shortest paths, so that it does not
# matter which documents came first.
MOST_FIELDS = 1000

_Part = TypeVar("_Part", "Numeric", "Text", "Lists", "Profile")


@dataclass(frozen=True)
class Numeric:
    """All numbers of a field."""

    smallest: Decimal
    largest: Decimal
    # At the most so many digits behind the point, as jsonb writes them.
    scale: int
    # Whether each is a double precision that is written as the same text.
    double_exact: bool

    @property
    def int64(self) -> bool:
        """Whether the whole ones among them are between those of a bigint."""
        return BIGINT[0] <= self.smallest and self.largest <= BIGINT[-1]


@dataclass(frozen=True)
class Text:
    """All strings of a field."""

    shortest: int
    longest: int
    # What every one of them is.
    formats: frozenset[Format]


@dataclass(frozen=True)
class Lists:
    """All arrays of a field. Each is empty, of objects, of scalars, or of other things too."""

    empty: int = 0
    of_objects: int = 0
    of_scalars: int = 0
    mixed: int = 0
    # The objects in them, as if they were documents, one level deep.
    elements: Profile | None = None


@dataclass(frozen=True)
class Field:
    """The values at one path."""

    counts: Mapping[Kind, int]
    numeric: Numeric | None = None
    text: Text | None = None
    lists: Lists | None = None
    # Of the scalars: a sketch of all, JSON texts with their counts while they are few, and some
    # examples, each behind its hash.
    sketch: Sketch = sketch.EMPTY
    values: Mapping[str, int] | None = field(default_factory=dict)
    examples: tuple[tuple[int, str], ...] = ()

    @property
    def present(self) -> int:
        """In how many documents it is, nulls included."""
        return sum(self.counts.values())

    @property
    def nulls(self) -> int:
        return self.counts.get("null", 0)

    def count(self, *kinds: Kind) -> int:
        """How many values are of one of these kinds."""
        return sum(self.counts.get(kind, 0) for kind in kinds)

    @property
    def scalars(self) -> int:
        """How many values are neither null nor made of others."""
        return self.count("boolean", "integer", "number", "string")

    @property
    def distinct(self) -> int:
        """About how many different scalars there are; null is none."""
        return min(sketch.distinct(self.sketch), self.scalars)


@dataclass(frozen=True)
class Profile:
    """The fields of documents, by their paths of up to three keys."""

    documents: int = 0
    not_objects: int = 0
    fields: Mapping[Path, Field] = field(default_factory=dict)
    # The longest path; what lies below the fields counts as one more.
    max_depth: int = 0
    # Values of fields beyond `MOST_FIELDS`.
    skipped: int = 0

    def presence(self, path: Path) -> float:
        """The share of documents that have the field."""
        found = self.fields.get(path)
        return found.present / self.documents if found and self.documents else 0.0

    def top(self) -> dict[Path, Field]:
        """The fields at the top of the documents."""
        return {path: known for path, known in self.fields.items() if len(path) == 1}


def merge(one: Profile, other: Profile) -> Profile:
    """The profile of both's documents, whichever comes first."""
    fields = dict(one.fields)
    for path, known in other.fields.items():
        before = fields.get(path)
        fields[path] = merge_fields(before, known) if before else known
    kept, skipped = cap(fields)
    return Profile(
        documents=one.documents + other.documents,
        not_objects=one.not_objects + other.not_objects,
        fields=kept,
        max_depth=max(one.max_depth, other.max_depth),
        skipped=one.skipped + other.skipped + skipped,
    )


def cap(fields: dict[Path, Field]) -> tuple[dict[Path, Field], int]:
    """As many fields as are profiled, in order, and how many values the others have."""
    paths = sorted(fields, key=rank)
    dropped = sum(fields[path].present for path in paths[MOST_FIELDS:])
    return {path: fields[path] for path in paths[:MOST_FIELDS]}, dropped


def rank(path: Path) -> tuple[int, int, Path]:
    """Short paths come first."""
    return len(path), sum(map(len, path)), path


def merge_fields(one: Field, other: Field) -> Field:
    """What is known of a field from two groups of documents."""
    counts = {kind: count for kind in KINDS if (count := one.count(kind) + other.count(kind))}
    return Field(
        counts=counts,
        numeric=_add(one.numeric, other.numeric, _numeric),
        text=_add(one.text, other.text, _text),
        lists=_add(one.lists, other.lists, _lists),
        sketch=sketch.merge(one.sketch, other.sketch),
        values=_values(one.values, other.values),
        examples=tuple(sorted({*one.examples, *other.examples})[:EXAMPLES]),
    )


def _add(
    one: _Part | None, other: _Part | None, add: Callable[[_Part, _Part], _Part]
) -> _Part | None:
    if one is None or other is None:
        return other if one is None else one
    return add(one, other)


def _numeric(one: Numeric, other: Numeric) -> Numeric:
    return Numeric(
        min(one.smallest, other.smallest),
        max(one.largest, other.largest),
        max(one.scale, other.scale),
        one.double_exact and other.double_exact,
    )


def _text(one: Text, other: Text) -> Text:
    return Text(
        min(one.shortest, other.shortest),
        max(one.longest, other.longest),
        one.formats & other.formats,
    )


def _lists(one: Lists, other: Lists) -> Lists:
    return Lists(
        one.empty + other.empty,
        one.of_objects + other.of_objects,
        one.of_scalars + other.of_scalars,
        one.mixed + other.mixed,
        _add(one.elements, other.elements, merge),
    )


def _values(
    one: Mapping[str, int] | None, other: Mapping[str, int] | None
) -> Mapping[str, int] | None:
    if one is None or other is None:
        return None
    total = dict(one)
    for text, count in other.items():
        total[text] = total.get(text, 0) + count
    return total if len(total) <= MOST_VALUES else None
