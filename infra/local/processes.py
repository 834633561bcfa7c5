"""What the operating system knows about processes that are not our children."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil


def program(pid: int) -> str:
    """What process `pid` runs; empty when it is gone or a zombie."""
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


def exists(pid: int) -> bool:
    """Whether `pid` is taken, be it by a zombie."""
    return psutil.pid_exists(pid)


def works_in(folder: Path) -> bool:
    """Whether any process has `folder` as its working directory."""
    return any(process.info["cwd"] == str(folder) for process in psutil.process_iter(["cwd"]))


def kill(pid: int) -> None:
    """Kill process `pid` with all its descendants."""
    try:
        top = psutil.Process(pid)
        descendants = top.children(recursive=True)
    except psutil.NoSuchProcess:
        return
    # Itself last, since it may be the one that runs this.
    for process in [*descendants, top]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
