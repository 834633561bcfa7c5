"""What to propose for a collection, now that documents came or went."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from mammothbox.catalog import collections, schema_defs
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.schema_defs import SchemaDef, Storage
from mammothbox.catalog.table_ddl import Unbuildable
from mammothbox.documents import evolve, profile, proposals
from mammothbox.documents.decide import decide, rationale_json
from mammothbox.documents.design import TableDesign, design
from mammothbox.documents.fields_json import without_values
from mammothbox.documents.foreign_keys import foreign_keys
from mammothbox.documents.overrides import InvalidOverride
from mammothbox.documents.pointers import pointer
from mammothbox.documents.profile import Profile
from mammothbox.documents.proposals import Wanted
from mammothbox.documents.relearn import relearn
from mammothbox.documents.structure import structure_hash
from mammothbox.ids import new_id
from mammothbox.observability import logger


def propose(database: Database, owner: str) -> bool:
    """Think about the schema of one of the owner's collections; whether there was none."""
    with database.transaction() as connection:
        collection_id = collections.take_turn(connection, owner)
    if collection_id is None:
        return True
    with database.transaction() as connection:
        _reconsider(connection, owner, collection_id)
    return False


def _reconsider(connection: Connection, owner: str, collection_id: UUID) -> None:
    collection = collections.get(connection, owner, collection_id)
    if collection is not None and collection.profile_stale:
        collections.rebuild(connection, collection_id)
    collection = collections.lock(connection, owner, collection_id)
    if collection is None:
        return
    collections.reconsidered(connection, collection)
    if collection.profile_stale:
        relearn(connection, collection)
        collection = collections.get(connection, owner, collection_id) or collection
    if collection.profile is None:
        return
    known = profile.from_json(collection.profile)
    now = schema_defs.in_force(connection, owner, collection_id)
    if proposals.base_of(now) is not None and collection.contract != "evolve":
        return
    waiting = schema_defs.waiting(connection, owner, collection_id)
    newest = schema_defs.newest(connection, owner, collection_id)
    failed = newest if newest and newest.status == "failed" else None
    # What a person put in place of what was found holds on, from one version to the next: that one
    # failed is no word of theirs against it.
    before = waiting or failed or now
    try:
        wanted = _wanted(connection, collection, known, now, before.overrides if before else {})
        said = schema_defs.turned_down(connection, owner, collection_id, wanted.structure_hash)
        # With what a person had put in it, it is what they said no to.
        again = (_wanted(connection, collection, known, now, each.overrides) for each in said)
        if not any(map(proposals.asks_for, again, said)):
            proposals.propose(connection, collection, wanted, str(new_id()))
    except (Unbuildable, InvalidOverride) as error:
        logger.warning("no table can be made", extra={"why": str(error)})


def _wanted(
    connection: Connection,
    collection: Collection,
    known: Profile,
    now: SchemaDef | None,
    overrides: dict[str, Any],
) -> Wanted:
    """A first table, or the next version of the one there is."""
    told = profile.shown(known)
    decision = decide(known)
    base = proposals.base_of(now)
    changes: list[dict[str, Any]] = []
    wanted: TableDesign | None = None
    storage: Storage = overrides.get("storage") or decision.storage
    if base is not None:
        storage = "sql"
        wanted = evolve.next_design(base, known, decision, overrides, contract=collection.contract)
        changes = evolve.changes_json(evolve.changes(base, wanted, known))
    elif storage == "sql":
        keys = foreign_keys(connection, collection, known)
        wanted = design(
            known,
            decision,
            overrides,
            contract=collection.contract,
            foreign_keys=keys,
            lenient=True,
        )
    return Wanted(
        storage=storage,
        structure_hash=structure_hash({pointer(path) for path in known.fields}),
        score=decision.score,
        rationale=rationale_json(decision),
        # Whoever could not learn anew may still know of what was erased.
        profile=without_values(told) if collection.profile_stale else told,
        design=wanted,
        overrides=overrides,
        changes=changes,
    )
