"""Pairs that must, or must not, share a cluster, because a hand said so."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any
from uuid import UUID

from mammothbox.catalog import links, memberships
from mammothbox.catalog.connection import Database
from mammothbox.catalog.links import Link
from mammothbox.clustering.acts import (
    Decided,
    bring,
    refuse,
    refuse_if_linked_apart,
    where_they_were,
)
from mammothbox.clustering.assign import come_along, put
from mammothbox.clustering.decide import Act, By, Table, facets, put_down, sitting
from mammothbox.errors import NotFound, Refused
from mammothbox.ids import new_id


def must(database: Database, by: By, one: UUID, other: UUID) -> tuple[UUID, Decided]:
    """Bring the other, with all it must be with, to the one, and keep them together.

    Returns the link's id, too. Raises `Refused` when a link says the contrary.
    """
    with sitting(database, by) as table:
        _refuse_linked(table, one, other)
        goal = table.member(one).cluster_id
        table.member(other)
        along = links.bound_to(table.connection, by.owner, [other])
        here = links.bound_to(table.connection, by.owner, [one])
        refuse(links.parting(table.connection, by.owner, here, along))
        refuse_if_linked_apart(table, [each for each in along if each not in here], goal)
        link = Link(new_id(), "must", one, other)
        links.insert(table.connection, by.owner, link)
        moved = sorted({one, *along})
        decided = bring(
            table,
            moved,
            goal,
            action="link",
            detail=_told(link),
            touches=facets("link", link.id),
        )
        return link.id, decided


def cannot(database: Database, by: By, one: UUID, other: UUID) -> tuple[UUID, Decided]:
    """Keep the two apart; if they are together, the other goes, with all it must be with.

    Returns the link's id, too. Raises `Refused` when links say that they must be together.
    """
    with sitting(database, by) as table:
        _refuse_linked(table, one, other)
        here, there = table.member(one), table.member(other)
        along = links.bound_to(table.connection, by.owner, [other])
        if one in along:
            raise Refused(409, "must_link", "Links say that these two must be together.")
        link = Link(new_id(), "cannot", one, other)
        links.insert(table.connection, by.owner, link)
        before = memberships.of_assets(table.connection, by.owner, table.place.edition, along)
        if here.cluster_id == there.cluster_id:
            send_away(table, other, list(before), here.cluster_id)
        act = Act(
            "link",
            touches=facets("link", link.id),
            cluster_ids=sorted({here.cluster_id, there.cluster_id}),
            asset_ids=sorted({one, *along}),
            before=where_they_were(before.values()),
            detail=_told(link),
        )
        return link.id, Decided(put_down(table, act), here.cluster_id)


def send_away(table: Table, first: UUID, together: Sequence[UUID], away_from: UUID) -> None:
    """Out of a cluster, to where the first of them belongs and none of them is forbidden to be.

    Each of them is in a cluster by now.
    """
    cluster = table.cluster(away_from)
    linked = chain.from_iterable(
        links.of_asset(table.connection, table.owner, table.place.edition, each)
        for each in together
    )
    never = {one.cluster_id for one in linked if one.kind == "cannot" and one.cluster_id}
    for each in together:
        memberships.leave(table.connection, table.place, each)
    goal = put(
        table.connection,
        table.place,
        first,
        threshold=cluster.threshold,
        never=sorted({away_from, *never}),
    )
    for each in together:
        if each != first:
            come_along(table.connection, table.place, each, goal)


def unlink(database: Database, by: By, link_id: UUID) -> Decided:
    """Let machines decide about the pair again; nothing moves now. Raises `NotFound`."""
    with sitting(database, by) as table:
        link = links.get(table.connection, by.owner, link_id)
        if link is None:
            raise NotFound("link", link_id)
        links.delete(table.connection, by.owner, link_id)
        where = memberships.of_assets(
            table.connection, by.owner, table.place.edition, [link.asset_a, link.asset_b]
        )
        cluster_ids = sorted({each.cluster_id for each in where.values()})
        act = Act(
            "unlink",
            touches=facets("link", link.id),
            cluster_ids=cluster_ids,
            asset_ids=[link.asset_a, link.asset_b],
            before={
                "id": str(link.id),
                "kind": link.kind,
                "asset_a": str(link.asset_a),
                "asset_b": str(link.asset_b),
            },
            detail=_told(link),
        )
        return Decided(put_down(table, act), cluster_ids[0] if cluster_ids else None)


def _told(link: Link) -> dict[str, Any]:
    return {
        "link": str(link.id),
        "kind": link.kind,
        "assets": [str(link.asset_a), str(link.asset_b)],
    }


def _refuse_linked(table: Table, one: UUID, other: UUID) -> None:
    if one == other:
        raise Refused(422, "same_object", "A link is between two objects.")
    if found := links.between(table.connection, table.owner, one, other):
        raise Refused(
            409,
            "linked_before",
            f"There is a link {found.id} ({found.kind}) between them: remove it.",
        )
