"""Bytecode beside the sources of what is deployed.

Lambda's folders cannot be written to, so a function that comes without bytecode compiles all that
it imports at each cold start: for search, half as long again as importing alone takes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def compiler(version: str) -> str | None:
    """A Python of that version, which alone writes what Lambda's can read; if there is one here."""
    for python in (sys.executable, shutil.which(f"python{version}")):
        if python is not None and _version(python) == version:
            return python
    return None


def write(python: str, folder: Path) -> None:
    """Compile all below the folder.

    The same sources give the same bytes: none says when or where it was written, and Python does
    not ask. Raises `CalledProcessError` for a source that is no Python.
    """
    subprocess.run(
        [
            *(python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
            *("-s", str(folder), str(folder)),
        ],
        check=True,
        stdout=sys.stderr,
    )


def _version(python: str) -> str:
    # A name that leads nowhere answers with an error, as those of managers of versions do.
    told = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip()
