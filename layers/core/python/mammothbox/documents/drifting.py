"""How far a collection's documents are from those that its schema was made for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from mammothbox.catalog import schema_defs
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.documents import design as designs
from mammothbox.documents import drift, profile
from mammothbox.documents.drift import Drift
from mammothbox.documents.profile import Field, Profile


def drift_of(connection: Connection, collection: Collection) -> tuple[UUID, Drift] | None:
    """The schema that documents are held against, and how they differ; `None` without one.

    It is the one in force or, before any was approved, the one that waits.
    """
    owner, collection_id = collection.owner, collection.id
    against = schema_defs.in_force(connection, owner, collection_id) or schema_defs.waiting(
        connection, owner, collection_id
    )
    if against is None:
        return None
    table = designs.from_json(against.design) if against.design else None
    now = profile.from_json(collection.profile) if collection.profile else Profile()
    return against.id, drift.report(table, _as_counted(against.profile), now)


def _as_counted(shown: Mapping[str, Any]) -> Profile:
    """As much of a profile that was kept for people as a drift is told from: the counts."""
    return Profile(
        documents=shown["documents"],
        not_objects=shown["not_objects"],
        fields={tuple(one["path"]): Field(one["counts"]) for one in shown["fields"]},
        max_depth=shown["max_depth"],
        skipped=shown["skipped"],
    )
