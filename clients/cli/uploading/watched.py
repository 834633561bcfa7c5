"""A folder that changes: which of its files are at rest, and which are gone for good."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clients.cli.problems import ServerProblem
from clients.cli.server import Server
from clients.cli.uploading.files import Choice, Found, Identity, walk
from clients.cli.uploading.journal import Journal, Shelf

# Programs that download write to such names first, and rename when they are done.
PARTIAL = ("*.part", "*.partial", "*.crdownload", "*.download", "*.tmp", "*.filepart", "*~", ".#*")
# More at once than this share, and it is rather a folder that is not there.
_MOST_GONE = 0.5
_FEW = 10
_NOT_THERE = 404


@dataclass
class Watched:
    """What was seen of a folder so far. A file is at rest once it has not changed for a while."""

    folder: Path
    choice: Choice
    settle_s: float
    _since: dict[Path, tuple[Identity, float]] = field(default_factory=dict)
    _done: dict[Path, Identity] = field(default_factory=dict)
    _gone_since: dict[Path, float] = field(default_factory=dict)

    def settled(self) -> list[Found]:
        """Look at the folder; the files that are at rest now and were not handed out as such."""
        now = time.monotonic()
        files = {one.path: one for one in walk(self.folder, self.choice) if isinstance(one, Found)}
        self._since = {
            path: known
            if (known := self._since.get(path)) and known[0] == file.identity
            else (file.identity, now)
            for path, file in files.items()
        }
        return [
            file
            for path, file in files.items()
            if now - self._since[path][1] >= self.settle_s and self._done.get(path) != file.identity
        ]

    def handed_out(self, files: Sequence[Found]) -> None:
        """These need not be told of again unless they change."""
        self._done |= {file.path: file.identity for file in files}

    @property
    def is_waiting(self) -> bool:
        """Whether some file is not at rest yet, so that it is worth looking again soon."""
        return any(self._done.get(path) != known[0] for path, known in self._since.items()) or bool(
            self._gone_since
        )

    def gone(self, journal: Journal, shelf: Shelf) -> dict[Path, str]:
        """The files that were uploaded from here and have not been there for a while, by hash."""
        now = time.monotonic()
        placed = journal.places(shelf, self.folder)
        missing = {path: sha256 for path, sha256 in placed.items() if path not in self._since}
        self._gone_since = {path: self._gone_since.get(path, now) for path in missing}
        return {
            path: sha256
            for path, sha256 in missing.items()
            if now - self._gone_since[path] >= self.settle_s and _is_gone(path)
        }

    def is_too_much(self, gone: int, journal: Journal, shelf: Shelf) -> bool:
        """Whether so many gone at once look like a folder that is not mounted."""
        placed = len(journal.places(shelf, self.folder))
        return gone > _FEW and gone > placed * _MOST_GONE


def _is_gone(path: Path) -> bool:
    """A file in a folder that may not be looked into is not."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def follow_deletion(
    server: Server, journal: Journal, shelf: Shelf, path: Path, sha256: str
) -> str | None:
    """Put the object of a file that is gone into the trash; its id, if that was to be done.

    Nothing is done for bytes that still are in another file that was uploaded.
    """
    entry = journal.find(shelf, sha256)
    elsewhere = any(not _is_gone(other) for other in journal.places_of(shelf, sha256))
    if entry is None or entry.system_id is None or elsewhere:
        journal.unplace(shelf, path)
        return None
    try:
        server.delete(f"objects/{entry.system_id}")
    except ServerProblem as problem:
        if problem.status != _NOT_THERE:
            raise
    journal.forget(entry)
    # Last: whatever failed before is done at the next look.
    journal.unplace(shelf, path)
    return entry.system_id
