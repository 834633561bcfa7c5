"""Chores of the cluster function: pieces of work on all that an owner has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mammothbox.catalog import chores, cluster_names, clusterings, spaces
from mammothbox.catalog.chores import Chore
from mammothbox.catalog.connection import Database
from mammothbox.clustering import naming
from mammothbox.clustering.advise import advise
from mammothbox.clustering.assign import default_threshold
from mammothbox.clustering.chore_names import CONSOLIDATE, NAME, PLACE, REBUILD, SWEEP
from mammothbox.clustering.placement import Placing, place
from mammothbox.clustering.rebuild import rebuild, sweep
from mammothbox.clustering.tidy import tidy
from mammothbox.errors import Permanent
from mammothbox.messages import ChoreCall
from mammothbox.observability import logger
from mammothbox.stages import Limits

# A chore's failure may mend itself; it is tried again after this.
_AGAIN_AFTER_S = 60
_NAMED_AT_ONCE = 50
# What the last step of a piece may still take.
_SPARE_S = 20


@dataclass(frozen=True)
class Clustering:
    """What the cluster worker works with. `time_left` is the invocation's, in seconds."""

    database: Database
    placing: Placing
    limits: Limits
    time_left: Callable[[], float]


# Does a step of a chore; whether that was the last.
Step = Callable[[Clustering, str], bool]


def do(clustering: Clustering, call: ChoreCall) -> None:
    """Do a piece of the chore, or all of it; a failure is on its row, to be tried again.

    Raises `Permanent` for a chore that there is not.
    """
    step = _STEPS.get(call.chore)
    if step is None:
        raise Permanent("no_such_chore", f"There is no chore {call.chore!r}.")
    with clustering.database.transaction() as connection:
        chore = chores.claim(connection, call.owner, call.chore, clustering.limits.lease_s)
    if chore is None:
        return
    with logger.append_context_keys(owner=call.owner, chore=call.chore):
        _do_a_piece(clustering, chore, step)


def _do_a_piece(clustering: Clustering, chore: Chore, step: Step) -> None:
    try:
        is_done = step(clustering, chore.owner)
        while not is_done and clustering.time_left() > _SPARE_S:
            is_done = step(clustering, chore.owner)
    except Exception as error:
        logger.exception("a chore was put off")
        with clustering.database.transaction() as connection:
            chores.put_down(connection, chore, after_s=_AGAIN_AFTER_S, error=type(error).__name__)
        return
    with clustering.database.transaction() as connection:
        if is_done:
            chores.finish(connection, chore)
        else:
            chores.put_down(connection, chore)


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


_STEPS: Mapping[str, Step] = {
    NAME: _name,
    PLACE: _place,
    CONSOLIDATE: _consolidate,
    REBUILD: _rebuild,
    SWEEP: _sweep,
}
