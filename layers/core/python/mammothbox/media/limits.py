"""What one file may take of memory, time and reading, and the process it is held to."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

MEBIBYTE = 1024**2
_MOST_OPEN_FILES = 32


class Limits(BaseModel):
    """For one file. `wall_s` leaves out the time in which the child waits for bytes."""

    model_config = ConfigDict(frozen=True)
    memory_bytes: int = Field(default=768 * MEBIBYTE, ge=MEBIBYTE)
    cpu_s: int = Field(default=60, ge=1)
    wall_s: float = Field(default=90, gt=0)
    read_bytes: int = Field(default=1024 * MEBIBYTE, ge=1)


def hold_to(limits: Limits) -> None:
    """Hold this process to the limits, for good.

    The memory is what it may take beside what it has: its libraries alone reserve hundreds of
    megabytes of addresses. It can write no file and leaves no core.
    """
    memory = _reserved_bytes() + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MOST_OPEN_FILES, _MOST_OPEN_FILES))


def _reserved_bytes() -> int:
    if sys.platform == "linux":
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    # Nobody else tells; macOS does not enforce the limit either.
    return 1024**4
