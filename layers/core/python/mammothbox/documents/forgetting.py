"""The documents of an asset that is erased."""

from __future__ import annotations

from uuid import UUID

from mammothbox.catalog import chores, collections, document_parts, document_tables, typed_tables
from mammothbox.catalog.connection import Connection
from mammothbox.documents.chore_names import PROPOSE


def forget_documents(connection: Connection, owner: str, asset_id: UUID) -> None:
    """Take the asset's documents out of every table they are in.

    What was learned of them stays in the profile until it is made anew.
    """
    for collection_id in document_parts.collections_of(connection, owner, asset_id):
        # A piece of the file that is just being written is waited for, and goes too.
        collections.rebuild(connection, collection_id)
        collection = collections.lock(connection, owner, collection_id)
        if collection is None:
            continue
        typed_tables.forget_asset(connection, collection, asset_id)
        gone = document_tables.delete_asset(connection, collection.docs_table, asset_id)
        if gone:
            collections.doubt_profile(connection, owner, collection_id)
            collections.count(connection, collection, -gone)
            chores.ask(connection, owner, PROPOSE)
