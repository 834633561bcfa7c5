"""What became of a table's design as more documents came. Columns that exist stay, and so do
their names; they only ever get wider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from mammothbox.documents import overrides as overriding
from mammothbox.documents.column_types import ColumnType, column_type, widened
from mammothbox.documents.decide import Decision
from mammothbox.documents.design import (
    Column,
    ForeignKey,
    TableDesign,
    design,
    override_possible,
)
from mammothbox.documents.fields import Profile
from mammothbox.documents.overrides import Overrides
from mammothbox.documents.pointers import Path, pointer
from mammothbox.documents.table_shape import MOST_COLUMNS

ChangeKind = Literal["added", "widened", "released", "vanished"]


@dataclass(frozen=True)
class Change:
    """A column that comes, holds more than before, promises less, or is not filled any more."""

    kind: ChangeKind
    column: Column
    # Its type until now.
    before: ColumnType | None = None


def changes(
    active: TableDesign, wanted: TableDesign, profile: Profile | None = None
) -> tuple[Change, ...]:
    """What it takes to make one table of the other.

    With a profile also the columns whose fields have vanished from the documents: these stay.
    """
    before = {column.path: column for column in active.columns}
    found = []
    for column in wanted.columns:
        old = before.get(column.path)
        if old is None:
            found.append(Change("added", column))
        elif old.type != column.type:
            found.append(Change("widened", column, old.type))
        elif old.required and not column.required:
            found.append(Change("released", column, old.type))
    if profile is not None and profile.documents:
        found += [
            Change("vanished", column, column.type)
            for column in active.columns
            if column.path not in profile.fields
        ]
    return tuple(found)


def changes_json(found: tuple[Change, ...]) -> list[dict[str, Any]]:
    """The changes as plain JSON."""
    return [
        {
            "kind": change.kind,
            "path": pointer(change.column.path),
            "name": change.column.name,
            "type": change.column.type,
            "before": change.before,
        }
        for change in found
    ]


def next_design(
    active: TableDesign,
    profile: Profile,
    decision: Decision,
    overrides: Mapping[str, Any] | None = None,
    *,
    contract: str = "evolve",
    foreign_keys: tuple[ForeignKey, ...] | None = None,
) -> TableDesign:
    """The active design, made to hold what the profile has; the same if it holds it already.

    What a person chose holds on, as far as it can. Raises `InvalidOverride` for what never could.
    """
    chosen = overriding.read(overrides)
    by_hand = {where for where, what in chosen.columns.items() if what.type is not None}
    taken = {column.path: column.name for column in active.columns}
    fresh = design(profile, decision, overrides, contract=contract, taken=taken, lenient=True)
    kept = tuple(_kept(column, profile, by_hand) for column in active.columns)
    room = max(0, MOST_COLUMNS - len(kept))
    new = [
        replace(column, required=False)
        for column in fresh.columns
        if not any(_overlap(column.path, path) for path in taken)
    ]
    columns = override_possible((*kept, *new[:room]), _promising_no_more(chosen), profile)
    if columns == active.columns:
        return active
    return TableDesign(
        columns,
        active.foreign_keys if foreign_keys is None else foreign_keys,
        fresh.child_tables,
    )


def _promising_no_more(chosen: Overrides) -> Overrides:
    """A column of a table that has rows is not made required any more."""
    columns = {where: replace(what, required=None) for where, what in chosen.columns.items()}
    return Overrides(chosen.storage, columns)


def _kept(column: Column, profile: Profile, by_hand: set[str]) -> Column:
    known = profile.fields.get(column.path)
    if known is None:
        return replace(column, required=False)
    still = column.required and known.present - known.nulls == profile.documents
    if pointer(column.path) in by_hand or known.present == known.nulls:
        return replace(column, required=still)
    kind = widened(column.type, column_type(known))
    indexed = column.indexed and (kind != "jsonb" or column.type == "jsonb")
    return replace(column, type=kind, required=still, indexed=indexed)


def _overlap(one: Path, other: Path) -> bool:
    """Whether one of them leads to the other, or both to the same."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
