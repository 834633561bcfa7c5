"""Fields that name documents of another collection: by what they are called, and by the data."""

from __future__ import annotations

import math

from mammothbox.catalog import collections, document_tables
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.documents import profile
from mammothbox.documents.design import ForeignKey
from mammothbox.documents.keys import key_candidates, references, refers_to
from mammothbox.documents.naming import slug
from mammothbox.documents.pointers import Path
from mammothbox.documents.profile import Profile

# Of a field so many different values are looked up in the other collection.
_LOOKED_UP = 200
_LEAST_CONTAINED = 0.9
# Coarse, so that a proposal does not change with every document.
_STEPS = 20
_OTHERS = 500


def foreign_keys(
    connection: Connection, collection: Collection, known: Profile
) -> tuple[ForeignKey, ...]:
    """Every field called like another collection whose values are nearly all found there."""
    wanted = [(path, refers_to(path)) for path in references(known)]
    if not wanted:
        return ()
    others = {
        slug(other.name): other
        for other in collections.page(connection, collection.owner, None, _OTHERS)
        if other.id != collection.id and other.profile is not None
    }
    found = []
    for path, thing in wanted:
        other = next((others[name] for name in _names(thing or "") if name in others), None)
        key = _key_of(other) if other else None
        if other is None or key is None:
            continue
        share = document_tables.share_contained(
            connection,
            collection.docs_table,
            path,
            other_table=other.docs_table,
            other_path=key,
            most=_LOOKED_UP,
        )
        if share >= _LEAST_CONTAINED:
            contained = math.floor(share * _STEPS) / _STEPS
            found.append(ForeignKey(path, other.name, key, contained))
    return tuple(found)


def _names(thing: str) -> tuple[str, ...]:
    """What a collection of these may be called."""
    plural = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return thing, plural, f"{thing}es"


def _key_of(other: Collection) -> Path | None:
    candidates = key_candidates(profile.from_json(other.profile)) if other.profile else ()
    return candidates[0] if candidates else None
