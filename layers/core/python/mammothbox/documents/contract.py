"""What becomes of documents that do not fit the schema in force, where it is not to evolve.

`freeze` and `discard_row` keep the rest of the file: the one tells of each document that was
refused, the other expects it. `discard_value` keeps the document without what does not fit; the
original text stays in the raw object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mammothbox.catalog.document_parts import CONTRACT_CODES
from mammothbox.documents.column_types import ColumnType
from mammothbox.documents.design import TableDesign
from mammothbox.documents.observed import BIGINT, Format, canonical, formats, survives_double
from mammothbox.documents.pointers import Path, pointer
from mammothbox.documents.reading import Document, Refusal
from mammothbox.documents.values import Digits, JsonValue
from mammothbox.documents.writing import text_of

_FORMATS: dict[ColumnType, Format] = {"timestamptz": "datetime", "date": "date", "uuid": "uuid"}
_FROZEN, _DISCARDED = CONTRACT_CODES
_NAMED = 5
# Digits, and a sign.
_MOST_OF_BIGINT = 20


@dataclass(frozen=True)
class _Columns:
    """The columns of a table as a document meets them."""

    types: dict[Path, ColumnType]
    # Fields that were promised to be in every document.
    required: tuple[Path, ...]
    # Keys whose value is an object that columns are made of.
    groups: frozenset[str]


def held_to(
    contract: str, design: TableDesign, outcomes: Iterable[Document | Refusal]
) -> Iterator[Document | Refusal]:
    """The documents that may stay, as they may; the others are refused."""
    columns = _Columns(
        {column.path: column.type for column in design.columns},
        tuple(column.path for column in design.columns if column.required),
        frozenset(column.path[0] for column in design.columns if len(column.path) > 1),
    )
    for outcome in outcomes:
        if isinstance(outcome, Refusal):
            yield outcome
            continue
        misfits = _misfits(outcome.value, columns)
        missing = _missing(outcome.value, columns)
        if not misfits and not missing:
            yield outcome
        elif contract == "discard_value" and isinstance(outcome.value, dict) and not missing:
            yield _without(outcome, outcome.value, misfits)
        else:
            named = ", ".join(map(pointer, [*misfits, *missing][:_NAMED])) or "the document"
            detail = f"By the contract of the collection {named} does not fit its schema."
            code = _FROZEN if contract == "freeze" else _DISCARDED
            yield Refusal(outcome.position, code, detail, outcome.end)


def _misfits(value: JsonValue, columns: _Columns) -> list[Path]:
    """Where the document has what no column holds; the empty path for one that is no object."""
    if not isinstance(value, dict):
        return [()]
    found: list[Path] = []
    for key, below in value.items():
        if key not in columns.groups:
            if not _fits(below, columns.types.get((key,))):
                found.append((key,))
        elif isinstance(below, dict):
            found += [
                (key, inner)
                for inner, leaf in below.items()
                if not _fits(leaf, columns.types.get((key, inner)))
            ]
        elif below is not None:
            found.append((key,))
    return found


def _missing(value: JsonValue, columns: _Columns) -> list[Path]:
    return [path for path in columns.required if _at(value, path) is None]


def _at(value: JsonValue, path: Path) -> JsonValue:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _fits(value: JsonValue, kind: ColumnType | None) -> bool:
    if kind is None or value is None or kind == "jsonb":
        return kind is not None
    if isinstance(value, bool | list | dict):
        return kind == "boolean" and isinstance(value, bool)
    if isinstance(value, Digits):
        return _number_fits(canonical(value), kind)
    if isinstance(value, int):
        return _number_fits(value, kind)
    return kind == "text" or (kind in _FORMATS and bool(formats([value], [_FORMATS[kind]])))


def _number_fits(value: int | str, kind: ColumnType) -> bool:
    """Of a number with a fraction or an exponent the text as jsonb writes it."""
    if kind == "bigint":
        # Written out, an exponent may be more digits than Python reads.
        is_short = isinstance(value, int) or ("." not in value and len(value) <= _MOST_OF_BIGINT)
        return is_short and int(value) in BIGINT
    if kind == "double precision":
        return survives_double(str(value))
    return kind == "numeric"


def _without(document: Document, value: dict[str, Any], misfits: list[Path]) -> Document:
    kept = dict(value)
    for first, *inner in misfits:
        if inner:
            kept[first] = {key: below for key, below in kept[first].items() if key != inner[0]}
        else:
            del kept[first]
    return Document(document.position, text_of(kept).encode(), kept)
