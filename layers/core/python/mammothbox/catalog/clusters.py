"""Clusters: what stays of them whatever their members are, and where they lie in a space."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Cluster:
    """A cluster in the edition in force. `size` counts what is in the trash, too."""

    id: UUID
    name: str
    name_source: str
    status: str
    merged_into: UUID | None
    held_at: datetime | None
    size: int
    trashed: int
    threshold: float
    threshold_source: str
    tightness: float | None
    moved: float | None
    measured_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def is_kept(self) -> bool:
        """Whether a hand shaped it, named it or set its threshold."""
        return self.held_at is not None or "hand" in (self.name_source, self.threshold_source)


_COLUMNS = (
    "SELECT c.id, c.name, c.name_source, c.status, c.merged_into, c.held_at,"
    " coalesce(s.size, 0) AS size, coalesce(s.trashed, 0) AS trashed,"
    " coalesce(s.threshold, 1) AS threshold,"
    " coalesce(s.threshold_source, 'space') AS threshold_source, s.tightness, s.moved,"
    " s.measured_at, c.created_at, c.updated_at"
)
_SELECT = (
    _COLUMNS + " FROM cluster c LEFT JOIN cluster_shape s"
    " ON s.owner = c.owner AND s.cluster_id = c.id AND s.edition = %(edition)s"
    " WHERE c.owner = %(owner)s"
)


def get(connection: Connection, owner: str, edition: int, cluster_id: UUID) -> Cluster | None:
    """The cluster of that id, a merged one too."""
    row = connection.execute(
        _SELECT + " AND c.id = %(id)s", {"owner": owner, "edition": edition, "id": cluster_id}
    ).fetchone()
    return Cluster(**row) if row else None


def several(
    connection: Connection, owner: str, edition: int, cluster_ids: Sequence[UUID]
) -> dict[UUID, Cluster]:
    """Those of these clusters that there are."""
    rows = connection.execute(
        _SELECT + " AND c.id = ANY(%(ids)s)",
        {"owner": owner, "edition": edition, "ids": list(cluster_ids)},
    ).fetchall()
    return {row["id"]: Cluster(**row) for row in rows}


def names(connection: Connection, owner: str, cluster_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of those clusters that there are, or were until they were merged."""
    rows = connection.execute(
        "SELECT id, name FROM cluster WHERE owner = %s AND id = ANY(%s)",
        [owner, list(cluster_ids)],
    ).fetchall()
    return {row["id"]: row["name"] for row in rows}


def where_merged(connection: Connection, owner: str, cluster_id: UUID) -> UUID:
    """The cluster that this one's members are in now: itself, unless it was merged."""
    row = connection.execute(
        "SELECT root FROM cluster WHERE owner = %s AND id = %s", [owner, cluster_id]
    ).fetchone()
    return row["root"] if row else cluster_id


def merged_with(connection: Connection, owner: str, cluster_id: UUID) -> list[UUID]:
    """This cluster and all that are one with it, by merges; those that are on record."""
    rows = connection.execute(
        "SELECT c.id FROM cluster asked JOIN cluster c ON c.owner = asked.owner"
        " AND c.root = asked.root WHERE asked.owner = %s AND asked.id = %s ORDER BY c.id",
        [owner, cluster_id],
    ).fetchall()
    return [row["id"] for row in rows]


def page(
    connection: Connection,
    owner: str,
    edition: int,
    *,
    status: str | None,
    after: tuple[int, UUID] | None,
    limit: int,
) -> list[Cluster]:
    """Clusters that show something, the largest first, from beyond the size and id `after`."""
    rows = connection.execute(
        _COLUMNS + " FROM cluster_shape s JOIN cluster c ON c.owner = s.owner"
        " AND c.id = s.cluster_id WHERE s.owner = %(owner)s AND s.edition = %(edition)s"
        " AND s.size > s.trashed AND (%(status)s::text IS NULL OR c.status = %(status)s)"
        " AND (%(size)s::integer IS NULL OR (s.size - s.trashed, c.id) < (%(size)s, %(id)s::uuid))"
        " ORDER BY s.size - s.trashed DESC, c.id DESC LIMIT %(limit)s",
        {
            "owner": owner,
            "edition": edition,
            "status": status,
            "size": after[0] if after else None,
            "id": after[1] if after else None,
            "limit": limit,
        },
    ).fetchall()
    return [Cluster(**row) for row in rows]


def open_new(
    connection: Connection,
    owner: str,
    edition: int,
    cluster_id: UUID,
    *,
    name: str,
    threshold: float,
) -> None:
    """A cluster without members yet. Its name gets a number if another bears it."""
    connection.execute(
        "INSERT INTO cluster (owner, id, name) VALUES (%(owner)s::text, %(id)s, "
        + _FREE_NAME
        + ")",
        {"owner": owner, "id": cluster_id, "name": name, "itself": cluster_id},
    )
    shape_new(connection, owner, edition, cluster_id, threshold=threshold)


def shape_new(
    connection: Connection, owner: str, edition: int, cluster_id: UUID, *, threshold: float
) -> None:
    """Room for the cluster in an edition, if it has none there yet."""
    connection.execute(
        "INSERT INTO cluster_shape (owner, edition, cluster_id, size, total, threshold)"
        " VALUES (%s, %s, %s, 0, '{}', %s) ON CONFLICT DO NOTHING",
        [owner, edition, cluster_id, threshold],
    )


def shape_like(
    connection: Connection, owner: str, edition: int, cluster_id: UUID, *, like: UUID
) -> None:
    """Room for the cluster in an edition, if it has none there, as wide as another."""
    connection.execute(
        "INSERT INTO cluster_shape (owner, edition, cluster_id, size, total, threshold)"
        " SELECT owner, edition, %s, 0, '{}', threshold FROM cluster_shape"
        " WHERE owner = %s AND edition = %s AND cluster_id = %s ON CONFLICT DO NOTHING",
        [cluster_id, owner, edition, like],
    )


def covers(
    connection: Connection, owner: str, edition: int, cluster_ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """The member that shows each cluster best, among some that are not in the trash."""
    rows = connection.execute(
        "SELECT wanted.id, best.asset_id FROM unnest(%(ids)s::uuid[]) AS wanted (id)"
        " CROSS JOIN LATERAL (SELECT shown.asset_id FROM cluster c CROSS JOIN LATERAL ("
        "  SELECT j.asset_id, CASE WHEN c.id = c.root THEN j.similarity END AS similarity"
        "  FROM joined j JOIN asset a ON a.owner = j.owner AND a.id = j.asset_id"
        "  WHERE j.owner = %(owner)s AND j.edition = %(edition)s AND j.cluster_id = c.id"
        "  AND a.trashed_at IS NULL ORDER BY j.asset_id LIMIT 50) shown"
        "  WHERE c.owner = %(owner)s AND c.root = wanted.id"
        "  ORDER BY similarity DESC NULLS LAST, shown.asset_id LIMIT 1) best",
        {"owner": owner, "edition": edition, "ids": list(cluster_ids)},
    ).fetchall()
    return {row["id"]: row["asset_id"] for row in rows}


# `name`, or with a number behind it that makes it nobody else's: the least up to 20, and beyond
# that any, so that the ten thousandth of a name is found as fast. Whoever uses this holds the
# owner's lock.
_NUMBERED = "CASE WHEN n = 1 THEN %(name)s::text ELSE %(name)s::text || ' ' || n END"
_FREE_NAME = (
    "(SELECT " + _NUMBERED + " FROM (SELECT k, CASE WHEN k <= 20 THEN k"
    " ELSE 20 + floor(random() * 100 * 10 ^ (k - 20))::integer END AS n"
    " FROM generate_series(1, 27) k) candidate WHERE NOT EXISTS (SELECT FROM cluster"
    " WHERE owner = %(owner)s::text AND status <> 'merged' AND id <> %(itself)s AND name = "
    + _NUMBERED
    + ") ORDER BY k LIMIT 1)"
)


def name_by_machine(
    connection: Connection, owner: str, cluster_id: UUID, name: str, size: int
) -> None:
    """Name the cluster as its members suggest, unless a hand named it."""
    connection.execute(
        "UPDATE cluster SET name = " + _FREE_NAME + ", named_at_size = %(size)s,"
        " updated_at = now() WHERE owner = %(owner)s AND id = %(itself)s"
        " AND name_source = 'machine' AND status <> 'merged'",
        {"owner": owner, "itself": cluster_id, "name": name, "size": size},
    )


def bearer_of(connection: Connection, owner: str, name: str) -> UUID | None:
    """The cluster of that name."""
    row = connection.execute(
        "SELECT id FROM cluster WHERE owner = %s AND name = %s AND status <> 'merged'",
        [owner, name],
    ).fetchone()
    return row["id"] if row else None


def name(connection: Connection, owner: str, cluster_id: UUID, name: str, *, source: str) -> None:
    """Name the cluster; the name is nobody else's."""
    connection.execute(
        "UPDATE cluster SET name = %s, name_source = %s, updated_at = now()"
        " WHERE owner = %s AND id = %s",
        [name, source, owner, cluster_id],
    )


def free_name(connection: Connection, owner: str, name: str, *, itself: UUID | None = None) -> str:
    """The name, or with a number behind it if a cluster bears it, another than `itself`."""
    row = connection.execute(
        "SELECT " + _FREE_NAME + " AS name",
        {"owner": owner, "itself": itself or UUID(int=0), "name": name},
    ).fetchone()
    return str(row["name"]) if row else name


def revive(connection: Connection, owner: str, cluster_id: UUID, status: str) -> None:
    """No longer merged. Its name gets a number if another bears it by now."""
    row = connection.execute(
        "SELECT name FROM cluster WHERE owner = %s AND id = %s", [owner, cluster_id]
    ).fetchone()
    if row is not None:
        connection.execute(
            "UPDATE cluster SET status = %(status)s, merged_into = NULL, updated_at = now(),"
            " name = " + _FREE_NAME + " WHERE owner = %(owner)s AND id = %(itself)s",
            {"owner": owner, "itself": cluster_id, "name": row["name"], "status": status},
        )


def set_status(
    connection: Connection,
    owner: str,
    cluster_id: UUID,
    status: str,
    *,
    merged_into: UUID | None = None,
) -> None:
    """Confirmed, provisional again, or merged into another."""
    connection.execute(
        "UPDATE cluster SET status = %s, merged_into = %s, updated_at = now()"
        " WHERE owner = %s AND id = %s",
        [status, merged_into, owner, cluster_id],
    )


def hold(connection: Connection, owner: str, cluster_id: UUID) -> None:
    """Who is in the cluster by now stays in it."""
    connection.execute(
        "UPDATE cluster SET held_at = clock_timestamp() WHERE owner = %s AND id = %s",
        [owner, cluster_id],
    )


def hold_since(
    connection: Connection, owner: str, cluster_id: UUID, held_at: datetime | None
) -> None:
    """Put back what was held before."""
    connection.execute(
        "UPDATE cluster SET held_at = %s WHERE owner = %s AND id = %s",
        [held_at, owner, cluster_id],
    )


def set_threshold(
    connection: Connection,
    owner: str,
    edition: int,
    cluster_id: UUID,
    threshold: float,
    *,
    source: str,
) -> None:
    """How alike a newcomer has to be."""
    connection.execute(
        "UPDATE cluster_shape SET threshold = %s, threshold_source = %s"
        " WHERE owner = %s AND edition = %s AND cluster_id = %s",
        [threshold, source, owner, edition, cluster_id],
    )
