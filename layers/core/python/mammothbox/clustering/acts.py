"""What people do to clusters: rename, confirm, merge, split, move, and set the threshold.

Each act is one transaction and one decision; `clustering.undo` takes each of them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mammothbox.catalog import clusters, links, memberships, nearness
from mammothbox.catalog.clusters import Cluster
from mammothbox.catalog.connection import Database
from mammothbox.catalog.memberships import Membership
from mammothbox.clustering import parts
from mammothbox.clustering.assign import open_with, put
from mammothbox.clustering.decide import (
    Act,
    By,
    Table,
    facets,
    free_the_name,
    make_room,
    put_down,
    sitting,
)
from mammothbox.errors import Refused
from mammothbox.ids import new_id

# In one act; more would outlast a request.
MOST_MOVED = 1000


@dataclass(frozen=True)
class Decided:
    """The decision, the cluster it was about as that is called now, and clusters that it made."""

    decision_id: UUID
    cluster_id: UUID | None
    made: Sequence[UUID] = ()


def rename(database: Database, by: By, cluster_id: UUID, name: str) -> Decided:
    """Give the cluster a name that no machine changes. Raises `Refused` for one that is taken."""
    with sitting(database, by) as table:
        cluster = table.cluster(cluster_id)
        free_the_name(table, cluster.id, name)
        clusters.name(table.connection, by.owner, cluster.id, name, source="hand")
        act = Act(
            "rename",
            touches=facets("name", cluster.id),
            needs=facets("cluster", cluster.id),
            cluster_ids=[cluster.id],
            before={"name": cluster.name, "source": cluster.name_source},
            detail={"name": name},
        )
        return Decided(put_down(table, act), cluster.id)


def confirm(database: Database, by: By, cluster_id: UUID) -> Decided:
    """Say that this is a cluster, however few its members."""
    with sitting(database, by) as table:
        cluster = table.cluster(cluster_id)
        clusters.set_status(table.connection, by.owner, cluster.id, "confirmed")
        clusters.hold(table.connection, by.owner, cluster.id)
        act = Act(
            "confirm",
            touches=[*facets("status", cluster.id), *facets("members", cluster.id)],
            needs=facets("cluster", cluster.id),
            cluster_ids=[cluster.id],
            before={"status": cluster.status, **_held(cluster)},
        )
        return Decided(put_down(table, act), cluster.id)


def set_threshold(database: Database, by: By, cluster_id: UUID, threshold: float) -> Decided:
    """Say how alike members have to be. Who is not leaves, unless a hand put it there."""
    with sitting(database, by) as table:
        cluster = table.cluster(cluster_id)
        clusters.set_threshold(
            table.connection, by.owner, table.place.edition, cluster.id, threshold, source="hand"
        )
        leaving = [
            each.asset_id
            for each in nearness.below(
                table.connection, table.place, cluster.id, threshold, MOST_MOVED + 1
            )
        ]
        if len(leaving) > MOST_MOVED:
            raise Refused(
                409, "too_many", f"More than {MOST_MOVED} objects would leave: choose a lower one."
            )
        homes = {_rehome(table, asset_id, cluster) for asset_id in leaving} - {cluster.id}
        act = Act(
            "threshold",
            touches=facets("threshold", cluster.id),
            needs=facets("cluster", cluster.id),
            cluster_ids=[cluster.id],
            asset_ids=leaving,
            before={"threshold": cluster.threshold, "source": cluster.threshold_source},
            detail={"threshold": threshold, "left": len(leaving)},
        )
        return Decided(put_down(table, act), cluster.id, sorted(homes))


def _rehome(table: Table, asset_id: UUID, cluster: Cluster) -> UUID:
    memberships.leave(table.connection, table.place, asset_id)
    return put(
        table.connection, table.place, asset_id, threshold=cluster.threshold, never=[cluster.id]
    )


def merge(database: Database, by: By, cluster_id: UUID, others: Sequence[UUID]) -> Decided:
    """Put the others' members into this cluster; their ids lead here from now on.

    Raises `Refused` when a link forbids it.
    """
    with sitting(database, by) as table:
        target = table.cluster(cluster_id)
        sources = {one.id: one for one in map(table.cluster, others) if one.id != target.id}
        if not sources:
            raise Refused(422, "nothing_to_merge", "Name another cluster than the one itself.")
        refuse_if_parted(table, [target.id, *sources])
        moved: list[UUID] = []
        before = []
        for source in sources.values():
            make_room(table, target.id, like=source.id)
            poured = memberships.pour(
                table.connection, table.place, source=source.id, target=target.id
            )
            moved += poured
            before.append(
                {
                    "id": str(source.id),
                    "status": source.status,
                    "count": len(poured),
                    **_held(source),
                }
            )
            # For them who were in it that is where they belong, in any edition.
            clusters.hold(table.connection, by.owner, source.id)
            clusters.set_status(
                table.connection, by.owner, source.id, "merged", merged_into=target.id
            )
        clusters.hold(table.connection, by.owner, target.id)
        if target.status == "provisional":
            clusters.set_status(table.connection, by.owner, target.id, "confirmed")
        act = Act(
            "merge",
            touches=[
                *facets("cluster", *sources),
                *facets("members", target.id, *sources),
                *facets("status", target.id),
            ],
            needs=facets("cluster", target.id),
            cluster_ids=[target.id, *sources],
            asset_ids=moved,
            before={"sources": before, **_held(target), "status": target.status},
            detail={"merged": [str(each) for each in sources], "moved": len(moved)},
        )
        return Decided(put_down(table, act), target.id)


def split(database: Database, by: By, cluster_id: UUID, asset_ids: Sequence[UUID]) -> Decided:
    """Take the picked assets out into a cluster of their own.

    Raises `Refused` when one of them is elsewhere, when all are picked, or when a link forbids it.
    """
    with sitting(database, by) as table:
        cluster = table.cluster(cluster_id)
        picked = sorted(set(asset_ids))
        where = memberships.of_assets(table.connection, by.owner, table.place.edition, picked)
        if strays := [
            each for each in picked if each not in where or where[each].cluster_id != cluster.id
        ]:
            raise Refused(409, "not_in_cluster", f"The object {strays[0]} is not in this cluster.")
        return _split(table, cluster, [picked])


def split_into(database: Database, by: By, cluster_id: UUID, count: int) -> Decided:
    """Split the cluster into so many parts of its own making; the largest keeps its id."""
    with sitting(database, by) as table:
        cluster = table.cluster(cluster_id)
        found = parts.find(table.connection, table.place, cluster, count)
        return _split(table, cluster, [part.asset_ids for part in found[1:]])


def _split(table: Table, cluster: Cluster, pieces: Sequence[Sequence[UUID]]) -> Decided:
    taken = [asset_id for piece in pieces for asset_id in piece]
    if not taken or len(taken) >= cluster.size:
        raise Refused(409, "nothing_stays", "Leave at least one object in the cluster.")
    for piece in pieces:
        _refuse_to_tear(table, cluster.id, piece)
    made = [_split_off(table, cluster, piece) for piece in pieces]
    family = [cluster.id, *made]
    for one in family:
        clusters.hold(table.connection, table.owner, one)
    act = Act(
        "split",
        touches=[*facets("cluster", *made), *facets("members", *family)],
        needs=facets("cluster", cluster.id),
        cluster_ids=family,
        asset_ids=taken,
        before={"made": [str(each) for each in made], **_held(cluster)},
        detail={"made": [str(each) for each in made], "moved": len(taken)},
    )
    return Decided(put_down(table, act), cluster.id, made)


def _split_off(table: Table, cluster: Cluster, piece: Sequence[UUID]) -> UUID:
    made = new_id()
    clusters.open_new(
        table.connection,
        table.owner,
        table.place.edition,
        made,
        name=cluster.name,
        threshold=cluster.threshold,
    )
    clusters.set_status(table.connection, table.owner, made, "confirmed")
    memberships.move(table.connection, table.place, piece, source=cluster.id, target=made)
    return made


def move(database: Database, by: By, asset_id: UUID, target: UUID | None) -> Decided:
    """Put an asset into another cluster, or into one of its own, for good.

    What it must be with goes along. Raises `Refused` when a link forbids it.
    """
    with sitting(database, by) as table:
        before = table.member(asset_id)
        along = links.bound_to(table.connection, by.owner, [asset_id])
        goal = table.cluster(target).id if target else None
        if goal == before.cluster_id:
            raise Refused(409, "already_there", "The object is in that cluster.")
        if goal is not None:
            refuse_if_linked_apart(table, along, goal)
        return bring(table, along, goal, action="move", detail={"asset": str(asset_id)})


def bring(
    table: Table,
    asset_ids: Sequence[UUID],
    goal: UUID | None,
    *,
    action: str,
    detail: dict[str, Any],
    touches: Sequence[str] = (),
) -> Decided:
    """Put these assets into a cluster, or a new one, pinned there, and record the decision."""
    where = memberships.of_assets(table.connection, table.owner, table.place.edition, asset_ids)
    coming = [each for each in where.values() if each.cluster_id != goal]
    made = []
    there = goal and clusters.get(table.connection, table.owner, table.place.edition, goal)
    if goal is None:
        first = coming.pop(0)
        memberships.leave(table.connection, table.place, first.asset_id)
        origin = clusters.get(table.connection, table.owner, table.place.edition, first.cluster_id)
        goal = open_with(
            table.connection,
            table.place,
            first.asset_id,
            threshold=origin.threshold if origin else 1.0,
            pinned=True,
        )
        made = [goal]
    for each in coming:
        make_room(table, goal, like=each.cluster_id)
        memberships.move(
            table.connection,
            table.place,
            [each.asset_id],
            source=each.cluster_id,
            target=goal,
            pinned=True,
        )
    # Who was there when a hand put something there belongs there, too.
    clusters.hold(table.connection, table.owner, goal)
    act = Act(
        action,
        touches=[*touches, *facets("cluster", *made)],
        needs=facets("cluster", goal),
        cluster_ids=sorted({goal, *(each.cluster_id for each in where.values())}),
        asset_ids=list(where),
        before={**where_they_were(where.values()), **(_held(there) if there else {})},
        detail={**detail, "cluster": str(goal)},
    )
    return Decided(put_down(table, act), goal, made)


def refuse_if_linked_apart(table: Table, asset_ids: Sequence[UUID], cluster_id: UUID) -> None:
    """Raises `Refused` when one of these cannot be with a member of the cluster."""
    there = memberships.of_cluster(table.connection, table.owner, table.place.edition, cluster_id)
    refuse(links.parting(table.connection, table.owner, asset_ids, there))


def refuse_if_parted(table: Table, cluster_ids: Sequence[UUID]) -> None:
    """Raises `Refused` when a link keeps members of these clusters apart."""
    refuse(links.parting_clusters(table.connection, table.owner, table.place.edition, cluster_ids))


def refuse(link: links.Link | None) -> None:
    """Raises `Refused`, naming the link that forbids it, if there is one."""
    if link is not None:
        raise Refused(
            409,
            "cannot_link",
            f"The objects {link.asset_a} and {link.asset_b} may not be together: remove their"
            f" link {link.id} first.",
        )


def where_they_were(members: Iterable[Membership]) -> dict[str, Any]:
    """What an undo needs to put moved assets back."""
    return {
        "members": [
            {
                "id": str(each.asset_id),
                "cluster": str(each.cluster_id),
                "pinned": each.pinned,
                "joined_at": each.joined_at.isoformat(),
            }
            for each in members
        ]
    }


def _refuse_to_tear(table: Table, cluster_id: UUID, piece: Sequence[UUID]) -> None:
    """What must be together is split off together, or not at all."""
    bound = links.bound_to(table.connection, table.owner, piece)
    left = memberships.of_assets(
        table.connection, table.owner, table.place.edition, sorted(set(bound) - set(piece))
    )
    for each in left.values():
        if each.cluster_id == cluster_id:
            raise Refused(
                409,
                "must_link",
                f"The object {each.asset_id} must stay with one that is split off: pick both, or"
                " remove their link.",
            )


def _held(cluster: Cluster) -> dict[str, str | None]:
    return {"held_at": cluster.held_at.isoformat() if cluster.held_at else None}
