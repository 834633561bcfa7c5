"""The dry run of a proposal: its statements are run, and all stored documents put to the test."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mammothbox.announcing import announce_schema
from mammothbox.catalog import collections, dry_runs, schema_defs, table_ddl, typed_tables
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Database
from mammothbox.catalog.document_tables import SCRATCH
from mammothbox.catalog.dry_runs import Proof
from mammothbox.catalog.schema_defs import BEGINNING, SchemaDef
from mammothbox.documents import proposals
from mammothbox.documents.design import TableDesign
from mammothbox.documents.pieces import Pieces
from mammothbox.documents.proposals import MACHINE, By
from mammothbox.errors import Permanent

# A dry run that began with less time than this is run again by another invocation.
_ENOUGH_S = 60
# What the last piece, and putting down what came of it, may still take.
_SPARE_S = 20
_FOR_INDEXES = 0.4


def prove(
    database: Database,
    owner: str,
    time_left: Callable[[], float],
    *,
    auto_migrate: bool = False,
    request_id: str = "",
) -> bool:
    """Run the oldest proposal that waits for it; whether none did.

    The proposal becomes provisional, with what was found, or failed, with the reason. When the
    time is too short for all documents, it says so and how many it proved. `auto_migrate`
    approves at once what all documents passed.
    """
    with database.transaction() as connection:
        definition = schema_defs.busy(connection, owner, "proving")
        if definition is None:
            return True
        collection = collections.lock(connection, owner, definition.collection_id)
        if collection is None:
            return True
        definition = proposals.refreshed(connection, definition)
        now = schema_defs.in_force(connection, owner, collection.id)
    began = time_left()
    try:
        found = _found(database, definition, collection, proposals.base_of(now), time_left)
    except Permanent as error:
        _conclude(database, definition, None, f"{error.code}: {error.detail}")
        return False
    if found is not None and not found["complete"] and began < _ENOUGH_S:
        return False
    passed = _conclude(database, definition, found, _objection(found))
    if passed and auto_migrate and (found is None or found["complete"]):
        with database.transaction() as connection:
            proposals.approve(connection, By(owner, MACHINE, request_id), definition.id)
    return False


def _found(
    database: Database,
    definition: SchemaDef,
    collection: Collection,
    base: TableDesign | None,
    time_left: Callable[[], float],
) -> dict[str, Any] | None:
    """What the dry run shows; `None` for a proposal that has no table."""
    table = typed_tables.of_schema(definition, collection)
    if table is None:
        return None
    table = replace(table, schema=SCRATCH)
    before = None
    if base is not None:
        before = table_ddl.ddl_text(table_ddl.create_statements(base, table.name, ""))
    proof, pieces, after, is_end = Proof(), Pieces(), BEGINNING, False
    with dry_runs.rehearsal(database) as connection:
        proof.ddl_ms = dry_runs.make(connection, before, definition.ddl)
        started = time_left()
        # Indexes take a part of the time that the rows took.
        while not is_end and time_left() > _SPARE_S + _FOR_INDEXES * (started - time_left()):
            began = time.monotonic()
            piece = dry_runs.fill(connection, proof, table, after, pieces.most)
            pieces.took(time.monotonic() - began)
            after, is_end = piece.last or after, piece.is_end
        dry_runs.weigh(connection, proof, table.name, definition.ddl)
    return dry_runs.to_json(proof, complete=is_end)


def _objection(found: dict[str, Any] | None) -> str | None:
    if found is not None and found["differing"]:
        return "not_reproduced: A typed row would not say all that its document says."
    if found is not None and found["without_row"]:
        return "promise_broken: Stored documents lack what the table would require."
    return None


def _conclude(
    database: Database, definition: SchemaDef, found: dict[str, Any] | None, error: str | None
) -> bool:
    """Whether the proposal passed; it may have been changed or decided about meanwhile.

    Where a document was erased meanwhile no value is told, for it may be one of its, and what
    speaks against the proposal is looked for again.
    """
    status: schema_defs.Status = "failed" if error else "provisional"
    with database.transaction() as connection:
        now = schema_defs.lock(connection, definition.owner, definition.id)
        if now is None or not _is_as_it_was(now, definition):
            return False
        if now.updated_at != definition.updated_at:
            if error:
                return False
            found = dry_runs.without_examples(found)
        schema_defs.conclude_proof(connection, now, status, found, error)
        if error is None:
            announce_schema(connection, now, "proposed")
    return error is None


def _is_as_it_was(now: SchemaDef, before: SchemaDef) -> bool:
    """But for the evidence."""
    same = replace(before, profile=now.profile, dry_run=now.dry_run, updated_at=now.updated_at)
    return same == now
