"""Standard input as a file: its hash and size must be known before it is sent."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from clients.cli import config
from clients.cli.locks import hold

_YOUNG_S = 60.0


@contextmanager
def standard_input(name: str) -> Iterator[Path]:
    """A file with all of standard input, as long as the block runs.

    What a process that was killed has left behind is removed first.
    """
    folder = config.state_folder() / "stdin"
    folder.mkdir(mode=0o700, exist_ok=True)
    _sweep(folder)
    suffix = Path(name).suffix[:20]
    with NamedTemporaryFile(dir=folder, suffix=suffix, delete=False) as file:
        path = Path(file.name)
        try:
            with suppress(OSError):
                hold(file)
            shutil.copyfileobj(sys.stdin.buffer, file)
            file.flush()
            yield path
        finally:
            path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove the files that no process holds; Windows lets nobody remove the others."""
    for path in folder.iterdir():
        with suppress(OSError):
            # One that is younger may not be held yet.
            if time.time() - path.stat().st_mtime > _YOUNG_S:
                with path.open("rb") as file:
                    if hold(file):
                        path.unlink()
