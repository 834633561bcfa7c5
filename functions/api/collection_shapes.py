"""How collections, and what is in them, look to clients."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from mammothbox.catalog.collection_list import Listed, RefusedDocument
from mammothbox.documents.field_names import spelled
from mammothbox.documents.profile import Field as Seen
from mammothbox.documents.profile import Path, Profile
from pydantic import BaseModel, Field

from functions.api.cursors import none_of_ours

Contract = Literal["evolve", "freeze", "discard_value", "discard_row"]
Storage = Literal["jsonb", "sql"]


class Collection(BaseModel):
    """A named group of JSON documents."""

    id: UUID = Field(description="Stands for the name in addresses, whatever signs the name has.")
    name: str
    origin: Literal["named", "structure"] = Field(
        description="Whether a person named it, or documents of the same structure opened it."
    )
    storage: Storage
    documents: int
    contract: Contract = Field(
        description="What becomes of documents that do not fit the active schema."
    )
    active_schema: UUID | None
    waiting_schema: UUID | None = Field(description="A proposal that waits for a word.")
    created_at: datetime

    @classmethod
    def of(cls, listed: Listed) -> Collection:
        return cls.model_validate(vars(listed))


class Collections(BaseModel):
    """A page of collections, by name."""

    items: list[Collection]
    next_cursor: str | None


class FieldShown(BaseModel):
    """A field of the documents, as filters name it."""

    field: str
    present: int = Field(description="In how many documents it is, nulls included.")
    presence: float = Field(description="The same as a share of all documents.")
    types: dict[str, int] = Field(description="How many of its values are of which type.")
    distinct: int = Field(description="About how many different values there are; null is none.")
    formats: list[str] = Field(description="What every one of its strings is.")


class CollectionDetail(Collection):
    """A collection, and what is known of its fields down to three levels."""

    fields: list[FieldShown]
    more_fields: bool = Field(description="Documents have more fields than are told apart.")
    fields_stale: bool = Field(
        description="Documents were taken away since the fields were counted."
    )

    @classmethod
    def with_fields(cls, listed: Listed, profile: Profile, *, stale: bool) -> CollectionDetail:
        shown = [_field(path, seen, profile) for path, seen in sorted(profile.fields.items())]
        return cls.model_validate(
            {
                **vars(listed),
                "fields": shown,
                "more_fields": profile.skipped > 0,
                "fields_stale": stale,
            }
        )


def _field(path: Path, seen: Seen, profile: Profile) -> FieldShown:
    return FieldShown(
        field=spelled(path),
        present=seen.present,
        presence=round(profile.presence(path), 4),
        types={kind: count for kind, count in seen.counts.items()},
        distinct=seen.distinct,
        formats=sorted(seen.text.formats) if seen.text else [],
    )


class CollectionEdit(BaseModel, extra="forbid"):
    """What to change of a collection."""

    contract: Contract


class Asked(BaseModel):
    """What a query of documents takes beside its filters."""

    sort: str | None = Field(
        None,
        max_length=8000,
        description="Up to three fields, `-` before one for descending. Null comes first, then"
        " booleans, numbers, strings, arrays, objects, and documents without the field at the"
        " end. Among equals, documents stand in the order they came.",
    )
    fields: str | None = Field(
        None, max_length=8000, description="Show these fields alone: `a,b.c`."
    )
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=8000)


class Document(BaseModel):
    """A document, equal to what arrived as a JSON value, its numbers digit for digit."""

    document_id: UUID
    system_id: UUID = Field(description="The file it came in.")
    doc: Any = Field(description="The document, or the fields that were asked for.")
    too_large_bytes: int | None = Field(
        None,
        description="Only of a document that is too large for an answer: its size. Then `doc` is"
        " null; ask for some of its fields, or for the content of its file.",
    )


class Documents(BaseModel):
    """A page of documents. It is shorter than the limit where more would be too large."""

    items: list[Document]
    next_cursor: str | None


class Refusal(BaseModel):
    """A document that could not be kept, and why."""

    system_id: UUID
    filename: str | None
    part: int
    position: int = Field(description="Where it begins, in bytes of the unpacked file.")
    code: str
    detail: str


class Refusals(BaseModel):
    """A page of documents that could not be kept; of each part of a file the first ones."""

    items: list[Refusal]
    next_cursor: str | None


def name_cursor(name: str) -> str:
    """Where the page after this name begins; `parse_name_cursor` reads it back."""
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def parse_name_cursor(cursor: str) -> str:
    """Raises `Refused` when the word is none of ours."""
    try:
        padded = (cursor + "=" * (-len(cursor) % 4)).encode("ascii")
        name = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        if "\0" in name:
            raise ValueError("no name has a NUL")
        return name
    except ValueError:
        raise none_of_ours() from None


def refusal_cursor(refusal: RefusedDocument) -> str:
    """Where the page after this one begins; `parse_refusal_cursor` reads it back."""
    return f"{refusal.asset_id}.{refusal.part}.{refusal.position}"


def parse_refusal_cursor(cursor: str) -> tuple[UUID, int, int]:
    """Raises `Refused` when the word is none of ours."""
    asset_id, _, place = cursor.partition(".")
    part, _, position = place.partition(".")
    try:
        # As many digits as fit the columns.
        return UUID(asset_id), int(part[:9]), int(position[:18])
    except ValueError:
        raise none_of_ours() from None
