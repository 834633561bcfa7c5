"""Assign: a new vector joins the cluster it is nearest to, or opens one of its own."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from mammothbox.catalog import chores, clusterings, clusters, editions, links, memberships, nearness
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.editions import Home
from mammothbox.catalog.memberships import Membership, Place, Why
from mammothbox.catalog.nearness import Near
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.clustering import naming
from mammothbox.clustering.chore_names import CONSOLIDATE, NAME, PLACE, REBUILD
from mammothbox.ids import new_id

# As the original design has it, where nothing was measured.
DEFAULT_THRESHOLD = 0.8
# A cluster of fewer may be chance.
CONFIRMED_FROM = 3
_SETTLE_S = 30
_CONSOLIDATE_AFTER_S = 600


def default_threshold(space: SpaceRow) -> float:
    """How alike members of a cluster are in this space, as measured, if it was."""
    found = (space.calibration or {}).get("cluster_threshold")
    return DEFAULT_THRESHOLD if found is None else float(found)


def assign(connection: Connection, owner: str, asset_id: UUID, space: SpaceRow) -> UUID | None:
    """Put the asset into a cluster of the edition in force, and return which.

    Where a hand put it, it stays, and so does the last member of a cluster that a hand named or
    shaped; anywhere else it is looked at anew. `None` when it has no vector, or when the edition
    in force lies in another space: the one that is being built takes it in. Holds the owner's
    clustering lock until the commit.
    """
    clustering = clusterings.open_for(connection, owner, space.id)
    if clustering.space_id != space.id:
        chores.ask(connection, owner, REBUILD)
        return None
    place = Place(owner, clustering.edition, space.id)
    before = memberships.of_assets(connection, owner, place.edition, [asset_id]).get(asset_id)
    if before is not None and (before.held or _is_all_of_a_kept_one(connection, place, before)):
        return before.cluster_id
    if before is not None:
        memberships.leave(connection, place, asset_id)
    if not memberships.has_vector(connection, place, asset_id):
        return None
    threshold = default_threshold(space)
    homes = homes_of(connection, place, [asset_id]) if before is None else {}
    if asset_id in homes:
        cluster_id = come_home(connection, place, asset_id, homes[asset_id], threshold=threshold)
    else:
        cluster_id = put(connection, place, asset_id, threshold=threshold)
    if _has_moved(before, cluster_id):
        chores.ask(connection, owner, PLACE, after_s=_SETTLE_S)
        chores.ask(connection, owner, NAME, after_s=_SETTLE_S)
        chores.ask(connection, owner, CONSOLIDATE, after_s=_CONSOLIDATE_AFTER_S)
    return cluster_id


def homes_of(connection: Connection, place: Place, asset_ids: Sequence[UUID]) -> dict[UUID, Home]:
    """Of assets that are nowhere, where a hand had them in an earlier edition, if one did.

    They were left out since for lack of a vector in the space.
    """
    return editions.homes(connection, place.owner, asset_ids) if place.edition > 1 else {}


def come_home(
    connection: Connection, place: Place, asset_id: UUID, home: Home, *, threshold: float
) -> UUID:
    """Put an asset that is nowhere back there, and return which cluster that is now.

    Unless a link says otherwise: what it must be with may be elsewhere by now, and there may be
    what it cannot be with.
    """
    cluster_id = clusters.where_merged(connection, place.owner, home.cluster_id)
    for one in links.of_asset(connection, place.owner, place.edition, asset_id):
        if one.cluster_id is not None and (one.kind == "must") != (one.cluster_id == cluster_id):
            return put(connection, place, asset_id, threshold=threshold)
    clusters.shape_new(connection, place.owner, place.edition, cluster_id, threshold=threshold)
    why = _why_there(connection, place, asset_id, cluster_id)
    memberships.join(
        connection, place, asset_id, cluster_id, why, pinned=home.pinned, joined_at=home.joined_at
    )
    return cluster_id


def put(
    connection: Connection,
    place: Place,
    asset_id: UUID,
    *,
    threshold: float,
    never: Sequence[UUID] = (),
) -> UUID:
    """Put an asset that is nowhere into the right cluster, or into a new one.

    Links decide first: it goes where something is that it must be with, and never where
    something is that it cannot be with, nor into a cluster in `never`.
    """
    linked = links.of_asset(connection, place.owner, place.edition, asset_id)
    forbidden = {*never, *(one.cluster_id for one in linked if one.kind == "cannot")} - {None}
    near = nearness.nearest(
        connection, place, asset_id, never=[each for each in forbidden if each is not None]
    )
    for one in linked:
        if one.kind == "must" and one.cluster_id is not None:
            come_along(connection, place, asset_id, one.cluster_id)
            return one.cluster_id
    if near and near[0].similarity >= near[0].threshold:
        best = near[0]
        memberships.join(connection, place, asset_id, best.cluster_id, _why(near))
        confirm_if_grown(connection, place, best.cluster_id)
        return best.cluster_id
    return open_with(connection, place, asset_id, threshold=threshold, near=near)


def come_along(connection: Connection, place: Place, asset_id: UUID, cluster_id: UUID) -> None:
    """Put an asset that is nowhere into a cluster where something is that it must be with."""
    why = _why_there(connection, place, asset_id, cluster_id)
    memberships.join(connection, place, asset_id, cluster_id, why, pinned=True)


def open_with(
    connection: Connection,
    place: Place,
    asset_id: UUID,
    *,
    threshold: float,
    near: Sequence[Near] = (),
    pinned: bool = False,
) -> UUID:
    """A new cluster of this one asset, which is nowhere; what was near is put down as why."""
    cluster_id = new_id()
    name = naming.first_name(connection, place.owner, asset_id)
    clusters.open_new(
        connection, place.owner, place.edition, cluster_id, name=name, threshold=threshold
    )
    runner_up = near[0] if near else None
    why = Why(
        similarity=1.0,
        threshold=threshold,
        runner_up=runner_up.cluster_id if runner_up else None,
        runner_up_similarity=runner_up.similarity if runner_up else None,
    )
    memberships.join(connection, place, asset_id, cluster_id, why, pinned=pinned)
    return cluster_id


def confirm_if_grown(connection: Connection, place: Place, cluster_id: UUID) -> None:
    """A provisional cluster with enough members is one."""
    cluster = clusters.get(connection, place.owner, place.edition, cluster_id)
    if cluster and cluster.status == "provisional" and cluster.size >= CONFIRMED_FROM:
        clusters.set_status(connection, place.owner, cluster_id, "confirmed")


def _why(near: Sequence[Near]) -> Why:
    best, second = near[0], near[1] if len(near) > 1 else None
    return Why(
        similarity=best.similarity,
        threshold=best.threshold,
        runner_up=second.cluster_id if second else None,
        runner_up_similarity=second.similarity if second else None,
    )


def _why_there(connection: Connection, place: Place, asset_id: UUID, cluster_id: UUID) -> Why:
    found = nearness.likeness(connection, place, [asset_id], cluster_id)
    return Why(similarity=found.get(asset_id))


def _is_all_of_a_kept_one(connection: Connection, place: Place, member: Membership) -> bool:
    """Without this member nothing would be left of what a hand named, shaped or set."""
    cluster = clusters.get(connection, place.owner, place.edition, member.cluster_id)
    return cluster is not None and cluster.size == 1 and cluster.is_kept


def _has_moved(before: Membership | None, cluster_id: UUID) -> bool:
    return before is None or before.cluster_id != cluster_id
