"""How a stack ends: when somebody asks, and by force when that takes too long.

Either way nothing of it is alive ten seconds after it was asked.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from infra.local import postgres, processes
from infra.local.home import Home, UpError, is_occupied, occupant

# A stack that was asked ends itself by force after this time.
_PATIENCE_S = 7.0
# Somebody else does it a little later, should it be unable even to do that.
_PATIENCE_OF_OTHERS_S = 7.5
_KILLED_WITHIN_S = 1.0


def listen(stop: threading.Event, force: Callable[[], None]) -> None:
    """Set `stop` at Ctrl-C and SIGTERM; call `force` if this process is not gone soon after."""
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    # Through a socket: a handler that set the event itself could wait for a lock of the event's
    # that the very thread it interrupted holds.
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)

    def wait() -> None:
        with reading, writing:
            reading.recv(1)
            stop.set()
            time.sleep(_PATIENCE_S)
            force()

    threading.Thread(target=wait, name="signals", daemon=True).start()


def by_force(home: Home, pid: int) -> None:
    """Kill the stack that process `pid` runs, be it this one; Postgres recovers when started."""
    # In this order: once Postgres is gone, the process may end by itself and leave the others.
    processes.kill_descendants(pid)
    postmaster = postgres.postmaster(postgres.Server(home.database, durable=True))
    if postmaster is not None:
        processes.kill(postmaster)
    processes.kill(pid)


def end(home: Home) -> str:
    """End what runs in the home and tell what that was. Raises `UpError` if it stays."""
    if not is_occupied(home):
        if postgres.stop_orphan(home.database):
            return "nothing was running but Postgres, left behind by a killed stack: ended"
        return "nothing is running"
    started = time.monotonic()
    # One that is just starting has not told its id yet.
    if not _within(started + _PATIENCE_OF_OTHERS_S, lambda: occupant(home)[0] is not None):
        raise UpError(f"somebody holds {home.lock} without saying who")
    pid, _ = occupant(home)
    if pid is None:
        return "ended"
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    if _within(started + _PATIENCE_OF_OTHERS_S, lambda: not is_occupied(home)):
        return "ended"
    by_force(home, pid)
    if _within(time.monotonic() + _KILLED_WITHIN_S, lambda: not is_occupied(home)):
        return "ended by force, since it did not end by itself; nothing that was stored is lost"
    raise UpError(f"process {pid} does not end")


def _within(deadline: float, condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true before the deadline."""
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
