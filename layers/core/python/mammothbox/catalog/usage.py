"""What an owner has and takes up. It is counted when it is asked for: a third of a second at
200,000 assets, where counters kept by every worker would make them wait for each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mammothbox.catalog import captions
from mammothbox.catalog.connection import Connection
from mammothbox.tagging.budget import Used


@dataclass(frozen=True)
class Volume:
    """How many there are of something, and their bytes."""

    objects: int
    bytes: int


@dataclass(frozen=True)
class Sort:
    """Assets of one kind in one state, in the trash or not. Of no kind as long as it is unknown."""

    kind: str | None
    status: str
    trashed: bool
    objects: int
    bytes: int


@dataclass(frozen=True)
class Vectors:
    """How many vectors there are in a space."""

    space: str
    state: str
    vectors: int


@dataclass(frozen=True)
class Usage:
    """What an owner has. `originals` counts bytes once that several assets share."""

    owner: str
    sorts: list[Sort]
    originals: Volume
    derivatives: Volume
    copies: Volume
    vectors: list[Vectors]
    collections: int
    documents: int
    tokens: Used


_SORTS = (
    "SELECT kind, status, trashed_at IS NOT NULL AS trashed, count(*) AS objects,"
    " coalesce(sum(size_bytes), 0)::bigint AS bytes FROM asset"
    " WHERE owner = %(owner)s AND purging_at IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
_VOLUME = "SELECT count(*) AS objects, coalesce(sum({}), 0)::bigint AS bytes FROM "
_ORIGINALS = (
    _VOLUME.format("size_bytes") + "asset_raw WHERE owner = %(owner)s AND observed_at IS NOT NULL"
)
_DERIVATIVES = _VOLUME.format("size_bytes") + "derivative WHERE owner = %(owner)s"
_COPIES = (
    _VOLUME.format("a.size_bytes")
    + "placement p JOIN asset a ON a.owner = p.owner AND a.id = p.asset_id"
    " WHERE p.owner = %(owner)s AND p.state = 'placed'"
)
_VECTORS = (
    "SELECT s.name AS space, s.state, v.vectors FROM embedding_space s JOIN ("
    "SELECT space_id, count(*) AS vectors FROM embedding WHERE owner = %(owner)s"
    " GROUP BY space_id) v ON v.space_id = s.id ORDER BY s.name"
)
_DOCUMENTS = (
    "SELECT count(*) AS collections, coalesce(sum(documents), 0)::bigint AS documents"
    " FROM collection WHERE owner = %(owner)s"
)


def of_owner(connection: Connection, owner: str, today: date) -> Usage:
    """What the owner has now, and the tokens of the day and of its month."""
    values = {"owner": owner}
    # All are sent before the first is read.
    sorts, originals, derivatives, copies, vectors, documents = (
        connection.execute(statement, values)
        for statement in (
            _SORTS,
            _ORIGINALS,
            _DERIVATIVES,
            _COPIES,
            _VECTORS,
            _DOCUMENTS,
        )
    )
    return Usage(
        owner=owner,
        sorts=[Sort(**row) for row in sorts.fetchall()],
        originals=Volume(**originals.fetchall()[0]),
        derivatives=Volume(**derivatives.fetchall()[0]),
        copies=Volume(**copies.fetchall()[0]),
        vectors=[Vectors(**row) for row in vectors.fetchall()],
        tokens=captions.used(connection, owner, today),
        **documents.fetchall()[0],
    )
