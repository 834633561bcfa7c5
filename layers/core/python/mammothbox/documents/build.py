"""The table of an approved proposal: made at one stroke, then filled piece by piece.

Each piece is a transaction that also puts down how far the table is filled, so a run that is cut
short goes on where it stopped. From the first stroke on, new documents get their typed rows in
the transaction that stores them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from mammothbox.announcing import announce_schema
from mammothbox.catalog import chores, collections, schema_defs, table_ddl, typed_tables
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.schema_defs import BEGINNING, SchemaDef
from mammothbox.documents.chore_names import BUILD, PROVE
from mammothbox.documents.pieces import Pieces
from mammothbox.errors import Permanent

# What the last piece may still take.
_SPARE_S = 10


def build(database: Database, owner: str, time_left: Callable[[], float]) -> bool:
    """Make and fill the owner's oldest table that was approved; whether there was none.

    A table whose statements are not those that were approved, or cannot be run, fails with the
    reason; what it was to replace is filled again then.
    """
    with database.transaction() as connection:
        definition = schema_defs.busy(connection, owner, "building")
    if definition is None:
        return True
    if definition.filled_to is None:
        _make(database, definition)
    pieces = Pieces()
    while time_left() > _SPARE_S:
        began = time.monotonic()
        if _fill_a_piece(database, definition, pieces.most):
            _finish(database, definition)
            return False
        pieces.took(time.monotonic() - began)
    return False


def _make(database: Database, definition: SchemaDef) -> None:
    """At once: the table, its view, and that it is there."""
    try:
        with database.session() as connection, connection.transaction():
            now = _alone_with(connection, definition)
            if now is None or now.filled_to is not None:
                return
            if table_ddl.ddl_sha256(now.ddl) != now.ddl_sha256:
                raise Permanent("ddl_changed", "These are not the statements that were approved.")
            collection = collections.get(connection, now.owner, now.collection_id)
            documents = collection.documents if collection else 0
            typed_tables.make(connection, now, documents=documents)
            schema_defs.filled(connection, now, BEGINNING)
    except Permanent as error:
        _fail(database, definition, error)


def _fail(database: Database, definition: SchemaDef, error: Permanent) -> None:
    """Nothing was made. The table that was to be changed is as it was, but lacks what came."""
    with database.transaction() as connection:
        now = _alone_with(connection, definition)
        if now is None:
            return
        schema_defs.move(connection, now, "failed", error=f"{error.code}: {error.detail}")
        earlier = schema_defs.displaced(connection, now.owner, now.collection_id)
        if earlier is not None:
            schema_defs.move(connection, earlier, "building", filled_to=BEGINNING)
            chores.ask(connection, now.owner, BUILD)


def _fill_a_piece(database: Database, definition: SchemaDef, most: int) -> bool:
    """Whether that was the last one, or there is nothing to fill any more."""
    with database.transaction() as connection:
        # Documents may come meanwhile, but none may be erased.
        collections.add_to(connection, definition.collection_id)
        collection = collections.get(connection, definition.owner, definition.collection_id)
        now = schema_defs.lock(connection, definition.owner, definition.id)
        if collection is None or now is None or now.status != "building":
            return True
        table = typed_tables.of_schema(now, collection)
        if table is None or now.filled_to is None:
            return True
        piece = typed_tables.fill_behind(connection, table, now.filled_to, most)
        if piece.last is not None:
            schema_defs.filled(connection, now, piece.last)
    return piece.is_end


def _finish(database: Database, definition: SchemaDef) -> None:
    """The table is indexed and comes into force, if it still is to."""
    with database.session() as connection, connection.transaction():
        now = _alone_with(connection, definition)
        if now is None or now.filled_to is None:
            return
        typed_tables.complete(connection, now)
        schema_defs.move(connection, now, "active", filled_to=now.filled_to)
        announce_schema(connection, now, "active")
        schema_defs.forget_displaced(connection, now.owner, now.collection_id)
        if schema_defs.prove_again(connection, now.owner, now.collection_id):
            chores.ask(connection, now.owner, PROVE)


def _alone_with(connection: Connection, definition: SchemaDef) -> SchemaDef | None:
    """The schema as it is now if it is still being built, while nobody else touches it."""
    collections.rebuild(connection, definition.collection_id)
    collections.lock(connection, definition.owner, definition.collection_id)
    now = schema_defs.lock(connection, definition.owner, definition.id)
    return now if now is not None and now.status == "building" else None
