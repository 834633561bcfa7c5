"""What a person puts in place of what was found: where documents live, names and types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_args

from mammothbox.documents.column_types import COLUMN_TYPES, ColumnType
from mammothbox.documents.decide import Storage
from mammothbox.documents.naming import MOST_BYTES, OURS, SYSTEM
from mammothbox.documents.pointers import parse_pointer, pointer

_STORAGES = get_args(Storage)


class InvalidOverride(ValueError):
    """An override that cannot be; the message is for the one who made it."""


@dataclass(frozen=True)
class ColumnOverride:
    """What is set about one column; `None` leaves it as it is."""

    name: str | None = None
    type: ColumnType | None = None
    indexed: bool | None = None
    required: bool | None = None


@dataclass(frozen=True)
class Overrides:
    """By JSON pointer, what is set about columns, and where the documents are to live."""

    storage: Storage | None = None
    columns: Mapping[str, ColumnOverride] = field(default_factory=dict)


def read(wanted: Mapping[str, Any] | None) -> Overrides:
    """`{"storage": …, "columns": {"/pointer": {"name", "type", "indexed", "required"}}}`.

    Raises `InvalidOverride`.
    """
    wanted = wanted or {}
    _refuse_others("an override", wanted, {"storage", "columns"})
    storage = wanted.get("storage")
    if storage is not None and storage not in _STORAGES:
        raise InvalidOverride(f"storage is one of {', '.join(_STORAGES)}, not {storage!r}.")
    columns = {} if wanted.get("columns") is None else wanted["columns"]
    if not isinstance(columns, Mapping):
        raise InvalidOverride("columns is an object whose keys are JSON pointers.")
    read_columns = {at: _column(at, one) for at, one in columns.items()}
    twice = Counter(one.name for one in read_columns.values() if one.name is not None)
    for name, times in twice.items():
        if times > 1:
            raise InvalidOverride(f"{times} columns cannot all be called {name!r}.")
    return Overrides(storage, read_columns)


def _column(at: str, wanted: Any) -> ColumnOverride:
    try:
        parse_pointer(at)
    except ValueError as error:
        raise InvalidOverride(
            f"Columns are named by JSON pointers, such as {pointer((at,))!r}: {at!r} is none, for"
            f" {error}."
        ) from error
    if not isinstance(wanted, Mapping):
        raise InvalidOverride(f"What is set about {at!r} is an object.")
    _refuse_others(f"the column {at!r}", wanted, {"name", "type", "indexed", "required"})
    for switch in ("indexed", "required"):
        if not isinstance(wanted.get(switch), bool | None):
            raise InvalidOverride(f"{switch} of {at!r} is true or false.")
    if wanted.get("type") is not None and wanted["type"] not in COLUMN_TYPES:
        raise InvalidOverride(f"The type of {at!r} is one of {', '.join(COLUMN_TYPES)}.")
    if wanted.get("name") is not None:
        _check_name(at, wanted["name"])
    return ColumnOverride(
        wanted.get("name"),
        cast("ColumnType | None", wanted.get("type")),
        wanted.get("indexed"),
        wanted.get("required"),
    )


def _check_name(at: str, name: Any) -> None:
    if not isinstance(name, str) or not name.isprintable() or not name.strip():
        raise InvalidOverride(f"The name of {at!r} is some characters in one line.")
    if len(name.encode()) > MOST_BYTES:
        raise InvalidOverride(f"The name of {at!r} is longer than {MOST_BYTES} bytes.")
    if "%" in name:
        raise InvalidOverride(f"The name of {at!r} may be anything without a percent sign.")
    if name in OURS | SYSTEM:
        raise InvalidOverride(f"{name!r} is the name of a column that every table has.")


def _refuse_others(what: str, wanted: Mapping[str, Any], known: set[str]) -> None:
    others = sorted(str(key) for key in wanted.keys() - known)
    if others:
        raise InvalidOverride(
            f"{others[0]!r} cannot be set about {what}; {', '.join(sorted(known))} can."
        )
