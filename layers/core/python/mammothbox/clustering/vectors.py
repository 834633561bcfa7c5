"""A member whose vector changes: the sums of its clusters follow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from mammothbox.catalog import memberships
from mammothbox.catalog.clusterings import Clustering
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.memberships import Place


@contextmanager
def changing(
    connection: Connection, clustering: Clustering | None, asset_id: UUID, space_id: int
) -> Iterator[None]:
    """Within this the asset's vector in the space may be replaced, or go.

    `clustering` is the owner's, locked. An asset left without a vector leaves its cluster.
    """
    places = [] if clustering is None else _in(clustering, space_id)
    found = [
        (place, member.cluster_id)
        for place in places
        for member in memberships.of_assets(
            connection, place.owner, place.edition, [asset_id]
        ).values()
    ]
    for place, cluster_id in found:
        before = memberships.sum_of(connection, place, [asset_id])
        memberships.discount(connection, place, cluster_id, before)
    yield
    for place, cluster_id in found:
        after = memberships.sum_of(connection, place, [asset_id])
        memberships.count(connection, place, cluster_id, after)
        if after.size == 0:
            memberships.leave(connection, place, asset_id)


def depart(connection: Connection, clustering: Clustering | None, asset_id: UUID) -> None:
    """The asset goes for good, out of every edition; its vectors are still there."""
    for place in [] if clustering is None else _of(clustering):
        memberships.leave(connection, place, asset_id)


def trash_changes(
    connection: Connection, clustering: Clustering | None, asset_id: UUID, *, by: int
) -> None:
    """The asset went into the trash (`by` 1), or came out of it (-1)."""
    for place in [] if clustering is None else _of(clustering):
        memberships.trashed(connection, place.owner, place.edition, asset_id, by=by)


def _of(clustering: Clustering) -> list[Place]:
    site = clustering.site
    return [clustering.place] if site is None else [clustering.place, site]


def _in(clustering: Clustering, space_id: int) -> list[Place]:
    return [place for place in _of(clustering) if place.space_id == space_id]
