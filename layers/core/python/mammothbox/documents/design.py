"""A typed table as data: its columns, and what else is proposed with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mammothbox.documents import overrides as overriding
from mammothbox.documents import table_shape
from mammothbox.documents.column_types import ColumnType, column_type
from mammothbox.documents.decide import Decision, Storage
from mammothbox.documents.fields import Profile
from mammothbox.documents.knobs import DEFAULTS, Knobs
from mammothbox.documents.naming import column_names
from mammothbox.documents.overrides import InvalidOverride, Overrides
from mammothbox.documents.pointers import Path, pointer

__all__ = [
    "ChildTable",
    "Column",
    "ColumnType",
    "ForeignKey",
    "InvalidOverride",
    "Path",
    "TableDesign",
    "design",
    "from_json",
    "storage_of",
    "to_json",
]

# Of contracts under which a document that lacks what was promised gets no row.
_KEEPING_PROMISES = frozenset({"freeze", "discard_row"})
_DOCUMENT, _ELEMENT = "document_id", "element"


@dataclass(frozen=True)
class Column:
    """Where a field's values go."""

    path: Path
    name: str
    type: ColumnType
    required: bool = False
    indexed: bool = False
    unique: bool = False


@dataclass(frozen=True)
class ForeignKey:
    """A field whose values are those of another collection's field, or so its name says."""

    path: Path
    collection: str
    field: Path
    contained: float | None = None


@dataclass(frozen=True)
class ChildTable:
    """Objects of an array that could be rows of their own. A proposal only.

    Its first two columns have no path: the document they are of, and their place in the array.
    """

    path: Path
    name: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class TableDesign:
    """A table for the documents of a collection."""

    columns: tuple[Column, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    child_tables: tuple[ChildTable, ...] = ()


def design(
    profile: Profile,
    decision: Decision,
    overrides: Mapping[str, Any] | None = None,
    *,
    contract: str = "evolve",
    foreign_keys: tuple[ForeignKey, ...] = (),
    taken: Mapping[Path, str] | None = None,
    lenient: bool = False,
    knobs: Knobs = DEFAULTS,
) -> TableDesign:
    """The table for documents of this profile, whatever was decided; each value seen fits it.

    Names in `taken` are kept. Raises `InvalidOverride` for overrides that cannot be; with
    `lenient`, for those that were never possible, and passes over those that are not any more.
    """
    wanted = overriding.read(overrides)
    chosen = table_shape.fields_with_columns(profile)
    # New keys get other names than those that a person gave long ago.
    given = _given_names(wanted, chosen) if lenient else {}
    names = column_names(chosen, taken={**given, **(taken or {})})
    indexed = table_shape.worth_an_index(profile, chosen, knobs.indexes)
    promised = contract in _KEEPING_PROMISES
    columns = tuple(
        Column(
            path,
            names[path],
            kind,
            required=promised and _always_there(profile, path),
            indexed=path in indexed,
        )
        for path, kind in chosen.items()
    )
    settle = override_possible if lenient else override
    return TableDesign(
        settle(columns, wanted, profile), foreign_keys, _child_tables(profile, chosen)
    )


def storage_of(decision: Decision, overrides: Mapping[str, Any] | None) -> Storage:
    """Where the documents are to live, after a person had a say. Raises `InvalidOverride`."""
    return overriding.read(overrides).storage or decision.storage


def override(
    columns: tuple[Column, ...], wanted: Overrides, profile: Profile
) -> tuple[Column, ...]:
    """The columns as a person wants them. Raises `InvalidOverride`."""
    at = {pointer(column.path): column for column in columns}
    for where, what in wanted.columns.items():
        column = at.get(where)
        if column is None:
            raise InvalidOverride(f"No column is proposed for {where!r}.")
        if what.required and not _always_there(profile, column.path):
            raise InvalidOverride(f"{where!r} is not in every document, so it cannot be required.")
        at[where] = Column(
            column.path,
            column.name if what.name is None else what.name,
            column.type if what.type is None else what.type,
            column.required if what.required is None else what.required,
            column.indexed if what.indexed is None else what.indexed,
        )
    named: dict[str, str] = {}
    for where, column in at.items():
        if column.name in named:
            raise InvalidOverride(
                f"{named[column.name]!r} and {where!r} cannot both be called {column.name!r}."
            )
        named[column.name] = where
    return tuple(at.values())


def override_possible(
    columns: tuple[Column, ...], wanted: Overrides, profile: Profile
) -> tuple[Column, ...]:
    """The same, but for what cannot be now: that stays as it was found."""
    at = {pointer(column.path): column for column in columns}
    names = {where: column.name for where, column in at.items()}
    possible = {}
    for where, what in sorted(wanted.columns.items()):
        if where not in at:
            continue
        others = {name for other, name in names.items() if other != where}
        name = None if what.name in others else what.name
        names[where] = name or names[where]
        required = what.required and _always_there(profile, at[where].path)
        possible[where] = replace(what, name=name, required=required)
    return override(columns, Overrides(wanted.storage, possible), profile)


def _given_names(wanted: Overrides, paths: Iterable[Path]) -> dict[Path, str]:
    given = {path: wanted.columns.get(pointer(path)) for path in paths}
    return {path: what.name for path, what in given.items() if what and what.name}


def _always_there(profile: Profile, path: Path) -> bool:
    known = profile.fields.get(path)
    return known is not None and known.present - known.nulls == profile.documents


def _child_tables(profile: Profile, chosen: Collection[Path]) -> tuple[ChildTable, ...]:
    """For the arrays of objects that have a column."""
    found = {
        path: known.lists.elements
        for path in chosen
        if (known := profile.fields[path]).lists is not None and known.lists.elements is not None
    }
    names = column_names(found)
    return tuple(
        ChildTable(path, names[path], _child_columns(found[path])) for path in sorted(found)
    )


def _child_columns(elements: Profile) -> tuple[Column, ...]:
    paths = sorted(elements.fields)[: table_shape.MOST_COLUMNS]
    names = column_names(paths, reserved=[_ELEMENT])
    return (
        Column((), _DOCUMENT, "uuid", required=True, indexed=True),
        Column((), _ELEMENT, "bigint", required=True),
        *(Column(path, names[path], column_type(elements.fields[path])) for path in paths),
    )


def to_json(design: TableDesign) -> dict[str, Any]:
    """Plain JSON: the same for equal designs."""
    return {
        "columns": [_column(column) for column in design.columns],
        "foreign_keys": [
            {
                "path": list(key.path),
                "collection": key.collection,
                "field": list(key.field),
                "contained": key.contained,
            }
            for key in design.foreign_keys
        ],
        "child_tables": [
            {
                "path": list(child.path),
                "name": child.name,
                "columns": [_column(column) for column in child.columns],
            }
            for child in design.child_tables
        ],
    }


def from_json(kept: Mapping[str, Any]) -> TableDesign:
    """The design that `to_json` put down."""
    return TableDesign(
        columns=tuple(map(_read_column, kept["columns"])),
        foreign_keys=tuple(
            ForeignKey(tuple(key["path"]), key["collection"], tuple(key["field"]), key["contained"])
            for key in kept["foreign_keys"]
        ),
        child_tables=tuple(
            ChildTable(
                tuple(child["path"]), child["name"], tuple(map(_read_column, child["columns"]))
            )
            for child in kept["child_tables"]
        ),
    )


def _column(column: Column) -> dict[str, Any]:
    return {
        "path": list(column.path),
        "name": column.name,
        "type": column.type,
        "required": column.required,
        "indexed": column.indexed,
        "unique": column.unique,
    }


def _read_column(kept: Mapping[str, Any]) -> Column:
    return Column(
        tuple(kept["path"]),
        kept["name"],
        kept["type"],
        kept["required"],
        kept["indexed"],
        kept["unique"],
    )
