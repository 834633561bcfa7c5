"""The AWS emulator that `make up` runs, for tests that need no more of a stack than that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local import emulator, lifeline
from infra.local.home import Home, choose_ports
from infra.topology import WORKERS


@contextmanager
def running(folder: Path) -> Iterator[int]:
    """The port on which it answers, with all buckets and queues."""
    home = Home(folder)
    home.prepare()
    port = choose_ports(home, 0).emulator
    process = emulator.start(home, port, WORKERS)
    try:
        yield port
    finally:
        lifeline.end(process, patience_s=2)
