"""How schemas look to clients: what is proposed, why, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from mammothbox.catalog.collection_list import Listed
from mammothbox.catalog.schema_defs import SchemaDef
from mammothbox.documents.drift import Drift as Found
from mammothbox.documents.pointers import pointer
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
    error: str | None
    decided_by: str | None
    decided_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: SchemaDef, names: Mapping[UUID, Listed]) -> Schema:
        return cls.model_validate(_fields(row, names))


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


class SchemaDetail(Schema):
    """A schema with all that speaks for it, and the statements that an approval runs."""

    rationale: list[Rule]
    profile: dict[str, Any]
    columns: list[Column]
    foreign_keys: list[dict[str, Any]]
    child_tables: list[dict[str, Any]] = Field(description="Suggestions: nothing makes them.")
    changes: list[dict[str, Any]] = Field(description="What differs from the version before.")
    overrides: dict[str, Any]
    ddl: str
    dry_run: dict[str, Any] | None = Field(
        description="What became of all stored documents when it was tried, not to be kept."
    )

    @classmethod
    def of(cls, row: SchemaDef, names: Mapping[UUID, Listed]) -> SchemaDetail:
        design = row.design or {"columns": [], "foreign_keys": [], "child_tables": []}
        columns = [{**column, "path": pointer(column["path"])} for column in design["columns"]]
        return cls.model_validate({**_fields(row, names), **design, "columns": columns})


def _fields(row: SchemaDef, names: Mapping[UUID, Listed]) -> dict[str, Any]:
    name = names[row.collection_id].name
    return {**vars(row), "collection": name, "storage_choice": row.storage}


class Approval(BaseModel, extra="forbid"):
    """What was looked at: if the statements are others by now, nothing is approved."""

    ddl_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


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
