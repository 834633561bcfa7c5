"""An owner's clusters as a whole: the edition in force, and the one that is being built."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.memberships import Place


@dataclass(frozen=True)
class Clustering:
    """`edition` is in force and lies in the space `space_id`; `building` is to take its place."""

    owner: str
    edition: int
    space_id: int
    building: int | None
    building_space_id: int | None
    phase: str
    position: UUID | None

    @property
    def place(self) -> Place:
        """The edition in force."""
        return Place(self.owner, self.edition, self.space_id)

    @property
    def site(self) -> Place | None:
        """The edition that is being built."""
        if self.building is None or self.building_space_id is None:
            return None
        return Place(self.owner, self.building, self.building_space_id)


_SELECT = (
    "SELECT owner, edition, space_id, building, building_space_id, phase, position"
    " FROM clustering WHERE owner = %s"
)


def get(connection: Connection, owner: str) -> Clustering | None:
    """The owner's clustering; `None` before anything was clustered."""
    row = connection.execute(_SELECT, [owner]).fetchone()
    return Clustering(**row) if row else None


def lock(connection: Connection, owner: str) -> Clustering | None:
    """The same, after taking turns with everyone who changes it, until the commit.

    This lock comes first: before that of any bytes, and of any asset.
    """
    row = connection.execute(_SELECT + " FOR UPDATE", [owner]).fetchone()
    if row is None:
        # There is nothing to lock yet, or nothing to be seen yet: somebody may be opening it.
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('open the clusters of ' || %s, 0))",
            [owner],
        )
        row = connection.execute(_SELECT + " FOR UPDATE", [owner]).fetchone()
    return Clustering(**row) if row else None


def open_for(connection: Connection, owner: str, space_id: int) -> Clustering:
    """The owner's clustering, locked; one in that space if there was none."""
    clustering = lock(connection, owner)
    if clustering is not None:
        return clustering
    connection.execute(
        "INSERT INTO clustering (owner, space_id) VALUES (%s, %s)", [owner, space_id]
    )
    clustering = lock(connection, owner)
    assert clustering is not None  # noqa: S101 - it is never deleted
    return clustering


def begin_building(connection: Connection, owner: str, space_id: int) -> None:
    """A new edition in that space, beside the one in force."""
    connection.execute(
        "UPDATE clustering SET building = last_edition + 1, last_edition = last_edition + 1,"
        " building_space_id = %s, phase = 'carry', position = NULL WHERE owner = %s",
        [space_id, owner],
    )


def give_up_building(connection: Connection, owner: str) -> bool:
    """Forget the edition that is being built; whether there was one."""
    row = connection.execute(
        "UPDATE clustering SET building = NULL, building_space_id = NULL"
        " WHERE owner = %s AND building IS NOT NULL RETURNING 1",
        [owner],
    ).fetchone()
    return row is not None


def go_on(connection: Connection, owner: str, phase: str, position: UUID | None = None) -> None:
    """What is to be done next for the building."""
    connection.execute(
        "UPDATE clustering SET phase = %s, position = %s WHERE owner = %s",
        [phase, position, owner],
    )


def put_in_force(connection: Connection, owner: str) -> None:
    """The edition that was being built takes its place."""
    connection.execute(
        "UPDATE clustering SET edition = building, space_id = building_space_id,"
        " building = NULL, building_space_id = NULL WHERE owner = %s",
        [owner],
    )


def outside(connection: Connection, space_id: int, limit: int) -> list[str]:
    """Owners whose edition in force lies in another space, and who have no newer one coming."""
    rows = connection.execute(
        "SELECT owner FROM clustering c WHERE space_id <> %s AND building_space_id IS DISTINCT"
        " FROM %s AND NOT EXISTS (SELECT FROM chore WHERE owner = c.owner AND name = 'rebuild')"
        " ORDER BY owner LIMIT %s",
        [space_id, space_id, limit],
    ).fetchall()
    return [row["owner"] for row in rows]
