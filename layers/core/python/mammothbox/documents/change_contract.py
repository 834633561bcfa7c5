"""What is to become of documents that do not fit their schema, as a person decides."""

from __future__ import annotations

from mammothbox.catalog import chores, collections, lineage
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.lineage import Entry
from mammothbox.documents.chore_names import PROPOSE
from mammothbox.documents.proposals import By


def change_contract(connection: Connection, by: By, collection: Collection, contract: str) -> None:
    """Put another contract in the place of the collection's, and let its schema be thought about.

    Under another contract documents that are there already may call for another table.
    """
    if contract == collection.contract:
        return
    collections.set_contract(connection, collection, contract)
    # No document more and none less, but a reason to look at all of them again.
    collections.count(connection, collection, 0)
    chores.ask(connection, collection.owner, PROPOSE)
    detail = {
        "collection_id": str(collection.id),
        "before": collection.contract,
        "contract": contract,
    }
    lineage.record(
        connection,
        Entry(
            owner=by.owner,
            request_id=by.request_id,
            event="collection.contract_changed",
            actor=by.actor,
            detail=detail,
        ),
    )
