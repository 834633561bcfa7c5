"""What somebody who presses Ctrl-C is told: how far it is, and how to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread

from clients.cli.output import note
from clients.cli.problems import PROBLEMS, Unreachable

# What those need who are not waiting for somebody else.
_MOMENT_S = 1.0
_AGAIN = "Nothing is lost: run the same command again to go on."


@contextmanager
def telling_of_interruptions(
    how_far: Callable[[], str], begun: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Say how far something came when Ctrl-C or a server that is away ends it early.

    Once it has `begun`, that is also said when anything else ends it. To be around any bars:
    whoever sees one and presses Ctrl-C is told.
    """
    try:
        yield
    except (KeyboardInterrupt, *PROBLEMS) as error:
        if begun() or isinstance(error, KeyboardInterrupt | Unreachable):
            word = "Interrupted" if isinstance(error, KeyboardInterrupt) else "Stopped"
            note(f"{word}: {how_far()} {_AGAIN}", "yellow")
        raise


@contextmanager
def lanes(parallel: int, stop: Event) -> Iterator[ThreadPoolExecutor]:
    """Threads that end once the block has failed, for `stop` is set. Who waits for an answer then
    is left behind; the others are given a moment, so that they leave no line open."""
    pool = ThreadPoolExecutor(parallel)
    try:
        yield pool
    except BaseException:
        # First, so that nobody who ends begins with the next.
        pool.shutdown(wait=False, cancel_futures=True)
        stop.set()
        ending = Thread(target=pool.shutdown, daemon=True)
        ending.start()
        ending.join(_MOMENT_S)
        raise
    pool.shutdown()
