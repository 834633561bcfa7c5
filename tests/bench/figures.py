"""Measuring and printing."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory


def machine() -> str:
    """What this ran on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        model = next(
            (line.split(": ")[1] for line in lines if line.startswith("model name")), model
        )
    return f"{os.cpu_count()} cores, {model}, {platform.system()}"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for a stack; its watchdog may still be leaving when the folder goes."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def timed(act: Callable[[], object], times: int, warm_up: int = 5) -> list[float]:
    """How many milliseconds each call took."""
    taken = []
    # What is measured writes its metrics to standard output.
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        for number in range(warm_up + times):
            began = time.perf_counter()
            act()
            if number >= warm_up:
                taken.append((time.perf_counter() - began) * 1000)
    return taken


def row(name: str, taken: list[float]) -> None:
    """Print a line of a table."""
    p95 = statistics.quantiles(taken, n=20)[-1]
    print(f"  {name:<44} median {statistics.median(taken):7.1f} ms   p95 {p95:7.1f} ms")
