"""Building an edition of an owner's clusters beside the one in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.memberships import Place

_HEIRS = "unnest(%(old)s::uuid[], %(new)s::uuid[])"


@dataclass(frozen=True)
class Home:
    """Where a hand put or held an asset that has been in no edition since."""

    cluster_id: UUID
    pinned: bool
    joined_at: datetime


@dataclass(frozen=True)
class Shared:
    """How many members an old cluster and a new one have in common, and whether a hand named the
    old one."""

    old: UUID
    new: UUID
    members: int
    named: bool


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
        "INSERT INTO joined (owner, edition, asset_id, cluster_id, similarity, threshold,"
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
        "SELECT FROM joined m WHERE m.owner = e.owner AND m.edition = %(edition)s"
        " AND m.asset_id = e.asset_id) ORDER BY e.asset_id LIMIT %(limit)s",
        {**vars(place), "after": after, "limit": limit},
    ).fetchall()
    return [row["asset_id"] for row in rows]


def homes(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> dict[UUID, Home]:
    """Where a hand had these assets before they were in no cluster for lack of a vector."""
    rows = connection.execute(
        "SELECT wanted.id AS asset_id, past.cluster_id, past.pinned, past.joined_at"
        " FROM unnest(%(ids)b::uuid[]) AS wanted (id) CROSS JOIN LATERAL ("
        "SELECT m.cluster_id, m.pinned, m.joined_at FROM clustering k"
        # One by one: an edition that is not swept away yet may have a million members.
        " CROSS JOIN LATERAL generate_series(1, k.edition - 1) AS past (edition)"
        " JOIN joined m ON m.owner = k.owner AND m.edition = past.edition"
        "  AND m.asset_id = wanted.id"
        " JOIN cluster c ON c.owner = m.owner AND c.id = m.cluster_id"
        # Where it joined: a hand that merged that has held it, and a machine holds nothing.
        " WHERE k.owner = %(owner)s AND (m.pinned OR m.joined_at <= c.held_at)"
        " AND NOT EXISTS (SELECT FROM joined now WHERE now.owner = k.owner"
        "  AND now.edition = k.edition AND now.asset_id = m.asset_id)"
        " ORDER BY m.edition DESC LIMIT 1) past",
        {"owner": owner, "ids": list(asset_ids)},
        prepare=True,
    ).fetchall()
    return {row.pop("asset_id"): Home(**row) for row in rows}


def shared(connection: Connection, old: Place, new: Place) -> list[Shared]:
    """What old and new clusters have in common, the most first."""
    rows = connection.execute(
        "SELECT s.old, s.new, s.members, c.name_source = 'hand' AS named FROM ("
        "SELECT o.cluster_id AS old, n.cluster_id AS new, count(*) AS members"
        " FROM membership o JOIN membership n ON n.owner = o.owner AND n.asset_id = o.asset_id"
        " AND n.edition = %(new)s WHERE o.owner = %(owner)s AND o.edition = %(edition)s"
        " GROUP BY o.cluster_id, n.cluster_id) s"
        " JOIN cluster c ON c.owner = %(owner)s AND c.id = s.old"
        " ORDER BY s.members DESC, s.old, s.new",
        {**vars(old), "new": new.edition},
    ).fetchall()
    return [Shared(**row) for row in rows]


def in_both(connection: Connection, old: Place, new: Place, pair: Shared) -> list[UUID]:
    """The members that the pair has in common, but for those that a hand put into the new one."""
    rows = connection.execute(
        "SELECT o.asset_id FROM membership o JOIN membership n ON n.owner = o.owner"
        " AND n.asset_id = o.asset_id AND n.edition = %(new_edition)s"
        " AND n.cluster_id = %(new)s AND NOT n.pinned WHERE o.owner = %(owner)s"
        " AND o.edition = %(edition)s AND o.cluster_id = %(old)s ORDER BY o.asset_id",
        {**vars(old), "new_edition": new.edition, "old": pair.old, "new": pair.new},
    ).fetchall()
    return [row["asset_id"] for row in rows]


def in_others(connection: Connection, place: Place, cluster_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these clusters have members in the other edition that is in force or being built."""
    rows = connection.execute(
        "SELECT s.cluster_id FROM clustering k JOIN cluster_shape s ON s.owner = k.owner"
        " AND s.edition IN (k.edition, k.building) WHERE k.owner = %(owner)s"
        " AND s.edition <> %(edition)s AND s.size > 0 AND s.cluster_id = ANY(%(ids)s)",
        {**vars(place), "ids": list(cluster_ids)},
    ).fetchall()
    return {row["cluster_id"] for row in rows}


def peopled(connection: Connection, place: Place, cluster_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these clusters have members in the edition."""
    rows = connection.execute(
        "SELECT cluster_id FROM cluster_shape WHERE owner = %(owner)s AND edition = %(edition)s"
        " AND size > 0 AND cluster_id = ANY(%(ids)s)",
        {**vars(place), "ids": list(cluster_ids)},
    ).fetchall()
    return {row["cluster_id"] for row in rows}


def opened_before(connection: Connection, place: Place, cluster_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these clusters the edition did not open: others know them, too."""
    rows = connection.execute(
        "SELECT id FROM unnest(%(ids)s::uuid[]) AS found (id) WHERE EXISTS ("
        "SELECT FROM cluster_shape s WHERE s.owner = %(owner)s AND s.cluster_id = found.id"
        " AND s.edition <> %(edition)s) OR EXISTS (SELECT FROM joined m"
        " WHERE m.owner = %(owner)s AND m.cluster_id = found.id AND m.edition <> %(edition)s)",
        {**vars(place), "ids": list(cluster_ids)},
    ).fetchall()
    return {row["id"] for row in rows}


def take_identities(connection: Connection, place: Place, heirs: Mapping[UUID, UUID]) -> None:
    """New clusters, by the old ones, become the next form of these: ids and names stay.

    All at once: for each by itself all members of the edition would be looked through.
    """
    values = {**vars(place), "old": list(heirs), "new": list(heirs.values())}
    for statement in (
        # It was carried over, and nothing of it is in this edition.
        "DELETE FROM cluster_shape WHERE owner = %(owner)s AND edition = %(edition)s"
        " AND cluster_id = ANY(%(old)s) AND size = 0",
        "UPDATE joined j SET cluster_id = coalesce(own.old, j.cluster_id),"
        " runner_up = coalesce(other.old, j.runner_up) FROM joined m"
        " LEFT JOIN " + _HEIRS + " AS own (old, new) ON own.new = m.cluster_id"
        " LEFT JOIN " + _HEIRS + " AS other (old, new) ON other.new = m.runner_up"
        " WHERE m.owner = %(owner)s AND m.edition = %(edition)s AND j.owner = m.owner"
        " AND j.edition = m.edition AND j.asset_id = m.asset_id"
        " AND (own.old IS NOT NULL OR other.old IS NOT NULL)",
        "UPDATE cluster_shape s SET cluster_id = heir.old FROM " + _HEIRS + " AS heir (old, new)"
        " WHERE s.owner = %(owner)s AND s.edition = %(edition)s AND s.cluster_id = heir.new",
        "UPDATE cluster c SET merged_into = heir.old FROM " + _HEIRS + " AS heir (old, new)"
        " WHERE c.owner = %(owner)s AND c.merged_into = heir.new",
        "DELETE FROM cluster WHERE owner = %(owner)s AND id = ANY(%(new)s)",
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
    """Remove some of what belongs to no edition any more; whether that was all.

    Where a hand had an asset that is in no cluster now stays on record: it may come back.
    """
    gone = connection.execute(
        "DELETE FROM joined WHERE (owner, edition, asset_id) IN (SELECT m.owner, m.edition,"
        " m.asset_id FROM joined m JOIN clustering k ON k.owner = m.owner"
        " JOIN cluster c ON c.owner = m.owner AND c.id = m.cluster_id"
        " WHERE m.owner = %s AND m.edition <> k.edition"
        " AND m.edition IS DISTINCT FROM k.building"
        " AND NOT (m.edition < k.edition AND (m.pinned OR m.joined_at <= c.held_at IS TRUE)"
        "  AND NOT EXISTS (SELECT FROM joined now WHERE now.owner = m.owner"
        "  AND now.asset_id = m.asset_id AND now.edition = k.edition)) LIMIT %s) RETURNING 1",
        [owner, limit],
    ).fetchall()
    if len(gone) == limit:
        return False
    connection.execute(
        "DELETE FROM cluster_shape s USING clustering c WHERE s.owner = %s AND c.owner = s.owner"
        " AND s.edition <> c.edition AND s.edition IS DISTINCT FROM c.building",
        [owner],
    )
    # Opened for an edition that was given up. In no list, they would keep their names for ever.
    connection.execute(
        "DELETE FROM cluster c WHERE c.owner = %(owner)s AND c.status <> 'merged'"
        " AND c.name_source = 'machine' AND c.held_at IS NULL"
        " AND NOT EXISTS (SELECT FROM cluster_shape s"
        "  WHERE s.owner = c.owner AND s.cluster_id = c.id)"
        " AND NOT EXISTS (SELECT FROM joined m"
        "  WHERE m.owner = c.owner AND m.cluster_id = c.id)"
        " AND NOT EXISTS (SELECT FROM cluster d"
        "  WHERE d.owner = c.owner AND d.merged_into = c.id)"
        " AND NOT EXISTS (SELECT FROM decision d"
        "  WHERE d.owner = c.owner AND d.cluster_ids @> ARRAY[c.id])",
        {"owner": owner},
    )
    return True
