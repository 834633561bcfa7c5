"""Stops a shared Postgres when nobody holds a lease on it any more.

Runs detached, one for each home, and survives whoever started it.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from pathlib import Path
from typing import TextIO

from infra.local import postgres

# A test run that ends and another that begins need not stop and start the server.
_GRACE_S = 0.5


def detach(home: Path) -> None:
    """Leave a watchdog behind, unless `home` has one. Returns in the caller only."""
    only_one = (home / "watchdog.lock").open("w")
    if not postgres.try_to_lock(only_one) or os.fork():
        return
    os.setsid()
    os.chdir("/")
    server = postgres.Server(home, durable=True)
    while not _stopped(server, only_one):
        time.sleep(_GRACE_S)
    os._exit(0)


def _stopped(server: postgres.Server, only_one: TextIO) -> bool:
    """Wait until all leases are gone, then stop the server; false if a new one came meanwhile."""
    with (server.home / "lease.lock").open("w") as lease:
        fcntl.flock(lease, fcntl.LOCK_EX)
    time.sleep(_GRACE_S)
    with (server.home / "start.lock").open("w") as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        with (server.home / "lease.lock").open("w") as lease:
            if not postgres.try_to_lock(lease):
                return False
            postgres.stop(server)
        # Before the start lock, so that whoever starts the server next gets a new watchdog.
        only_one.close()
    return True


if __name__ == "__main__":
    detach(Path(sys.argv[1]))
