"""A new edition of all of an owner's clusters, beside the one in force, which stays until then.

In pieces: carry over what hands put or hold somewhere; walk through everything else and assign
it; consolidate; recognise old clusters by their members; and take the place of the old edition
in one step. A hand's act meanwhile begins it anew, so that none is missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from mammothbox.catalog import clusterings, clusters, editions, memberships, spaces
from mammothbox.catalog.clusterings import Clustering
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.editions import Shared
from mammothbox.catalog.memberships import Place
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.clustering.assign import come_home, default_threshold, homes_of, put
from mammothbox.clustering.tidy import tidy

_CARRIED_AT_ONCE = 20
_WALKED_AT_ONCE = 100
_SWEPT_AT_ONCE = 5000


def rebuild(connection: Connection, owner: str) -> bool:
    """Do a piece of it; whether that was the last."""
    clustering = clusterings.lock(connection, owner)
    active = spaces.active(connection)
    if clustering is None or active is None:
        return True
    site = clustering.site
    if site is None or site.space_id != active.id:
        clusterings.begin_building(connection, owner, active.id)
        return False
    step = {"carry": _carry, "walk": _walk, "tidy": _tidy, "match": _match}[clustering.phase]
    return step(connection, clustering, site, active)


def sweep(connection: Connection, owner: str) -> bool:
    """Remove a piece of what earlier editions left; whether that was the last."""
    clusterings.lock(connection, owner)
    return editions.sweep_away(connection, owner, _SWEPT_AT_ONCE)


def _carry(connection: Connection, clustering: Clustering, site: Place, space: SpaceRow) -> bool:
    held = editions.carried(connection, clustering.place, clustering.position, _CARRIED_AT_ONCE)
    for cluster_id in held:
        members = editions.carry(
            connection, clustering.place, site, cluster_id, threshold=default_threshold(space)
        )
        memberships.count(
            connection, site, cluster_id, memberships.sum_of(connection, site, members)
        )
    if held:
        clusterings.go_on(connection, site.owner, "carry", held[-1])
    else:
        clusterings.go_on(connection, site.owner, "walk")
    return False


def _walk(connection: Connection, clustering: Clustering, site: Place, space: SpaceRow) -> bool:
    found = editions.missing(connection, site, clustering.position, _WALKED_AT_ONCE)
    threshold = default_threshold(space)
    homes = homes_of(connection, site, found)
    for asset_id in found:
        if asset_id in homes:
            come_home(connection, site, asset_id, homes[asset_id], threshold=threshold)
        else:
            put(connection, site, asset_id, threshold=threshold)
    if found:
        clusterings.go_on(connection, site.owner, "walk", found[-1])
    elif clustering.position is not None:
        # What came meanwhile with an earlier id.
        clusterings.go_on(connection, site.owner, "walk")
    else:
        clusterings.go_on(connection, site.owner, "tidy")
    return False


def _tidy(connection: Connection, clustering: Clustering, site: Place, space: SpaceRow) -> bool:
    if tidy(connection, site, default_threshold(space)):
        clusterings.go_on(connection, site.owner, "match")
    return False


def _match(connection: Connection, clustering: Clustering, site: Place, space: SpaceRow) -> bool:
    """Everything is in its place: let old clusters be recognised, and put the edition in force."""
    if editions.missing(connection, site, None, 1):
        clusterings.go_on(connection, site.owner, "walk")
        return False
    pairs = editions.shared(connection, clustering.place, site)
    carried = editions.peopled(connection, site, [pair.old for pair in pairs])
    # Where an asset came home to that was in no cluster of the edition before.
    found_again = editions.opened_before(connection, site, list({pair.new for pair in pairs}))
    heirs = _heirs(pairs, carried | found_again)
    heirs |= _take_out_named(connection, clustering.place, site, pairs, heirs)
    editions.take_identities(
        connection, site, {old: new for old, new in heirs.items() if old != new}
    )
    now = {new: old for old, new in heirs.items()}
    lost = {pair.old: now.get(pair.new, pair.new) for pair in reversed(pairs)}
    gone = [old for old in lost if old not in heirs]
    editions.lead_on(connection, site.owner, gone, [lost[old] for old in gone])
    editions.keep_thresholds(connection, clustering.place, site)
    clusterings.put_in_force(connection, site.owner)
    return True


def _heirs(pairs: list[Shared], stays: set[UUID]) -> dict[UUID, UUID]:
    """The new cluster of each old one that goes on: the one that keeps most of its members.

    A cluster that `stays` what it was is its own heir. One that a hand named goes before all
    that machines named, and is content with no other than the one that has most of its members.
    """
    heirs = {old: old for old in stays}
    taken = set(stays)
    for pair in [*_most_of_named(pairs), *(pair for pair in pairs if not pair.named)]:
        if pair.old not in heirs and pair.new not in taken:
            heirs[pair.old] = pair.new
            taken.add(pair.new)
    return heirs


def _most_of_named(pairs: list[Shared]) -> list[Shared]:
    """Where the most members of each cluster went that a hand named."""
    most: dict[UUID, Shared] = {}
    for pair in pairs:
        if pair.named:
            most.setdefault(pair.old, pair)
    return list(most.values())


def _take_out_named(
    connection: Connection,
    old: Place,
    site: Place,
    pairs: list[Shared],
    heirs: Mapping[UUID, UUID],
) -> dict[UUID, UUID]:
    """What machines put into one though hands named it twice stays two; returns who goes on so."""
    out: dict[UUID, UUID] = {}
    for pair in _most_of_named(pairs):
        if pair.old in heirs or not (ids := editions.in_both(connection, old, site, pair)):
            continue
        clusters.shape_like(connection, site.owner, site.edition, pair.old, like=pair.new)
        memberships.move(connection, site, ids, source=pair.new, target=pair.old)
        out[pair.old] = pair.old
    return out
