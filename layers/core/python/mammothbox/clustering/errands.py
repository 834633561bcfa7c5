"""Chores of the cluster function: pieces of work on all that an owner has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from mammothbox.catalog import chores, cluster_names, clusterings, spaces
from mammothbox.catalog.connection import Database
from mammothbox.clustering import naming
from mammothbox.clustering.advise import advise
from mammothbox.clustering.assign import default_threshold
from mammothbox.clustering.chore_names import CONSOLIDATE, NAME, PLACE, REBUILD, SWEEP
from mammothbox.clustering.placement import Placing, place
from mammothbox.clustering.rebuild import rebuild, sweep
from mammothbox.clustering.tidy import tidy
from mammothbox.errands import Errands
from mammothbox.stages import Limits

_NAMED_AT_ONCE = 50


@dataclass(frozen=True)
class Clustering:
    """What the cluster worker works with. `time_left` is the invocation's, in seconds."""

    database: Database
    placing: Placing
    limits: Limits
    time_left: Callable[[], float]


def errands(clustering: Clustering) -> Errands:
    """The chores of clusters, by name."""
    return Errands(
        clustering.database,
        clustering.limits,
        clustering.time_left,
        {name: partial(step, clustering) for name, step in _STEPS.items()},
    )


def _name(clustering: Clustering, owner: str) -> bool:
    with clustering.database.transaction() as connection:
        found = clusterings.lock(connection, owner)
        if found is None:
            return True
        stale = cluster_names.stale(connection, owner, found.edition, _NAMED_AT_ONCE)
        named = naming.rename_stale(connection, owner, found.edition, stale)
    return named < _NAMED_AT_ONCE


def _consolidate(clustering: Clustering, owner: str) -> bool:
    with clustering.database.transaction() as connection:
        found = clusterings.lock(connection, owner)
        if found is None:
            return True
        space = spaces.by_id(connection, found.space_id)
        if not tidy(connection, found.place, default_threshold(space)):
            return False
        advise(connection, found.place, default_threshold(space))
        # Of what it moved.
        for following in (PLACE, NAME):
            chores.ask(connection, owner, following)
    return True


def _rebuild(clustering: Clustering, owner: str) -> bool:
    with clustering.database.transaction() as connection:
        if not rebuild(connection, owner):
            return False
        for following in (PLACE, NAME, SWEEP):
            chores.ask(connection, owner, following)
    return True


def _sweep(clustering: Clustering, owner: str) -> bool:
    with clustering.database.transaction() as connection:
        return sweep(connection, owner)


def _place(clustering: Clustering, owner: str) -> bool:
    return place(clustering.placing, owner, clustering.time_left)


_STEPS: Mapping[str, Callable[[Clustering, str], bool]] = {
    NAME: _name,
    PLACE: _place,
    CONSOLIDATE: _consolidate,
    REBUILD: _rebuild,
    SWEEP: _sweep,
}
