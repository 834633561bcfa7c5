"""Consolidation, carried out: neighbourhood after neighbourhood, until nothing has changed.

What came first decides online where things go; this puts neighbouring clusters in order as if
all of it had come at once. What a hand decided holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from mammothbox.catalog import clusters, editions, links, memberships, neighbourhoods
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.memberships import Place, Why
from mammothbox.catalog.neighbourhoods import Member, Shape
from mammothbox.clustering import naming
from mammothbox.clustering.assign import confirm_if_grown
from mammothbox.clustering.assignment import fixed
from mammothbox.clustering.consolidation import Plan, consolidate
from mammothbox.clustering.neighbourhood import NONE, Cluster, Neighbourhood
from mammothbox.ids import new_id

# As many members are put in order at once, all of them if the library has no more.
_AT_ONCE = 1500
# Otherwise those of so many clusters, of which larger ones stay whole. (With 60 in place of 400,
# early mistakes stayed, and the result depended on the order of arrival.)
_NEIGHBOURS = 40
_LARGE = 400


@dataclass(frozen=True)
class Scene:
    """A neighbourhood with the names of what is in it."""

    shapes: Sequence[Shape]
    members: Sequence[Member]
    around: Neighbourhood


def tidy(connection: Connection, place: Place, threshold: float) -> bool:
    """Put one neighbourhood in order; whether that was the last that had changed.

    Whoever calls this holds the owner's clustering lock.
    """
    seed = neighbourhoods.changed(connection, place)
    if seed is None:
        return True
    if neighbourhoods.members_in_all(connection, place) <= _AT_ONCE:
        shapes, seeds = neighbourhoods.every(connection, place), None
    else:
        shapes, seeds = neighbourhoods.around(connection, place, seed, _NEIGHBOURS), [seed]
    scene = _look(connection, place, shapes)
    touched = _carry_out(connection, place, scene, consolidate(scene.around, threshold), threshold)
    ids = [shape.id for shape in shapes]
    neighbourhoods.measure(connection, place, sorted({*(seeds or ids), *touched}))
    return seeds is None


def _look(connection: Connection, place: Place, shapes: Sequence[Shape]) -> Scene:
    whole = _listed(shapes)
    in_part = [shape.id for shape in shapes if shape.id not in whole]
    members = neighbourhoods.members(connection, place, whole, in_part)
    number = {shape.id: at for at, shape in enumerate(shapes)}
    home = np.array([number[member.cluster_id] for member in members], np.intp)
    vectors = np.stack([member.vector for member in members]) if members else np.empty((0, 1))
    at = {member.asset_id: index for index, member in enumerate(members)}
    pairs = links.among(connection, place.owner, list(at))
    return Scene(
        shapes,
        members,
        Neighbourhood(
            clusters=[_cluster(shape, members, shape.id in in_part) for shape in shapes],
            vectors=vectors.astype(np.float32),
            home=home,
            pinned=np.array([member.pinned for member in members], bool),
            must=[(at[x.asset_a], at[x.asset_b]) for x in pairs if x.kind == "must"],
            cannot=[(at[x.asset_a], at[x.asset_b]) for x in pairs if x.kind == "cannot"],
        ),
    )


def _listed(shapes: Sequence[Shape]) -> list[UUID]:
    """The clusters whose members are looked at one by one, the smallest first."""
    listed, members = [], 0
    for shape in sorted(shapes, key=lambda shape: (shape.size, shape.id)):
        members += shape.size
        if members > _AT_ONCE or (shape.size > _LARGE and members > shape.size):
            break
        listed.append(shape.id)
    return listed


def _cluster(shape: Shape, members: Sequence[Member], is_large: bool) -> Cluster:
    if not is_large:
        return Cluster(shape.threshold, shape.kept)
    listed = [member.vector for member in members if member.cluster_id == shape.id]
    total = np.array(shape.total, np.int64)
    if listed:
        total = total - fixed(np.stack(listed)).sum(axis=0)
    return Cluster(shape.threshold, shape.kept, total, shape.size - len(listed))


def _carry_out(
    connection: Connection, place: Place, scene: Scene, plan: Plan, threshold: float
) -> set[UUID]:
    """Move what has to move; returns the clusters that have changed by it."""
    ids = [shape.id for shape in scene.shapes] + [new_id() for _ in range(plan.opened)]
    for at in range(len(scene.shapes), len(ids)):
        first = next(
            member for member, home in zip(scene.members, plan.home, strict=True) if home == at
        )
        clusters.open_new(
            connection,
            place.owner,
            place.edition,
            ids[at],
            name=naming.first_name(connection, place.owner, first.asset_id),
            threshold=threshold,
        )
    went = _pour(connection, place, scene, plan, ids)
    for index, member in enumerate(scene.members):
        target = ids[plan.home[index]]
        if target == member.cluster_id:
            continue
        memberships.move(
            connection,
            place,
            [member.asset_id],
            source=member.cluster_id,
            target=target,
            by_machine=True,
        )
        memberships.explain(connection, place, member.asset_id, _why(plan, ids, index, threshold))
        went.setdefault(member.cluster_id, Counter())[target] += 1
    _let_go(connection, place, went)
    touched = {*went, *(target for targets in went.values() for target in targets)}
    for each in touched:
        confirm_if_grown(connection, place, each)
    return touched


def _pour(
    connection: Connection, place: Place, scene: Scene, plan: Plan, ids: Sequence[UUID]
) -> dict[UUID, Counter[UUID]]:
    """Large clusters that become part of another do so as a whole."""
    went: dict[UUID, Counter[UUID]] = {}
    for at, shape in enumerate(scene.shapes):
        home = plan.core[at]
        if home in (NONE, at):
            continue
        listed = {m.asset_id for m in scene.members if m.cluster_id == shape.id}
        unlisted = [
            each
            for each in memberships.of_cluster(connection, place.owner, place.edition, shape.id)
            if each not in listed
        ]
        memberships.move(
            connection, place, unlisted, source=shape.id, target=ids[home], by_machine=True
        )
        went[shape.id] = Counter({ids[home]: len(unlisted)})
    return went


def _let_go(connection: Connection, place: Place, went: dict[UUID, Counter[UUID]]) -> None:
    """A cluster that lost all its members leads to where most of them went.

    Unless it has some in the other edition, whose place is no matter of this one.
    """
    left = clusters.several(connection, place.owner, place.edition, list(went))
    lives_on = editions.in_others(connection, place, list(went))
    for cluster_id, targets in went.items():
        if left[cluster_id].size == 0 and cluster_id not in lives_on:
            goal = max(targets, key=lambda target: (targets[target], target))
            goal = clusters.where_merged(connection, place.owner, goal)
            if goal != cluster_id:
                clusters.set_status(connection, place.owner, cluster_id, "merged", merged_into=goal)


def _why(plan: Plan, ids: Sequence[UUID], index: int, threshold: float) -> Why:
    second = plan.runner_up[index]
    return Why(
        similarity=float(plan.similarity[index]),
        threshold=threshold,
        runner_up=None if second == NONE else ids[second],
        runner_up_similarity=None if second == NONE else float(plan.runner_up_similarity[index]),
    )
