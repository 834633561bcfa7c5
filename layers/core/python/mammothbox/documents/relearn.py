"""A collection's profile made anew from its documents, after some of them were taken away."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from mammothbox.catalog import collections, document_tables
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.documents import profile
from mammothbox.documents.parsing import parse
from mammothbox.documents.profile import Profile
from mammothbox.documents.values import JsonValue

# Nobody adds documents meanwhile. Of a larger collection the profile counts what is gone, too.
_MOST_DOCUMENTS = 1_000_000
_AT_ONCE = 5_000


def relearn(connection: Connection, collection: Collection) -> Profile | None:
    """Look at every document again and put down what is found; `None` when there are none.

    After `collections.rebuild`.
    """
    if collection.documents > _MOST_DOCUMENTS and collection.profile is not None:
        return profile.from_json(collection.profile)
    found = profile.profile_of(_values(connection, collection))
    if not found.documents:
        collections.forget_profile(connection, collection)
        return None
    collections.set_profile(connection, collection, profile.to_json(found))
    return found


def _values(connection: Connection, collection: Collection) -> Iterator[JsonValue]:
    after: UUID | None = None
    while True:
        some = document_tables.texts(connection, collection, after, _AT_ONCE)
        yield from (parse(text) for _, text in some)
        if len(some) < _AT_ONCE:
            return
        after = some[-1][0]
