"""Links: pairs of assets of which a hand said that they must, or must not, share a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Link:
    """`kind` is must or cannot."""

    id: UUID
    kind: str
    asset_a: UUID
    asset_b: UUID


@dataclass(frozen=True)
class Linked:
    """An asset that must, or must not, be with a given one, and the cluster it is in."""

    kind: str
    asset_id: UUID
    cluster_id: UUID | None


def insert(connection: Connection, owner: str, link: Link) -> None:
    """Put down a link; the pair has none yet."""
    connection.execute(
        "INSERT INTO link (owner, id, kind, asset_a, asset_b) VALUES (%s, %s, %s, %s, %s)",
        [
            owner,
            link.id,
            link.kind,
            min(link.asset_a, link.asset_b),
            max(link.asset_a, link.asset_b),
        ],
    )


def get(connection: Connection, owner: str, link_id: UUID) -> Link | None:
    """The link of that id."""
    row = connection.execute(
        "SELECT id, kind, asset_a, asset_b FROM link WHERE owner = %s AND id = %s",
        [owner, link_id],
    ).fetchone()
    return Link(**row) if row else None


def between(connection: Connection, owner: str, one: UUID, other: UUID) -> Link | None:
    """The link of that pair."""
    row = connection.execute(
        "SELECT id, kind, asset_a, asset_b FROM link"
        " WHERE owner = %s AND asset_a = %s AND asset_b = %s",
        [owner, min(one, other), max(one, other)],
    ).fetchone()
    return Link(**row) if row else None


def delete(connection: Connection, owner: str, link_id: UUID) -> None:
    """The pair is free again."""
    connection.execute("DELETE FROM link WHERE owner = %s AND id = %s", [owner, link_id])


def page(connection: Connection, owner: str, after: UUID | None, limit: int) -> list[Link]:
    """The links, newest first, from beyond `after`."""
    rows = connection.execute(
        "SELECT id, kind, asset_a, asset_b FROM link WHERE owner = %s"
        " AND (%s::uuid IS NULL OR id < %s) ORDER BY id DESC LIMIT %s",
        [owner, after, after, limit],
    ).fetchall()
    return [Link(**row) for row in rows]


def bound_to(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> list[UUID]:
    """These assets and all that must be with them, directly or through others."""
    rows = connection.execute(
        "WITH RECURSIVE bound AS (SELECT unnest(%(ids)s::uuid[]) AS id UNION"
        " SELECT CASE WHEN l.asset_a = b.id THEN l.asset_b ELSE l.asset_a END FROM bound b"
        " JOIN link l ON l.owner = %(owner)s AND l.kind = 'must'"
        " AND b.id IN (l.asset_a, l.asset_b))"
        " SELECT id FROM bound ORDER BY id",
        {"owner": owner, "ids": list(asset_ids)},
    ).fetchall()
    return [row["id"] for row in rows]


def of_asset(connection: Connection, owner: str, edition: int, asset_id: UUID) -> list[Linked]:
    """What the asset is linked to, with where that is."""
    rows = connection.execute(
        "SELECT l.kind, l.other AS asset_id, m.cluster_id FROM ("
        "SELECT kind, asset_b AS other FROM link WHERE owner = %(owner)s AND asset_a = %(id)s"
        " UNION ALL SELECT kind, asset_a FROM link WHERE owner = %(owner)s AND asset_b = %(id)s) l"
        " LEFT JOIN membership m ON m.owner = %(owner)s AND m.edition = %(edition)s"
        " AND m.asset_id = l.other ORDER BY l.other",
        {"owner": owner, "edition": edition, "id": asset_id},
        prepare=True,
    ).fetchall()
    return [Linked(**row) for row in rows]


def among(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> list[Link]:
    """The links that have both ends among these."""
    rows = connection.execute(
        "SELECT id, kind, asset_a, asset_b FROM link WHERE owner = %(owner)s"
        " AND asset_a = ANY(%(ids)s) AND asset_b = ANY(%(ids)s) ORDER BY id",
        {"owner": owner, "ids": list(asset_ids)},
    ).fetchall()
    return [Link(**row) for row in rows]


def parting(
    connection: Connection, owner: str, some: Sequence[UUID], others: Sequence[UUID]
) -> Link | None:
    """A link that forbids one of `some` to be with one of `others`."""
    row = connection.execute(
        "SELECT id, kind, asset_a, asset_b FROM link WHERE owner = %(owner)s AND kind = 'cannot'"
        " AND ((asset_a = ANY(%(some)s) AND asset_b = ANY(%(others)s))"
        " OR (asset_b = ANY(%(some)s) AND asset_a = ANY(%(others)s))) ORDER BY id LIMIT 1",
        {"owner": owner, "some": list(some), "others": list(others)},
    ).fetchone()
    return Link(**row) if row else None


def parting_clusters(
    connection: Connection, owner: str, edition: int, cluster_ids: Sequence[UUID]
) -> Link | None:
    """A link that forbids members of these clusters to be in one."""
    row = connection.execute(
        "SELECT l.id, l.kind, l.asset_a, l.asset_b FROM link l"
        " JOIN membership a ON a.owner = l.owner AND a.edition = %(edition)s"
        " AND a.asset_id = l.asset_a AND a.cluster_id = ANY(%(ids)s)"
        " JOIN membership b ON b.owner = l.owner AND b.edition = %(edition)s"
        " AND b.asset_id = l.asset_b AND b.cluster_id = ANY(%(ids)s)"
        " WHERE l.owner = %(owner)s AND l.kind = 'cannot' ORDER BY l.id LIMIT 1",
        {"owner": owner, "edition": edition, "ids": list(cluster_ids)},
    ).fetchone()
    return Link(**row) if row else None


def groups(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> list[list[UUID]]:
    """The groups of those that must be together, of which these are some."""
    rows = connection.execute(
        "SELECT asset_a, asset_b FROM link WHERE owner = %(owner)s AND kind = 'must'"
        " AND (asset_a = ANY(%(ids)s) OR asset_b = ANY(%(ids)s)) ORDER BY asset_a, asset_b",
        {"owner": owner, "ids": list(asset_ids)},
    ).fetchall()
    seen: set[UUID] = set()
    found = []
    for row in rows:
        if row["asset_a"] not in seen:
            group = bound_to(connection, owner, [row["asset_a"]])
            seen.update(group)
            found.append(group)
    return found
