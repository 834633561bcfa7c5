"""Which collection documents belong to: the one that was named, or the one they look like."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from mammothbox.catalog import collections, document_tables
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection, Database
from mammothbox.documents.naming import docs_table_name
from mammothbox.documents.structure import generated_name, key_paths, similarity
from mammothbox.documents.values import JsonValue
from mammothbox.ids import new_id
from mammothbox.settings import DocumentSettings
from mammothbox.storage.keys import name_as_kept

# So many collections are compared at the most; an owner with more of them should name them.
_COMPARED = 300


def collect(
    database: Database, asset: Asset, sample: Sequence[JsonValue], settings: DocumentSettings
) -> Collection:
    """The collection for documents like `sample`; it is opened if there is none."""
    with database.transaction() as connection:
        found = _find(connection, asset, sample, settings)
    if found is not None:
        return found
    with database.transaction() as connection:
        collections.open_one_at_a_time(connection, asset.owner)
        return _find(connection, asset, sample, settings) or _open(connection, asset, sample)


def _find(
    connection: Connection, asset: Asset, sample: Sequence[JsonValue], settings: DocumentSettings
) -> Collection | None:
    if asset.collection is not None:
        return collections.by_name(connection, asset.owner, name_as_kept(asset.collection))
    paths = key_paths(sample)
    alike = [
        (similarity(paths, frozenset(one.key_paths)), -one.created_at.timestamp(), one.id, one)
        for one in collections.of_structure(connection, asset.owner, _COMPARED)
    ]
    best = max(alike, default=None)
    if best is None or best[0] < settings.same_structure:
        return None
    return best[-1]


def _open(connection: Connection, asset: Asset, sample: Sequence[JsonValue]) -> Collection:
    paths = key_paths(sample)
    if asset.collection is not None:
        return _make(connection, asset.owner, name_as_kept(asset.collection), "named", paths)
    wanted = generated_name(paths, asset.filename)
    names = (wanted if n == 1 else f"{wanted}-{n}" for n in count(1))
    name = next(
        name for name in names if collections.by_name(connection, asset.owner, name) is None
    )
    return _make(connection, asset.owner, name, "structure", paths)


def _make(
    connection: Connection, owner: str, name: str, origin: str, paths: frozenset[str]
) -> Collection:
    collection_id = new_id()
    table = docs_table_name(name, collection_id)
    collections.insert(
        connection,
        owner,
        collection_id,
        name=name,
        origin=origin,
        key_paths=sorted(paths),
        docs_table=table,
    )
    document_tables.create(connection, owner, name, table)
    made = collections.get(connection, owner, collection_id)
    if made is None:
        raise LookupError(f"the collection {collection_id} was not made")
    return made
