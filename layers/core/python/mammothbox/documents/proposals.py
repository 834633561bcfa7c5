"""Proposals: a table, or a change of one, that somebody is to say yes or no to.

Everything here only puts down what was decided. The tables themselves are made, filled and
dropped by the chores that are asked for, for whoever decides has no right to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from mammothbox.catalog import chores, collections, lineage, schema_defs, table_ddl
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.lineage import Entry
from mammothbox.catalog.schema_defs import Proposed, SchemaDef, Storage
from mammothbox.catalog.table_ddl import Unbuildable
from mammothbox.documents import design as designs
from mammothbox.documents.chore_names import BUILD, PROVE, UNDO
from mammothbox.documents.design import ColumnType, Path, TableDesign
from mammothbox.documents.naming import table_name
from mammothbox.errors import NotFound, Refused
from mammothbox.ids import new_id

MACHINE = "function:schema"


@dataclass(frozen=True)
class By:
    """Who decides, and in which request."""

    owner: str
    actor: str
    request_id: str


@dataclass(frozen=True)
class Wanted:
    """What was found to be right for a collection. A `design` is there for storage `sql`."""

    storage: Storage
    structure_hash: str
    score: float
    rationale: Any
    profile: dict[str, Any]
    design: TableDesign | None = None
    overrides: dict[str, Any] | None = None
    changes: Sequence[Any] = ()


def propose(
    connection: Connection, collection: Collection, wanted: Wanted, request_id: str
) -> UUID | None:
    """Put a proposal down and ask for its dry run; the id of the schema.

    `None` when there is nothing to say: the same is in force, or waits already, or has just
    failed, or was rejected or rolled back for this structure; or documents with a table would
    better have none, which only a person decides. Takes the collection's lock. Raises
    `Unbuildable`.
    """
    owner = collection.owner
    collections.lock(connection, owner, collection.id)
    now = schema_defs.in_force(connection, owner, collection.id)
    waiting = schema_defs.waiting(connection, owner, collection.id)
    schema_id = new_id()
    newest = schema_defs.newest(connection, owner, collection.id)
    version = newest.version + 1 if newest else 1
    proposed = _proposed(collection, schema_id, version, wanted, now)
    failed = newest if newest and newest.status == "failed" else None
    if any(_says_the_same(one, proposed) for one in (now, waiting, failed)):
        return None
    if proposed.storage == "jsonb" and now is not None:
        return None
    said = schema_defs.turned_down(connection, owner, collection.id, proposed.structure_hash)
    if any(asks_for(wanted, each) for each in said):
        return None
    if waiting is not None:
        schema_defs.move(connection, waiting, "superseded")
    schema_defs.insert(
        connection, owner, schema_id, proposed, collection_id=collection.id, version=version
    )
    chores.ask(connection, owner, PROVE)
    made = _required(schema_defs.get(connection, owner, schema_id), schema_id)
    _record(connection, made, "schema.proposed", By(owner, MACHINE, request_id))
    return schema_id


def asks_for(wanted: Wanted, said: SchemaDef) -> bool:
    """Whether it is what that schema was about, whatever else of the table has changed since."""
    design = wanted.design if wanted.storage == "sql" else None
    return wanted.storage == said.storage and _types(design) == _types(_design(said))


def refreshed(connection: Connection, definition: SchemaDef) -> SchemaDef:
    """The proposal with statements for the table that there is now. After the collection's lock."""
    collection = _collection(connection, definition)
    now = schema_defs.in_force(connection, definition.owner, definition.collection_id)
    ddl = _ddl(collection, definition.id, definition.version, _design(definition), now)
    if ddl == definition.ddl:
        return definition
    changed = replace(definition, ddl=ddl, ddl_sha256=table_ddl.ddl_sha256(ddl))
    schema_defs.replace(connection, definition, changed)
    return _required(schema_defs.get(connection, definition.owner, definition.id), definition.id)


def approve(connection: Connection, by: By, schema_id: UUID) -> SchemaDef:
    """Let the proposal come into force: its table is made and filled from now on.

    One whose statements are outdated is `proving` then, with those for the table there is now.
    Raises `NotFound`, and `Refused` for what cannot be approved, or not now.
    """
    definition = _locked(connection, by, schema_id)
    _refuse_unless(definition, "provisional", can="be approved")
    now = schema_defs.in_force(connection, by.owner, definition.collection_id)
    if now is not None and now.status != "active":
        raise Refused(
            409,
            "schema_busy",
            f"Version {now.version} of the schema is {now.status}; approve this one when that has"
            " ended.",
        )
    if refreshed(connection, definition) is not definition:
        chores.ask(connection, by.owner, PROVE)
        return _required(schema_defs.get(connection, by.owner, schema_id), schema_id)
    if now is not None:
        schema_defs.decide(connection, now, "superseded", by.actor)
    if definition.storage == "jsonb":
        schema_defs.decide(connection, definition, "active", by.actor)
    else:
        schema_defs.decide(connection, definition, "building", by.actor)
        chores.ask(connection, by.owner, BUILD)
    return _decided(connection, definition, "schema.approved", by)


def reject(connection: Connection, by: By, schema_id: UUID, reason: str | None = None) -> SchemaDef:
    """Say no: the same is not proposed again for this structure. Raises as `approve` does.

    The reason stays with the proposal, for lineage holds ids, codes and numbers only.
    """
    definition = _locked(connection, by, schema_id)
    _refuse_unless(definition, "proving", "provisional", "failed", can="be rejected")
    schema_defs.decide(connection, definition, "rejected", by.actor, reason)
    return _decided(connection, definition, "schema.rejected", by)


def override(connection: Connection, by: By, schema_id: UUID, wanted: Wanted) -> SchemaDef:
    """Put what a person wants in the proposal's place; it is proved anew.

    So is one that was rejected or rolled back, as it is or otherwise. Raises as `approve` does,
    and `Refused` for a table that cannot be made.
    """
    definition = _locked(connection, by, schema_id)
    _refuse_unless(
        definition,
        *("proving", "provisional", "failed", "rejected", "rolled_back"),
        can="be changed",
    )
    now = schema_defs.in_force(connection, by.owner, definition.collection_id)
    if wanted.storage == "jsonb" and now is not None and now.storage == "sql":
        raise Refused(
            409, "schema_in_force", "The collection has a table: roll that back to return to JSONB."
        )
    waiting = schema_defs.waiting(connection, by.owner, definition.collection_id)
    if waiting is not None and waiting.id != definition.id:
        raise Refused(409, "newer_proposal", f"The schema {waiting.id} was proposed meanwhile.")
    collection = _collection(connection, definition)
    try:
        proposed = _proposed(collection, definition.id, definition.version, wanted, now)
    except Unbuildable as error:
        raise Refused(422, "table_impossible", str(error)) from error
    schema_defs.replace(connection, definition, proposed)
    chores.ask(connection, by.owner, PROVE)
    return _decided(connection, definition, "schema.overridden", by)


def request_rollback(connection: Connection, by: By, schema_id: UUID) -> SchemaDef:
    """Return to JSONB: the table is dropped soon, and not filled any more from now on.

    No document is lost, for all are in the collection's own table. Raises as `approve` does.
    """
    definition = _locked(connection, by, schema_id)
    _refuse_unless(definition, "building", "active", can="be rolled back")
    schema_defs.decide(connection, definition, "undoing", by.actor)
    chores.ask(connection, by.owner, UNDO)
    return _decided(connection, definition, "schema.rollback_requested", by)


def _proposed(
    collection: Collection,
    schema_id: UUID,
    version: int,
    wanted: Wanted,
    now: SchemaDef | None,
) -> Proposed:
    design = wanted.design if wanted.storage == "sql" else None
    if wanted.storage == "sql" and design is None:
        raise ValueError("storage in a table takes a design")
    ddl = _ddl(collection, schema_id, version, design, now)
    return Proposed(
        storage=wanted.storage,
        structure_hash=wanted.structure_hash,
        score=wanted.score,
        rationale=wanted.rationale,
        profile=wanted.profile,
        design=designs.to_json(design) if design else None,
        overrides=wanted.overrides or {},
        changes=list(wanted.changes),
        table_name=_table(collection, now) if design else None,
        ddl=ddl,
        ddl_sha256=table_ddl.ddl_sha256(ddl),
    )


def _ddl(
    collection: Collection,
    schema_id: UUID,
    version: int,
    design: TableDesign | None,
    now: SchemaDef | None,
) -> str:
    """The statements that make the design's table of what there is now."""
    if design is None:
        return ""
    table = _table(collection, now)
    comment = (
        f"Documents of the collection {collection.name!r} of {collection.owner}, as version"
        f" {version} of its schema ({schema_id}) has them. What has no column is in extra."
    )
    before = base_of(now)
    if before is None:
        return table_ddl.ddl_text(table_ddl.create_statements(design, table, comment))
    return table_ddl.ddl_text(table_ddl.alter_statements(table, before, design, comment))


def _table(collection: Collection, now: SchemaDef | None) -> str:
    """A table keeps its name for as long as it is there."""
    return (now and now.table_name) or table_name(collection.name, collection.id)


def base_of(now: SchemaDef | None) -> TableDesign | None:
    """The table that a proposal would change: that of the schema in force, if it is to stay."""
    if now is None or now.storage != "sql" or now.status == "undoing":
        return None
    return _design(now)


def _design(definition: SchemaDef) -> TableDesign | None:
    return None if definition.design is None else designs.from_json(definition.design)


def _says_the_same(definition: SchemaDef | None, proposed: Proposed) -> bool:
    return (
        definition is not None
        and definition.status != "undoing"
        and definition.storage == proposed.storage
        and _columns(definition) == _columns(proposed)
    )


def _columns(proposed: Proposed) -> Any:
    return proposed.design and proposed.design["columns"]


def _types(design: TableDesign | None) -> list[tuple[Path, ColumnType]] | None:
    return None if design is None else [(column.path, column.type) for column in design.columns]


def _locked(connection: Connection, by: By, schema_id: UUID) -> SchemaDef:
    found = _required(schema_defs.get(connection, by.owner, schema_id), schema_id)
    collections.lock(connection, by.owner, found.collection_id)
    return _required(schema_defs.lock(connection, by.owner, schema_id), schema_id)


def _required(definition: SchemaDef | None, schema_id: UUID) -> SchemaDef:
    if definition is None:
        raise NotFound("schema", schema_id)
    return definition


def _collection(connection: Connection, definition: SchemaDef) -> Collection:
    found = collections.get(connection, definition.owner, definition.collection_id)
    if found is None:
        raise NotFound("collection", definition.collection_id)
    return found


def _refuse_unless(definition: SchemaDef, *statuses: str, can: str) -> None:
    if definition.status not in statuses:
        raise Refused(
            409,
            "schema_status",
            f"A schema that is {definition.status} cannot {can}; one that is"
            f" {' or '.join(statuses)} can.",
        )


def _decided(connection: Connection, definition: SchemaDef, event: str, by: By) -> SchemaDef:
    _record(connection, definition, event, by)
    return _required(schema_defs.get(connection, by.owner, definition.id), definition.id)


def _record(connection: Connection, definition: SchemaDef, event: str, by: By) -> None:
    detail = {
        "schema_id": str(definition.id),
        "collection_id": str(definition.collection_id),
        "version": definition.version,
        "ddl_sha256": definition.ddl_sha256,
    }
    lineage.record(
        connection,
        Entry(owner=by.owner, request_id=by.request_id, event=event, actor=by.actor, detail=detail),
    )
