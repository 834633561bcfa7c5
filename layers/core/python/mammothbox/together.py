"""Several stages worked on as one: claimed one by one, found out together, concluded one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from mammothbox.catalog.connection import Database
from mammothbox.catalog.stages import StageKey
from mammothbox.messages import Outcome, Outgoing
from mammothbox.stages import Limits, NoSuchStage, Work, carry_out, take, was_purged

Found = TypeVar("Found")


def run_together(
    database: Database,
    keys: Sequence[StageKey],
    limits: Limits,
    *,
    find: Callable[[Sequence[Work]], Sequence[Found | Exception]],
    conclude: Callable[[Work, Found], Outgoing],
    forget: Callable[[StageKey], None],
) -> list[Outcome]:
    """What became of each stage, in the order of `keys`: what to send, or why it failed.

    `find` answers for every work it is given, with an exception for one that has no answer; if
    it raises, that is the answer for all of them. `forget` erases what may have been made of an
    asset that was purged. One stage's failure never touches another's.
    The exceptions are those of `stages.run`, for the stage's message to come back.
    """
    taken = [_taken(database, key, limits, forget) for key in keys]
    works = [item for item in taken if isinstance(item, Work)]
    found = iter(_found(find, works))
    return [
        _concluded(database, item, limits, next(found), conclude)
        if isinstance(item, Work)
        else item
        for item in taken
    ]


def _taken(
    database: Database, key: StageKey, limits: Limits, forget: Callable[[StageKey], None]
) -> Work | Outcome:
    try:
        return take(database, key, limits) or Outgoing()
    except NoSuchStage as error:
        return _forgotten(key, forget) if was_purged(database, key) else error
    except Exception as error:
        return error


def _forgotten(key: StageKey, forget: Callable[[StageKey], None]) -> Outcome:
    try:
        forget(key)
    except Exception as error:
        return error
    return Outgoing()


def _found(
    find: Callable[[Sequence[Work]], Sequence[Found | Exception]], works: Sequence[Work]
) -> Sequence[Found | Exception]:
    if not works:
        return []
    try:
        return find(works)
    except Exception as error:
        return [error] * len(works)


def _concluded(
    database: Database,
    work: Work,
    limits: Limits,
    found: Found | Exception,
    conclude: Callable[[Work, Found], Outgoing],
) -> Outcome:
    def act(work: Work) -> Outgoing:
        if isinstance(found, Exception):
            raise found
        return conclude(work, found)

    try:
        return carry_out(database, work, limits, act)
    except Exception as error:
        return error
