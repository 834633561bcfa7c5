"""A collection's profile made anew from its documents, after some of them were taken away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from mammothbox.catalog import collections, document_tables, schema_defs
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.documents import profile
from mammothbox.documents.fields import MOST_VALUES, Field
from mammothbox.documents.parsing import parse
from mammothbox.documents.profile import Profile
from mammothbox.documents.values import JsonValue
from mammothbox.settings import GIBIBYTE, MEBIBYTE

# Nobody adds documents meanwhile. Of a larger collection the profile counts what is gone, too.
_MOST_DOCUMENTS = 1_000_000
_MOST_BYTES = GIBIBYTE
_BYTES_AT_ONCE = 16 * MEBIBYTE
_MOST_AT_ONCE = 5_000


def relearn(connection: Connection, collection: Collection) -> None:
    """Look at every document again and put down what is found, if they are not too many.

    The proposal that waits tells what is there now. After `collections.rebuild`.
    """
    size = document_tables.size(connection, collection.docs_table)
    is_large = collection.documents > _MOST_DOCUMENTS or size > _MOST_BYTES
    if is_large and collection.profile is not None:
        untold = _without_values(profile.from_json(collection.profile))
        collections.set_profile(connection, collection, profile.to_json(untold), stale=True)
        return
    of_one = size // max(collection.documents, 1) + 1
    at_once = min(max(_BYTES_AT_ONCE // of_one, 1), _MOST_AT_ONCE)
    found = profile.profile_of(_values(connection, collection, at_once))
    if not found.documents:
        collections.forget_profile(connection, collection)
        return
    collections.set_profile(connection, collection, profile.to_json(found))
    waiting = schema_defs.waiting(connection, collection.owner, collection.id)
    if waiting is not None:
        schema_defs.set_profile(connection, waiting, profile.shown(found))


def _without_values(known: Profile) -> Profile:
    """Decides as before: that takes the ends of numbers, and whether the values are few."""
    return replace(known, fields={path: _untold(one) for path, one in known.fields.items()})


def _untold(known: Field) -> Field:
    is_few = known.values is not None and known.distinct <= MOST_VALUES
    lists = known.lists
    if lists and lists.elements:
        lists = replace(lists, elements=_without_values(lists.elements))
    return replace(known, values={} if is_few else None, examples=(), lists=lists)


def _values(connection: Connection, collection: Collection, at_once: int) -> Iterator[JsonValue]:
    after: UUID | None = None
    while True:
        some = document_tables.texts(connection, collection, after, at_once)
        yield from (parse(text) for _, text in some)
        if len(some) < at_once:
            return
        after = some[-1][0]
