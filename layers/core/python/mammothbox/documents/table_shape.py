"""Which fields become columns, which of them are worth an index, and tables within the table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

from mammothbox.documents.column_types import ColumnType, column_type
from mammothbox.documents.fields import Field, Profile
from mammothbox.documents.keys import is_called_id, key_candidates, refers_to
from mammothbox.documents.pointers import Path

Chosen: TypeAlias = "dict[Path, ColumnType]"

# A row of so many columns fits a page, whatever their types.
MOST_COLUMNS = 250
# An object whose keys are as good as never the same is no group of columns.
_MOST_BELOW = 20
_LEAST_PRESENCE_BELOW = 0.5
# Strings that are longer than this are read rather than looked up.
_LONGEST_INDEXED = 80


def fields_with_columns(profile: Profile) -> Chosen:
    """The type of each field that gets a column, in the order of the columns.

    Objects that always are one give their keys a column each. Keys come first, and then what
    most documents have.
    """
    below: dict[Path, dict[Path, Field]] = defaultdict(dict)
    for path, known in profile.fields.items():
        below[path[:-1]][path] = known
    chosen = {
        path: column_type(known)
        for top, field in below[()].items()
        for path, known in _leaves(top, field, below.get(top, {}))
    }
    named = [path for path in key_candidates(profile) if refers_to(path) or is_called_id(path)]
    ordered = sorted(
        chosen,
        key=lambda path: (
            named.index(path) if path in named else len(named),
            -round(profile.presence(path[:1]), 2),
            path,
        ),
    )
    return {path: chosen[path] for path in ordered[:MOST_COLUMNS]}


def worth_an_index(profile: Profile, chosen: Mapping[Path, ColumnType], most: int) -> set[Path]:
    """The fields that documents are likely to be looked up by, the best ones."""
    keys = set(key_candidates(profile))
    ranked = [
        (rank, -profile.presence(path), path)
        for path, kind in chosen.items()
        if (rank := _rank(path, kind, profile.fields[path], path in keys)) is not None
    ]
    return {path for _, _, path in sorted(ranked)[:most]}


def _leaves(path: Path, known: Field, below: Mapping[Path, Field]) -> Iterator[tuple[Path, Field]]:
    if _is_group(known, below.values()):
        yield from below.items()
    else:
        yield path, known


def _is_group(known: Field, below: Collection[Field]) -> bool:
    objects = known.count("object")
    if not below or objects + known.nulls != known.present or len(below) > _MOST_BELOW:
        return False
    average = sum(field.present for field in below) / len(below)
    return average / objects >= _LEAST_PRESENCE_BELOW


def _rank(path: Path, kind: ColumnType, known: Field, key: bool) -> int | None:
    """A small number for what should have an index, `None` for what needs none."""
    if kind in {"jsonb", "boolean"} or (known.distinct <= 1 and not key):
        return None
    whole = kind in {"bigint", "uuid", "text"}
    if key and whole:
        return 0 if refers_to(path) or is_called_id(path) else 1
    if whole and refers_to(path):
        return 2
    if kind in {"timestamptz", "date", "uuid"}:
        return 3
    if kind != "text" or known.text is None or known.text.longest > _LONGEST_INDEXED:
        return None
    # A value of no enumeration stands for few documents.
    return 4 if known.values is None else None
