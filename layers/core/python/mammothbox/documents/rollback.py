"""The end of a table that was rolled back: its collection is JSONB again."""

from __future__ import annotations

from mammothbox.announcing import announce_schema
from mammothbox.catalog import chores, collections, schema_defs, typed_tables
from mammothbox.catalog.connection import Database
from mammothbox.documents.chore_names import PROVE


def undo(database: Database, owner: str) -> bool:
    """Drop the owner's oldest table that is to go; whether there was none.

    At one stroke: cut short, it has not happened and is done by the next run. The documents are
    not touched.
    """
    with database.transaction() as connection:
        definition = schema_defs.busy(connection, owner, "undoing")
    if definition is None:
        return True
    with database.transaction() as connection:
        collections.rebuild(connection, definition.collection_id)
        collections.lock(connection, owner, definition.collection_id)
        now = schema_defs.lock(connection, owner, definition.id)
        if now is None or now.status != "undoing":
            return False
        if now.table_name is not None:
            typed_tables.drop(connection, now.table_name)
        schema_defs.move(connection, now, "rolled_back")
        announce_schema(connection, now, "rolled_back")
        schema_defs.forget_displaced(connection, owner, now.collection_id)
        if schema_defs.prove_again(connection, owner, now.collection_id):
            chores.ask(connection, owner, PROVE)
    return False
