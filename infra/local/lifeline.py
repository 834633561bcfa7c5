"""Runs a module as a child that cannot outlive its parent, not even one that was killed.

The parent holds the other end of standard input. When it closes, however that comes, so does
this process.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_LAST_WORDS_S = 5
REPOSITORY = Path(__file__).resolve().parents[2]


def start(
    module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Run `python -m module …` on a lifeline, its output appended to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "infra.local.lifeline", module, *arguments],
            cwd=REPOSITORY,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            # Ctrl-C in the terminal is the parent's to handle.
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes], patience_s: float) -> None:
    """Ask the process to end, and make it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _die_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    # It may write down what it has in memory, but not for long.
    time.sleep(_LAST_WORDS_S)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_die_with_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
