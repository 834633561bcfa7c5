"""How schemas look to clients: what is proposed, why, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from mammothbox.catalog.collection_list import Listed
from mammothbox.catalog.schema_defs import SchemaDef
from mammothbox.documents.drift import Drift as Found
from mammothbox.documents.pointers import pointer
from mammothbox.web import spellings
from mammothbox.web.fields import Sha256
from pydantic import BaseModel, Field

from functions.api.collection_shapes import Storage

Status = Literal[
    "proving",
    "provisional",
    "building",
    "active",
    "undoing",
    "rejected",
    "superseded",
    "rolled_back",
    "failed",
]
ColumnType = Literal[
    "bigint",
    "numeric",
    "double precision",
    "boolean",
    "text",
    "timestamptz",
    "date",
    "uuid",
    "jsonb",
]


@dataclass(frozen=True)
class Known:
    """What schemas tell of by name: their collections, and the keys that decided about them."""

    collections: Mapping[UUID, Listed]
    keys: Mapping[str, str]


class Schema(BaseModel):
    """A proposal of where documents should live, and what became of it."""

    id: UUID
    collection: str
    collection_id: UUID
    version: int
    status: Status = Field(
        description="proving: its dry run is to come. provisional: it waits for a word."
        " building: approved, and its table is being filled. undoing: its table is being dropped."
    )
    storage_choice: Storage
    score: float
    ddl_sha256: str = Field(description="What an approval is given to.")
    error: str | None = Field(description="What went wrong, of one that failed.")
    decided_by: str | None
    decided_by_name: str | None = Field(
        description="The name of the key; null of an operator's, as of decisions."
    )
    decided_at: datetime | None
    reason: str | None = Field(description="Why it was rejected, if that was said.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: SchemaDef, known: Known) -> Schema:
        return cls.model_validate(_fields(row, known))


class Schemas(BaseModel):
    """A page of schemas, newest first."""

    items: list[Schema]
    next_cursor: UUID | None


class Rule(BaseModel, extra="allow"):
    """A number that was measured, and its limit. A veto that did not pass settles it alone."""

    rule: str
    value: float
    limit: float | None
    passed: bool


class Column(BaseModel):
    """Where the values of a field go; `extra` holds those that do not fit."""

    path: str = Field(description="A JSON pointer.")
    name: str
    type: ColumnType
    required: bool
    indexed: bool


class ForeignKey(BaseModel):
    """A field whose values are those of another collection's."""

    path: str = Field(description="A JSON pointer.")
    collection: str
    field: str = Field(description="A JSON pointer into the documents of that collection.")
    contained: float | None = Field(description="What share of the values is found there.")


class ChildColumn(BaseModel):
    """A column of a child table; those that lead back to the document have no path."""

    path: str | None = Field(description="A JSON pointer into the elements of the array.")
    name: str
    type: ColumnType
    required: bool
    indexed: bool


class ChildTable(BaseModel):
    """What an array of objects could be: rows of their own."""

    path: str = Field(description="A JSON pointer.")
    name: str
    columns: list[ChildColumn]


class SchemaDetail(Schema):
    """A schema with all that speaks for it, and the statements that an approval runs."""

    rationale: list[Rule]
    profile: dict[str, Any]
    columns: list[Column]
    foreign_keys: list[ForeignKey]
    child_tables: list[ChildTable] = Field(description="Suggestions: nothing makes them.")
    changes: list[dict[str, Any]] = Field(description="What differs from the version before.")
    overrides: dict[str, Any]
    ddl: str
    dry_run: dict[str, Any] | None = Field(
        description="What became of all stored documents when it was tried, not to be kept."
    )

    @classmethod
    def of(cls, row: SchemaDef, known: Known) -> SchemaDetail:
        return cls.model_validate(
            {
                **_fields(row, known),
                **_shown_design(row.design or _NO_TABLE),
                "profile": _shown_profile(row.profile) if row.profile else {},
                "dry_run": _shown_dry_run(row.dry_run),
            }
        )


_NO_TABLE: dict[str, Any] = {"columns": [], "foreign_keys": [], "child_tables": []}


def _shown_design(design: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "columns": [_at(column) for column in design["columns"]],
        "foreign_keys": [
            {**_at(key), "field": pointer(key["field"])} for key in design["foreign_keys"]
        ],
        "child_tables": [
            {**_at(child), "columns": [_at(column) for column in child["columns"]]}
            for child in design["child_tables"]
        ],
    }


def _shown_profile(profile: Mapping[str, Any]) -> dict[str, Any]:
    return {**profile, "fields": [_shown_field(field) for field in profile["fields"]]}


def _shown_field(field: Mapping[str, Any]) -> dict[str, Any]:
    lists = field.get("lists")
    if not lists or not lists["elements"]:
        return _at(field)
    return {**_at(field), "lists": {**lists, "elements": _shown_profile(lists["elements"])}}


def _shown_dry_run(dry_run: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if dry_run is None:
        return None
    noted = {kind: [_at(one) for one in dry_run[kind]] for kind in ("misfits", "spelled")}
    return {**dry_run, **noted}


def _at(told: Mapping[str, Any]) -> dict[str, Any]:
    """The same with its path as a JSON pointer; on record it is a list of keys, or that as text."""
    keys = told["path"]
    path = json.loads(keys) if isinstance(keys, str) else keys
    return {**told, "path": pointer(tuple(path)) or None}


def _fields(row: SchemaDef, known: Known) -> dict[str, Any]:
    rejected = row.status == "rejected"
    return {
        **vars(row),
        "collection": known.collections[row.collection_id].name,
        "storage_choice": row.storage,
        "decided_by_name": known.keys.get(row.decided_by or ""),
        "error": None if rejected else row.error,
        "reason": row.error if rejected else None,
    }


class Rejection(BaseModel, extra="forbid"):
    """Why, for whoever reads of it later."""

    reason: Annotated[str, Field(max_length=1000, pattern=spellings.NO_NUL)] | None = None


class Approval(BaseModel, extra="forbid"):
    """What was looked at: if the statements are others by now, nothing is approved."""

    ddl_sha256: Sha256 | None = None


class ColumnOverride(BaseModel, extra="forbid"):
    """What to set about a column; what is left out stays."""

    name: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    type: ColumnType | None = None
    indexed: bool | None = None
    required: bool | None = None


class Override(BaseModel, extra="forbid"):
    """What to put in place of what was found. The schema is proved anew."""

    storage: Storage | None = None
    columns: dict[Annotated[str, Field(max_length=2000)], ColumnOverride] = Field(
        {}, description="By the JSON pointers of the columns.", max_length=1000
    )


class FieldDrift(BaseModel):
    """What became of a field since the schema was made."""

    path: str = Field(description="A JSON pointer.")
    what: Literal["new", "vanished", "wider", "presence", "same"]
    presence_before: float = Field(description="In what share of the documents it was.")
    presence_since: float = Field(description="The same for those that came since.")
    stored_as: ColumnType | None
    needs: ColumnType | None = Field(description="What would hold every value of it now.")


class Drift(BaseModel):
    """How far documents are from those the schema was made for; without a schema, nothing."""

    schema_id: UUID | None = Field(
        description="The schema in force or, before there was any, the one that waits."
    )
    drifted: bool = False
    documents_before: int = 0
    documents_since: int = 0
    new: int = 0
    vanished: int = 0
    wider: int = 0
    presence_moved: int = 0
    fields: list[FieldDrift] = []

    @classmethod
    def of(cls, schema_id: UUID, found: Found) -> Drift:
        return cls.model_validate(
            {**asdict(found), "schema_id": schema_id, "drifted": found.drifted}
        )
