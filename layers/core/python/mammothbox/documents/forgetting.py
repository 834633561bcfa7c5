"""The documents of an asset that is erased."""

from __future__ import annotations

from uuid import UUID

from mammothbox.catalog import (
    chores,
    collections,
    document_parts,
    document_tables,
    dry_runs,
    schema_defs,
    typed_tables,
)
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.documents.chore_names import PROPOSE
from mammothbox.documents.fields_json import without_values


def forget_documents(connection: Connection, owner: str, asset_id: UUID) -> None:
    """Take the asset's documents out of every table they are in.

    What was learned of them stays in the profile until it is made anew; schemas, which are never
    made anew, repeat no value of the collection any more.
    """
    for collection_id in document_parts.collections_of(connection, owner, asset_id):
        # A piece of the file that is just being written is waited for, and goes too.
        collections.rebuild(connection, collection_id)
        collection = collections.lock(connection, owner, collection_id)
        if collection is None:
            continue
        typed_tables.forget_asset(connection, collection, asset_id)
        gone = document_tables.delete_asset(connection, collection.docs_table, asset_id)
        # Of a file that was read again under another contract none may be left but in schemas.
        if document_parts.was_read(connection, collection_id, owner, asset_id):
            collections.doubt_profile(connection, owner, collection_id)
            collections.count(connection, collection, -gone)
            chores.ask(connection, owner, PROPOSE)
            _forget_values(connection, collection)


def _forget_values(connection: Connection, collection: Collection) -> None:
    """Nobody can tell which of the values in them were of the documents that went."""
    for definition in schema_defs.lock_all(connection, collection.owner, collection.id):
        profile = without_values(definition.profile)
        dry_run = dry_runs.without_examples(definition.dry_run)
        is_same = (profile, dry_run) == (definition.profile, definition.dry_run)
        # A dry run that is under way has seen the documents.
        if not is_same or definition.status == "proving":
            schema_defs.set_evidence(connection, definition, profile, dry_run)
