"""Collections as they are listed: with the schema that stands for each, without their profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.hidden_documents import GONE, IS_COPY, IS_GONE


@dataclass(frozen=True)
class Listed:
    """A collection, where it is queried, and what is proposed for it.

    `documents` are those that a query may find: none of what is in the trash.
    """

    id: UUID
    name: str
    origin: str
    storage: str
    documents: int
    contract: str
    active_schema: UUID | None
    waiting_schema: UUID | None
    created_at: datetime


@dataclass(frozen=True)
class RefusedDocument:
    """A document that could not be kept: its asset, its place in the file, and why."""

    asset_id: UUID
    filename: str | None
    part: int
    position: int
    code: str
    detail: str


_PARTS = " JOIN document_part p ON p.owner = a.owner AND p.asset_id = a.id"
# Documents that no query finds are counted, which are few, and not those that are there. What is
# gone is looked for once; copies in those collections only that have some.
_GONE = " UNION ".join(
    "SELECT p.collection_id, p.asset_id, p.part, p.documents FROM asset a"
    + _PARTS
    + " AND p.collection_id = ANY(ARRAY(SELECT id FROM listed))"
    " WHERE a.owner = %(owner)s AND a.kind = 'json' AND " + is_gone
    for is_gone in GONE
)
_COPIES = (
    "SELECT sum(p.documents)::bigint AS documents FROM asset a"
    + _PARTS
    + " WHERE c.has_copies AND p.owner = %(owner)s AND p.collection_id = c.id AND "
    + IS_COPY
    + " AND NOT "
    + IS_GONE
)
# At most one schema of a collection is in force, and one waits: indexes see to that.
_SELECT = (
    "), unseen AS (SELECT collection_id, sum(documents)::bigint AS documents"
    " FROM (" + _GONE + ") gone GROUP BY 1)"
    " SELECT c.id, c.name, c.origin, coalesce(f.storage, 'jsonb') AS storage,"
    " c.documents - coalesce(u.documents, 0) - coalesce(copies.documents, 0) AS documents,"
    " c.contract, f.id AS active_schema, w.id AS waiting_schema, c.created_at FROM listed c"
    " LEFT JOIN unseen u ON u.collection_id = c.id"
    " LEFT JOIN schema_def f ON f.owner = c.owner AND f.collection_id = c.id"
    " AND f.status = 'active' LEFT JOIN schema_def w ON w.owner = c.owner"
    " AND w.collection_id = c.id AND w.status IN ('proving', 'provisional')"
    " LEFT JOIN LATERAL (" + _COPIES + ") copies ON true"
)
_LISTED = (
    "WITH listed AS MATERIALIZED (SELECT id, owner, name, origin, documents, has_copies, contract,"
    " created_at FROM collection WHERE owner = %(owner)s AND "
)


def page(connection: Connection, owner: str, after: str | None, limit: int) -> list[Listed]:
    """The owner's collections by name, behind `after`."""
    rows = connection.execute(
        _LISTED
        + "(%(after)s::text IS NULL OR name > %(after)s) ORDER BY name LIMIT %(limit)s"
        + _SELECT
        + " ORDER BY c.name",
        {"owner": owner, "after": after, "limit": limit},
    ).fetchall()
    return [Listed(**row) for row in rows]


def several(connection: Connection, owner: str, ids: Sequence[UUID]) -> dict[UUID, Listed]:
    """Those of these collections that there are."""
    rows = connection.execute(
        _LISTED + "id = ANY(%(ids)s)" + _SELECT, {"owner": owner, "ids": list(ids)}
    ).fetchall()
    return {row["id"]: Listed(**row) for row in rows}


def refused(
    connection: Connection,
    owner: str,
    collection_id: UUID,
    after: tuple[UUID, int, int] | None,
    limit: int,
) -> list[RefusedDocument]:
    """Documents of assets not in the trash, by asset and place, from beyond the place `after`."""
    asset_id, part, position = after or (None, None, None)
    rows = connection.execute(
        "SELECT r.asset_id, a.filename, r.part, r.position, r.code, r.detail FROM document_part p"
        " JOIN document_refusal r ON r.owner = p.owner AND r.asset_id = p.asset_id"
        " AND r.part = p.part JOIN asset a ON a.owner = p.owner AND a.id = p.asset_id"
        " WHERE p.owner = %(owner)s AND p.collection_id = %(collection)s"
        " AND (p.refused > 0 OR p.kept_out > 0)"
        " AND a.trashed_at IS NULL AND a.purging_at IS NULL AND (%(asset)s::uuid IS NULL OR"
        " (r.asset_id, r.part, r.position) > (%(asset)s, %(part)s::integer, %(position)s::bigint))"
        " ORDER BY r.asset_id, r.part, r.position LIMIT %(limit)s",
        {
            "owner": owner,
            "collection": collection_id,
            "asset": asset_id,
            "part": part,
            "position": position,
            "limit": limit,
        },
    ).fetchall()
    return [RefusedDocument(**row) for row in rows]
