"""Places in a process of its own, which kills itself at a step.

Reads the numbers of steps, one in a line, and for each places until nothing is left, in a
process that dies with SIGKILL at that step. Answers with the signal that ended it.
"""

from __future__ import annotations

import os
import signal
import sys

import pytest
from mammothbox.catalog.connection import Database
from mammothbox.clustering.placement import Placing, place
from mammothbox.storage.placement import Copies

from infra.local import emulator
from infra.topology import LIBRARY_BUCKET
from tests.integration.steps import disturbed


def serve(url: str, port: int, owner: str) -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _place(url, port, owner, int(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _place(url: str, port: int, owner: str, number: int) -> None:
    copies = Copies(emulator.client("s3", port), LIBRARY_BUCKET, most_in_one_call=30, part_size=20)
    placing = Placing(Database(url), copies, abandoned_after_s=0)
    with (
        pytest.MonkeyPatch.context() as patches,
        disturbed(patches, number, lambda: os.kill(os.getpid(), signal.SIGKILL)),
    ):
        while not place(placing, owner, lambda: 300):
            pass


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
