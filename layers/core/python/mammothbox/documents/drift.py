"""How documents changed since their table was designed, field by field and in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any, Literal

from mammothbox.documents.column_types import ColumnType, column_type, widened
from mammothbox.documents.design import Column, TableDesign
from mammothbox.documents.fields import Field, Profile
from mammothbox.documents.pointers import Path, pointer

What = Literal["new", "vanished", "wider", "presence", "same"]
_ORDER: tuple[What, ...] = ("new", "vanished", "wider", "presence", "same")
# A share has moved if it differs by this much, and a field is gone if chance is this unlikely.
_MOVED = 0.1
_BY_CHANCE = 0.05
_DIGITS = 4


@dataclass(frozen=True)
class FieldDrift:
    """What became of a field; the most telling thing first."""

    path: str
    what: What
    # In what share of the documents it was, and is in those that came since.
    presence_before: float
    presence_since: float
    # What it is stored as, and what would hold every value of it now.
    stored_as: ColumnType | None
    needs: ColumnType | None


@dataclass(frozen=True)
class Drift:
    """How far the documents are from what their table was made for."""

    documents_before: int
    documents_since: int
    new: int
    vanished: int
    wider: int
    presence_moved: int
    fields: tuple[FieldDrift, ...]

    @property
    def drifted(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.new or self.vanished or self.wider or self.presence_moved)


def report(design: TableDesign | None, before: Profile, now: Profile) -> Drift:
    """The drift from the profile that the design was made of to that of all documents now.

    `now` counts the documents of `before`, too, unless it has fewer: then all of them are new.
    """
    columns = {column.path: column for column in design.columns} if design else {}
    # Fields at the top, and what lies below them where it has columns.
    parents = {(), *(path[:-1] for path in columns)}
    shown = {path for path in (*before.fields, *now.fields, *columns) if path[:-1] in parents}
    counted = before if now.documents >= before.documents else Profile()
    since = now.documents - counted.documents
    fields = []
    for path in sorted(shown):
        was, share = before.presence(path), now.presence(path)
        if since:
            new = _present(now, path) - _present(counted, path)
            share = min(max(0, new) / since, 1.0)
        moved = _Moved(was, share, since)
        old, known = before.fields.get(path), now.fields.get(path)
        fields.append(_field(path, columns.get(path), old, known, moved))
    count = {what: sum(field.what == what for field in fields) for what in _ORDER}
    return Drift(
        before.documents,
        since,
        count["new"],
        count["vanished"],
        count["wider"],
        count["presence"],
        tuple(sorted(fields, key=lambda field: (_ORDER.index(field.what), field.path))),
    )


def to_json(drift: Drift) -> dict[str, Any]:
    """The report as plain JSON."""
    return {**asdict(drift), "fields": [asdict(field) for field in drift.fields]}


@dataclass(frozen=True)
class _Moved:
    """In what share of the documents a field was, and is in those since."""

    was: float
    share: float
    since: int

    @property
    def gone(self) -> bool:
        """Whether it is in none of so many documents that this cannot be by chance."""
        return self.was > 0 and not self.share and (1 - self.was) ** self.since < _BY_CHANCE

    @property
    def far(self) -> bool:
        """Whether the share differs by much, and by more than that of few documents may."""
        blur = 2 * sqrt(self.was * (1 - self.was) / self.since) if self.since else 1.0
        return abs(self.was - self.share) > max(_MOVED, blur)


def _field(
    path: Path, column: Column | None, old: Field | None, new: Field | None, moved: _Moved
) -> FieldDrift:
    stored = column.type if column else None
    needs = column_type(new) if new and new.present > new.nulls else None
    what: What = "same"
    if old is None and new is not None:
        what = "new"
    elif moved.gone:
        what = "vanished"
    elif stored and needs and widened(stored, needs) != stored:
        what = "wider"
    elif moved.far:
        what = "presence"
    was, share = round(moved.was, _DIGITS), round(moved.share, _DIGITS)
    return FieldDrift(pointer(path), what, was, share, stored, needs)


def _present(profile: Profile, path: Path) -> int:
    known = profile.fields.get(path)
    return known.present if known else 0
