"""What the operating system knows about processes that are not our children."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_PROC = Path("/proc")


def program(pid: int) -> str:
    """What process `pid` runs; empty when it is gone or a zombie."""
    try:
        if (_PROC / "self").exists():
            # Empty for a zombie.
            return (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace")
        ps = ["/bin/ps", "-o", "args=", "-p", str(pid)]
        return subprocess.run(ps, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def exists(pid: int) -> bool:
    """Whether `pid` is taken, be it by a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def works_in(folder: Path) -> bool:
    """Whether any process has `folder` as its working directory. Without /proc, nobody knows."""
    for link in _PROC.glob("[0-9]*/cwd"):
        try:
            if link.readlink() == folder:
                return True
        except OSError:
            continue
    return False
