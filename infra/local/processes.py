"""What the operating system knows about processes that are not our children."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil


def folder(pid: int) -> Path | None:
    """The working directory of process `pid`; none when it is gone or a zombie."""
    try:
        return Path(psutil.Process(pid).cwd())
    except psutil.Error:
        return None


def exists(pid: int) -> bool:
    """Whether `pid` is taken, be it by a zombie."""
    return psutil.pid_exists(pid)


def works_in(folder: Path) -> bool:
    """Whether any process has `folder` as its working directory."""
    return any(process.info["cwd"] == str(folder) for process in psutil.process_iter(["cwd"]))


def kill_descendants(pid: int) -> None:
    """Kill everything that process `pid` started and that did not detach itself."""
    try:
        descendants = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return
    for process in descendants:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def kill(pid: int) -> None:
    """Kill process `pid` after its descendants, since it may be the one that runs this."""
    kill_descendants(pid)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
