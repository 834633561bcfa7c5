"""What a person makes of a proposal: other names and types of columns, or another storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from mammothbox.catalog import collections, schema_defs
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.schema_defs import SchemaDef
from mammothbox.documents import design as designs
from mammothbox.documents import evolve, overrides, profile, proposals
from mammothbox.documents.decide import decide
from mammothbox.documents.design import TableDesign, design, storage_of
from mammothbox.documents.overrides import InvalidOverride
from mammothbox.documents.profile import Profile
from mammothbox.documents.proposals import By, Wanted
from mammothbox.errors import NotFound, Refused


def override(
    connection: Connection, by: By, schema_id: UUID, asked: Mapping[str, Any]
) -> SchemaDef:
    """Put the proposal as it was asked for in its place, on top of what was asked before.

    A proposal that waits stays as it is when nothing new is asked for. Raises `NotFound`, and
    `Refused` for what cannot be, or not of this schema any more.
    """
    definition = schema_defs.get(connection, by.owner, schema_id)
    if definition is None:
        raise NotFound("schema", schema_id)
    collection = collections.lock(connection, by.owner, definition.collection_id)
    if collection is None or collection.profile is None:
        raise Refused(409, "no_documents", "The collection has no documents any more.")
    added = _added(definition.overrides, asked)
    if added == definition.overrides and definition.status in ("proving", "provisional"):
        return definition
    try:
        wanted = _wanted(connection, collection, definition, added)
    except InvalidOverride as error:
        raise Refused(422, "invalid_override", str(error)) from error
    return proposals.override(connection, by, schema_id, wanted)


def _added(before: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {**before.get("columns", {})}
    for where, what in asked.get("columns", {}).items():
        if what:
            columns[where] = {**columns.get(where, {}), **what}
    storage = asked.get("storage") or before.get("storage")
    told = {"storage": storage, "columns": columns}
    return {name: value for name, value in told.items() if value}


def _wanted(
    connection: Connection,
    collection: Collection,
    definition: SchemaDef,
    asked: Mapping[str, Any],
) -> Wanted:
    known = profile.from_json(collection.profile or {})
    base = proposals.base_of(schema_defs.in_force(connection, collection.owner, collection.id))
    # Of a table there is the next version may only change the columns.
    storage = storage_of(decide(known), {"storage": definition.storage, **asked})
    table = _table(collection, definition, known, base, asked) if storage == "sql" else None
    changes = evolve.changes(base, table, known) if base and table else ()
    return Wanted(
        storage=storage,
        structure_hash=definition.structure_hash,
        score=definition.score,
        rationale=definition.rationale,
        profile=definition.profile,
        design=table,
        overrides=dict(asked),
        changes=evolve.changes_json(changes),
    )


def _table(
    collection: Collection,
    definition: SchemaDef,
    known: Profile,
    base: TableDesign | None,
    asked: Mapping[str, Any],
) -> TableDesign:
    before = designs.from_json(definition.design) if definition.design else None
    foreign_keys = before.foreign_keys if before else ()
    decision, contract = decide(known), collection.contract
    if base is None:
        return design(known, decision, asked, contract=contract, foreign_keys=foreign_keys)
    following = evolve.next_design(
        base, known, decision, asked, contract=contract, foreign_keys=foreign_keys
    )
    columns = designs.override(following.columns, overrides.read(asked), known)
    return replace(following, columns=columns)
