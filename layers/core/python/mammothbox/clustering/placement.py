"""Placement: the library's copy of each original lies in the folder of its asset's cluster.

S3 copies; nothing passes through here. Each step is recorded so that a run cut short at any
point is made good by the next: first the row of the copy that is begun, then the copy, then in
one transaction the copy takes the place of the earlier one, then the earlier one goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog import clusterings, placements
from mammothbox.catalog.connection import Database
from mammothbox.catalog.placements import Left, Unplaced
from mammothbox.errors import Retryable
from mammothbox.observability import logger
from mammothbox.storage.blobs import BlobGone
from mammothbox.storage.erase import MOST_PER_CALL
from mammothbox.storage.placement import SPARE_S, Copies, Original, canonical_key

_AT_ONCE = 8
_BATCH = 100
_SETTLED_AT_ONCE = 1000
# After so many the store is out of order rather than an object.
_MOST_FAILURES = 20


@dataclass(frozen=True)
class Placing:
    """What placement works with.

    When a copy was begun `abandoned_after_s` ago nobody is at it any more: the longest function
    has ended, and whatever it asked of S3.
    """

    database: Database
    copies: Copies
    abandoned_after_s: float = 1200


def place(placing: Placing, owner: str, time_left: Callable[[], float]) -> bool:
    """Copy what is not where it belongs, and remove the copies that are of no use any more.

    `True` when nothing is left to do, `False` when the time was too short. One call at a time
    for an owner. Raises the first failure after everything else was done; `Retryable` when
    copies are left that somebody may still be at; `Unavailable` when the catalogue does not
    answer.
    """
    while not _settle_some(placing.database, owner) and time_left() > SPARE_S:
        pass
    failures: dict[UUID, Exception] = {}
    _copy_all(placing, owner, time_left, failures)
    while time_left() > SPARE_S and _remove_some(placing, owner):
        pass
    for failure in failures.values():
        raise failure
    with placing.database.transaction() as connection:
        left = placements.left(connection, owner)
    if left == Left(to_place=False, old=False, begun=True):
        raise Retryable("copy_abandoned", "A copy that was given up may still land.")
    return left == Left(to_place=False, old=False, begun=False)


def _settle_some(database: Database, owner: str) -> bool:
    with database.transaction() as connection:
        clusterings.lock(connection, owner)
        return placements.settle(connection, owner, _SETTLED_AT_ONCE)


def _copy_all(
    placing: Placing,
    owner: str,
    time_left: Callable[[], float],
    failures: dict[UUID, Exception],
) -> None:
    running: dict[Future[bool], Unplaced] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for item in _wanted(placing.database, owner):
            if time_left() < SPARE_S or len(failures) >= _MOST_FAILURES:
                break
            with placing.database.transaction() as connection:
                placements.begin(connection, owner, item, _key(item))
            running[pool.submit(_copy, placing.copies, item, time_left)] = item
            if len(running) == _AT_ONCE:
                _conclude_some(placing.database, owner, running, failures)
        while running:
            _conclude_some(placing.database, owner, running, failures)


def _wanted(database: Database, owner: str) -> Iterator[Unplaced]:
    """What is to be copied; of the rest it is noted on the way that it lies there already.

    Copies that were begun before come last: what fails again and again holds up nobody.
    """
    begun: list[Unplaced] = []
    after = None
    while True:
        with database.transaction() as connection:
            batch = placements.unplaced(connection, owner, after=after, limit=_BATCH)
            there = [item.asset_id for item in batch if item.state == "placed"]
            if there:
                clusterings.lock(connection, owner)
                placements.recognise(connection, owner, there)
        movable = [item for item in batch if not item.stays]
        begun += [item for item in movable if item.state == "begun"]
        yield from (item for item in movable if item.state in (None, "old"))
        if len(batch) < _BATCH:
            break
        after = batch[-1].asset_id
    yield from begun


def _key(item: Unplaced) -> str:
    return canonical_key(item.cluster_id, item.asset_id, item.content_type)


def _copy(copies: Copies, item: Unplaced, time_left: Callable[[], float]) -> bool:
    original = Original(item.bucket, item.raw_key, item.version_id, item.size_bytes)
    return copies.copy(original, _key(item), item.content_type, time_left)


def _conclude_some(
    database: Database,
    owner: str,
    running: dict[Future[bool], Unplaced],
    failures: dict[UUID, Exception],
) -> None:
    """Wait for a copy to end, and record it."""
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        item = running.pop(future)
        try:
            _conclude(database, owner, item, future)
        except Exception as error:
            logger.exception("a copy was put off", extra={"asset_id": str(item.asset_id)})
            failures[item.asset_id] = error


def _conclude(database: Database, owner: str, item: Unplaced, future: Future[bool]) -> None:
    try:
        record = placements.conclude if future.result() else placements.pause
    except BlobGone:
        logger.warning("an original is gone", extra={"asset_id": str(item.asset_id)})
        record = placements.give_up
    with database.transaction() as connection:
        record(connection, owner, item, _key(item))


def _remove_some(placing: Placing, owner: str) -> bool:
    """Remove copies of no use; whether there were any.

    They are locked meanwhile, so that none is begun anew that is just being removed.
    """
    with placing.database.transaction() as connection:
        copies = placements.lock_removable(
            connection, owner, abandoned_after_s=placing.abandoned_after_s, limit=MOST_PER_CALL
        )
        for copy in copies:
            if copy.making:
                placing.copies.abort(copy.key)
        placing.copies.erase([copy.key for copy in copies])
        placements.forget(connection, owner, copies)
    return bool(copies)
