"""Chores: pieces of work on all that an owner has, done for as long as there is time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mammothbox.catalog import chores
from mammothbox.catalog.chores import Chore
from mammothbox.catalog.connection import Database
from mammothbox.errors import Permanent
from mammothbox.messages import ChoreCall
from mammothbox.observability import logger
from mammothbox.stages import Limits

# A chore's failure may mend itself; it is tried again after this.
_AGAIN_AFTER_S = 60
# What the last step of a piece may still take.
_SPARE_S = 20

# Does a step of an owner's chore; whether that was the last.
Step = Callable[[str], bool]


@dataclass(frozen=True)
class Errands:
    """What chores are done with. `time_left` is the invocation's, in seconds."""

    database: Database
    limits: Limits
    time_left: Callable[[], float]
    steps: Mapping[str, Step]


def do(errands: Errands, call: ChoreCall) -> None:
    """Do a piece of the chore, or all of it; a failure is on its row, to be tried again.

    Raises `Permanent` for a chore that there is not.
    """
    step = errands.steps.get(call.chore)
    if step is None:
        raise Permanent("no_such_chore", f"There is no chore {call.chore!r}.")
    with errands.database.transaction() as connection:
        chore = chores.claim(connection, call.owner, call.chore, errands.limits.lease_s)
    if chore is None:
        return
    with logger.append_context_keys(owner=call.owner, chore=call.chore):
        _do_a_piece(errands, chore, step)


def _do_a_piece(errands: Errands, chore: Chore, step: Step) -> None:
    try:
        is_done = step(chore.owner)
        while not is_done and errands.time_left() > _SPARE_S:
            is_done = step(chore.owner)
    except Exception as error:
        logger.exception("a chore was put off")
        with errands.database.transaction() as connection:
            chores.put_down(connection, chore, after_s=_AGAIN_AFTER_S, error=type(error).__name__)
        return
    with errands.database.transaction() as connection:
        if is_done:
            chores.finish(connection, chore)
        else:
            chores.put_down(connection, chore)
