"""How clusters are doing across owners, as consolidation measured them last; for operators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Totals:
    """Clusters in force in one space, and how tight they are on average."""

    space: str
    clusters: int
    provisional: int
    members: int
    tightness: float | None
    moved: float | None
    unmeasured: int


@dataclass(frozen=True)
class Drifting:
    """A cluster whose middle moved far, or whose members are far from it."""

    owner: str
    cluster_id: UUID
    size: int
    tightness: float | None
    moved: float | None
    measured_at: datetime


@dataclass(frozen=True)
class ChoreRow:
    """A chore that waits or is being done, and why it was put off last."""

    owner: str
    name: str
    due_at: datetime
    attempt: int
    error: str | None


_IN_FORCE = (
    " FROM clustering k JOIN cluster_shape s ON s.owner = k.owner AND s.edition = k.edition"
    " AND s.size > 0"
)


def totals(connection: Connection) -> list[Totals]:
    """One row for each space in which clusters are in force."""
    rows = connection.execute(
        "SELECT e.name AS space, count(*) AS clusters,"
        " count(*) FILTER (WHERE c.status = 'provisional') AS provisional,"
        " sum(s.size) AS members, avg(s.tightness) AS tightness, avg(s.moved) AS moved,"
        " count(*) FILTER (WHERE s.measured_at IS NULL) AS unmeasured"
        + _IN_FORCE
        + " JOIN cluster c ON c.owner = s.owner AND c.id = s.cluster_id"
        " JOIN embedding_space e ON e.id = k.space_id GROUP BY e.name ORDER BY e.name"
    ).fetchall()
    return [Totals(**row) for row in rows]


def most_moved(connection: Connection, limit: int) -> list[Drifting]:
    """The clusters whose middles moved farthest between the last two measurements."""
    rows = connection.execute(
        "SELECT s.owner, s.cluster_id, s.size, s.tightness, s.moved, s.measured_at"
        + _IN_FORCE
        + " WHERE s.moved > 0 ORDER BY s.moved DESC, s.cluster_id LIMIT %s",
        [limit],
    ).fetchall()
    return [Drifting(**row) for row in rows]


def loosest(connection: Connection, limit: int) -> list[Drifting]:
    """The clusters whose members are least like their middles."""
    rows = connection.execute(
        "SELECT s.owner, s.cluster_id, s.size, s.tightness, s.moved, s.measured_at"
        + _IN_FORCE
        + " WHERE s.tightness IS NOT NULL AND s.size > 1 ORDER BY s.tightness, s.cluster_id"
        " LIMIT %s",
        [limit],
    ).fetchall()
    return [Drifting(**row) for row in rows]


def chores(connection: Connection, limit: int) -> list[ChoreRow]:
    """The chores that are to be done, those that failed first."""
    rows = connection.execute(
        "SELECT owner, name, due_at, attempt, error FROM chore"
        " ORDER BY error IS NULL, due_at LIMIT %s",
        [limit],
    ).fetchall()
    return [ChoreRow(**row) for row in rows]
