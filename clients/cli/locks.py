"""Files and folders that one process holds: two that write to the same would spoil it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from clients.cli.problems import REFUSED, Stop

if sys.platform != "win32":
    import fcntl


def hold(file: IO[bytes] | int) -> bool:
    """Hold the file until it is closed; whether nobody else does. Windows knows no such holding.

    Raises `OSError` where the file system keeps no locks.
    """
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def refuse_company(file: IO[bytes] | int, path: Path, doing: str) -> None:
    """Hold the file at this path. Raises `Stop` when another process does, or moved it away."""
    try:
        is_alone = hold(file)
    except OSError:
        # Without locks there is nothing to go by.
        is_alone = True
    try:
        is_there = os.path.samestat(os.fstat(_number(file)), path.stat())
    except FileNotFoundError:
        is_there = False
    if not is_alone or not is_there:
        raise Stop(f"{path}: another process is {doing}.", REFUSED)


@contextmanager
def alone_in(folder: Path, doing: str) -> Iterator[None]:
    """Hold the folder while the block runs. Raises `Stop` when another process does."""
    if sys.platform == "win32":
        # Folders cannot be opened there.
        yield
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        refuse_company(opened, folder, doing)
        yield
    finally:
        os.close(opened)


def _number(file: IO[bytes] | int) -> int:
    return file if isinstance(file, int) else file.fileno()
