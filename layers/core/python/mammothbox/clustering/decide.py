"""What every human act on clusters has in common: a lock, a decision, and what follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mammothbox.catalog import assets, chores, clusterings, clusters, decisions, memberships
from mammothbox.catalog.clusters import Cluster
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.decisions import Decision
from mammothbox.catalog.memberships import Membership, Place
from mammothbox.clustering.chore_names import CONSOLIDATE, NAME, REBUILD
from mammothbox.clustering.chore_names import PLACE as PLACE_CHORE
from mammothbox.errors import NotFound, Refused
from mammothbox.ids import new_id


@dataclass(frozen=True)
class By:
    """Who decides, and in which request."""

    owner: str
    actor: str
    request_id: str


@dataclass(frozen=True)
class Table:
    """Where decisions are made: a transaction that holds the owner's clustering lock."""

    connection: Connection
    by: By
    place: Place

    @property
    def owner(self) -> str:
        return self.by.owner

    def cluster(self, cluster_id: UUID) -> Cluster:
        """The cluster of that id, or the one it was merged into. Raises `NotFound`."""
        now = clusters.where_merged(self.connection, self.owner, cluster_id)
        found = clusters.get(self.connection, self.owner, self.place.edition, now)
        if found is None:
            raise NotFound("cluster", cluster_id)
        return found

    def member(self, asset_id: UUID) -> Membership:
        """Where the asset is. Raises `NotFound`, and `Refused` for one that is nowhere."""
        if assets.get(self.connection, self.owner, asset_id) is None:
            raise NotFound("object", asset_id)
        found = memberships.of_assets(
            self.connection, self.owner, self.place.edition, [asset_id]
        ).get(asset_id)
        if found is None:
            raise Refused(
                409, "not_clustered", f"The object {asset_id} is in no cluster; wait until it is."
            )
        return found


@dataclass(frozen=True)
class Act:
    """What was decided, and what an undo needs; see `catalog.decisions.Decision`."""

    action: str
    touches: Sequence[str]
    needs: Sequence[str] = ()
    cluster_ids: Sequence[UUID] = ()
    asset_ids: Sequence[UUID] = ()
    before: dict[str, Any] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)
    undoes: UUID | None = None


@contextmanager
def sitting(database: Database, by: By) -> Iterator[Table]:
    """A transaction in which the owner's clusters are nobody else's to change."""
    with database.transaction(by.owner) as connection:
        clustering = clusterings.lock(connection, by.owner)
        # Whoever has no clusters yet finds none.
        yield Table(connection, by, clustering.place if clustering else Place(by.owner, 0, 0))


def put_down(table: Table, act: Act) -> UUID:
    """Record the decision and see to what follows from moved assets; returns its id."""
    decision_id = new_id()
    decisions.record(
        table.connection,
        Decision(
            table.owner,
            decision_id,
            actor=table.by.actor,
            request_id=table.by.request_id,
            **vars(act),
        ),
    )
    if _bears_on_members(act) and clusterings.give_up_building(table.connection, table.owner):
        # It may be past what this is about: it begins anew.
        chores.ask(table.connection, table.owner, REBUILD)
    if act.asset_ids:
        chores.ask(table.connection, table.owner, PLACE_CHORE)
        chores.ask(table.connection, table.owner, NAME)
        chores.ask(table.connection, table.owner, CONSOLIDATE)
    return decision_id


def make_room(table: Table, cluster_id: UUID, *, like: UUID) -> None:
    """Let a cluster take members in: an edition may have had nothing in it, and no room for it."""
    clusters.shape_like(table.connection, table.owner, table.place.edition, cluster_id, like=like)


def free_the_name(
    table: Table, cluster_id: UUID, name: str, *, from_machines: bool = False
) -> None:
    """See that no other cluster bears the name: what has no members gives way, with a number.

    So does what a machine named, if the name was a hand's before. Raises `Refused` otherwise.
    """
    connection, owner = table.connection, table.owner
    bearer_id = clusters.bearer_of(connection, owner, name)
    if bearer_id is None or bearer_id == cluster_id:
        return
    bearer = clusters.get(connection, owner, table.place.edition, bearer_id)
    if bearer and (bearer.size == 0 or (from_machines and bearer.name_source == "machine")):
        other = clusters.free_name(connection, owner, name)
        clusters.name(connection, owner, bearer_id, other, source=bearer.name_source)
        return
    raise Refused(
        409, "name_taken", f"The cluster {bearer_id} has this name: choose another, or merge them."
    )


def _bears_on_members(act: Act) -> bool:
    return act.action != "rename"


def facets(name: str, *ids: UUID) -> list[str]:
    """How a decision names what it touches or needs."""
    return [f"{name}:{each}" for each in ids]
