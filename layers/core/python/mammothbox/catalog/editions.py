"""Building an edition of an owner's clusters beside the one in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.memberships import Place


@dataclass(frozen=True)
class Shared:
    """How many members an old cluster and a new one have in common."""

    old: UUID
    new: UUID
    members: int


def carried(connection: Connection, old: Place, after: UUID | None, limit: int) -> list[UUID]:
    """Clusters with members that a hand put or held there, by id, from beyond `after`."""
    rows = connection.execute(
        "SELECT c.id FROM cluster c WHERE c.owner = %(owner)s"
        " AND (%(after)s::uuid IS NULL OR c.id > %(after)s) AND c.status <> 'merged'"
        " AND EXISTS (SELECT FROM membership m WHERE m.owner = c.owner"
        " AND m.edition = %(edition)s AND m.cluster_id = c.id"
        " AND (m.pinned OR m.joined_at <= c.held_at)) ORDER BY c.id LIMIT %(limit)s",
        {**vars(old), "after": after, "limit": limit},
    ).fetchall()
    return [row["id"] for row in rows]


def carry(
    connection: Connection, old: Place, new: Place, cluster_id: UUID, *, threshold: float
) -> list[UUID]:
    """Take a cluster over with what a hand put or held there; returns those members.

    In another space the threshold is a new one: what was measured there says nothing here.
    """
    values = {
        **vars(new),
        "old": old.edition,
        "old_space": old.space_id,
        "cluster_id": cluster_id,
        "threshold": threshold,
    }
    connection.execute(
        "INSERT INTO cluster_shape (owner, edition, cluster_id, size, total, threshold,"
        " threshold_source) SELECT owner, %(edition)s, cluster_id, 0, '{}',"
        " CASE WHEN %(old_space)s = %(space_id)s THEN threshold ELSE %(threshold)s END,"
        " CASE WHEN %(old_space)s = %(space_id)s THEN threshold_source ELSE 'space' END"
        " FROM cluster_shape WHERE owner = %(owner)s AND edition = %(old)s"
        " AND cluster_id = %(cluster_id)s ON CONFLICT DO NOTHING",
        values,
    )
    rows = connection.execute(
        "INSERT INTO membership (owner, edition, asset_id, cluster_id, similarity, threshold,"
        " runner_up, runner_up_similarity, pinned, joined_at)"
        " SELECT m.owner, %(edition)s, m.asset_id, m.cluster_id, m.similarity, m.threshold,"
        " m.runner_up, m.runner_up_similarity, m.pinned, m.joined_at FROM membership m"
        " JOIN cluster c ON c.owner = m.owner AND c.id = m.cluster_id"
        " JOIN embedding e ON e.owner = m.owner AND e.asset_id = m.asset_id"
        " AND e.space_id = %(space_id)s AND e.frame = 0"
        " WHERE m.owner = %(owner)s AND m.edition = %(old)s AND m.cluster_id = %(cluster_id)s"
        " AND (m.pinned OR m.joined_at <= c.held_at) ON CONFLICT DO NOTHING RETURNING asset_id",
        values,
    ).fetchall()
    return [row["asset_id"] for row in rows]


def missing(connection: Connection, place: Place, after: UUID | None, limit: int) -> list[UUID]:
    """Assets with a vector in the space that are in no cluster of the edition, by id."""
    rows = connection.execute(
        "SELECT e.asset_id FROM embedding e JOIN asset a ON a.owner = e.owner"
        " AND a.id = e.asset_id WHERE e.owner = %(owner)s AND e.space_id = %(space_id)s"
        " AND e.frame = 0 AND a.purging_at IS NULL"
        " AND (%(after)s::uuid IS NULL OR e.asset_id > %(after)s) AND NOT EXISTS ("
        "SELECT FROM membership m WHERE m.owner = e.owner AND m.edition = %(edition)s"
        " AND m.asset_id = e.asset_id) ORDER BY e.asset_id LIMIT %(limit)s",
        {**vars(place), "after": after, "limit": limit},
    ).fetchall()
    return [row["asset_id"] for row in rows]


def shared(connection: Connection, old: Place, new: Place) -> list[Shared]:
    """What old and new clusters have in common, the most first."""
    rows = connection.execute(
        "SELECT o.cluster_id AS old, n.cluster_id AS new, count(*) AS members"
        " FROM membership o JOIN membership n ON n.owner = o.owner AND n.asset_id = o.asset_id"
        " AND n.edition = %(new)s WHERE o.owner = %(owner)s AND o.edition = %(edition)s"
        " GROUP BY o.cluster_id, n.cluster_id ORDER BY members DESC, old, new",
        {**vars(old), "new": new.edition},
    ).fetchall()
    return [Shared(**row) for row in rows]


def take_identity(connection: Connection, place: Place, *, of: UUID, by: UUID) -> None:
    """A new cluster becomes the next form of an old one: its id and its name stay."""
    values = {**vars(place), "old": of, "new": by}
    for statement in (
        "UPDATE membership SET cluster_id = %(old)s WHERE owner = %(owner)s"
        " AND edition = %(edition)s AND cluster_id = %(new)s",
        "UPDATE membership SET runner_up = %(old)s WHERE owner = %(owner)s"
        " AND edition = %(edition)s AND runner_up = %(new)s",
        "UPDATE cluster_shape SET cluster_id = %(old)s WHERE owner = %(owner)s"
        " AND edition = %(edition)s AND cluster_id = %(new)s",
        "UPDATE cluster SET merged_into = %(old)s WHERE owner = %(owner)s"
        " AND merged_into = %(new)s",
        "DELETE FROM cluster WHERE owner = %(owner)s AND id = %(new)s",
    ):
        connection.execute(statement, values)


def keep_thresholds(connection: Connection, old: Place, new: Place) -> None:
    """A threshold that a hand set holds in the next edition, if that is in the same space."""
    if old.space_id == new.space_id:
        connection.execute(
            "UPDATE cluster_shape n SET threshold = o.threshold, threshold_source = 'hand'"
            " FROM cluster_shape o WHERE n.owner = %(owner)s AND n.edition = %(new)s"
            " AND o.owner = n.owner AND o.edition = %(edition)s AND o.cluster_id = n.cluster_id"
            " AND o.threshold_source = 'hand'",
            {**vars(old), "new": new.edition},
        )


def lead_on(connection: Connection, owner: str, lost: Sequence[UUID], to: Sequence[UUID]) -> None:
    """Clusters that are no more lead to those that have most of their members."""
    connection.execute(
        "UPDATE cluster c SET status = 'merged', merged_into = way.into_id, updated_at = now()"
        " FROM unnest(%(lost)s::uuid[], %(to)s::uuid[]) AS way (id, into_id)"
        " WHERE c.owner = %(owner)s AND c.id = way.id AND c.status <> 'merged'",
        {"owner": owner, "lost": list(lost), "to": list(to)},
    )


def sweep_away(connection: Connection, owner: str, limit: int) -> bool:
    """Remove some of what belongs to no edition any more; whether that was all."""
    gone = connection.execute(
        "DELETE FROM membership WHERE (owner, edition, asset_id) IN (SELECT m.owner, m.edition,"
        " m.asset_id FROM membership m JOIN clustering c ON c.owner = m.owner"
        " WHERE m.owner = %s AND m.edition <> c.edition"
        " AND m.edition IS DISTINCT FROM c.building LIMIT %s) RETURNING 1",
        [owner, limit],
    ).fetchall()
    if len(gone) == limit:
        return False
    connection.execute(
        "DELETE FROM cluster_shape s USING clustering c WHERE s.owner = %s AND c.owner = s.owner"
        " AND s.edition <> c.edition AND s.edition IS DISTINCT FROM c.building",
        [owner],
    )
    return True
