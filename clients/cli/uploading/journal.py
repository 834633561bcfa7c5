"""What was announced, and what has arrived: a small database that survives every interruption.

An entry stands for some bytes in one account and collection, whatever the file is called. It is
written before anything is announced, with the idempotency key of the announcement: whoever
finds it later repeats that very announcement and gets the same places to send to.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from clients.cli.problems import Stop
from clients.cli.uploading.files import Found

_TABLES = """
    -- What older versions knew files by; it missed changes behind a date that was set back.
    DROP TABLE IF EXISTS hashed;
    CREATE TABLE IF NOT EXISTS file_hash (
        path BLOB PRIMARY KEY, device INTEGER, inode INTEGER, size INTEGER, mtime_ns INTEGER,
        ctime_ns INTEGER, sha256 TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS file_hash_identity ON file_hash (inode, device, size);
    CREATE TABLE IF NOT EXISTS batch (key TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS entry (
        account TEXT, collection TEXT, sha256 TEXT,
        batch TEXT NOT NULL, position INTEGER NOT NULL, job_id TEXT, system_id TEXT,
        arrived INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (account, collection, sha256)
    );
    CREATE INDEX IF NOT EXISTS entry_batch ON entry (batch, position);
    CREATE TABLE IF NOT EXISTS place (
        account TEXT, collection TEXT, path BLOB, sha256 TEXT NOT NULL,
        PRIMARY KEY (account, collection, path)
    );
    CREATE TABLE IF NOT EXISTS noted (
        account TEXT, system_id TEXT, edit TEXT NOT NULL, PRIMARY KEY (account, system_id)
    );
    CREATE INDEX IF NOT EXISTS place_content ON place (account, collection, sha256);
"""
# A file that changed this lately may change again within the same tick of its clock.
_RACY_NS = 2_000_000_000
_OTHERS_WRITE_S = 60


@dataclass(frozen=True)
class Shelf:
    """Where bytes are to go: whose library, and which collection of it ('' for none)."""

    account: str
    collection: str


@dataclass(frozen=True)
class Entry:
    """Some bytes on a shelf. `arrived`: S3 has said that it has them."""

    shelf: Shelf
    sha256: str
    batch: str
    position: int
    job_id: str | None = None
    system_id: str | None = None
    arrived: bool = False


@dataclass(frozen=True)
class Journal:
    """The open journal; may be used by threads, and by several processes at once."""

    connection: sqlite3.Connection
    turn: threading.RLock = field(default_factory=threading.RLock)

    def hash_of(self, file: Found) -> str | None:
        """The hash of the very same file, by whichever of its names, if it was computed."""
        rows = self._rows(
            "SELECT sha256 FROM file_hash WHERE device = ? AND inode = ? AND size = ?"
            " AND mtime_ns = ? AND ctime_ns = ?",
            *file.identity,
        )
        return str(rows[0][0]) if rows else None

    def remember_hash(self, file: Found, sha256: str) -> None:
        """Keep the hash, unless the file is so new that it could change unnoticed."""
        if time.time_ns() - file.mtime_ns < _RACY_NS:
            return
        values = (os.fsencode(file.path), *file.identity, sha256)
        self._rows("INSERT OR REPLACE INTO file_hash VALUES (?, ?, ?, ?, ?, ?, ?)", *values)

    def find(self, shelf: Shelf, sha256: str) -> Entry | None:
        """The entry of these bytes on this shelf."""
        rows = self._rows(
            "SELECT batch, position, job_id, system_id, arrived FROM entry"
            " WHERE account = ? AND collection = ? AND sha256 = ?",
            shelf.account,
            shelf.collection,
            sha256,
        )
        if not rows:
            return None
        batch, position, job_id, system_id, arrived = rows[0]
        return Entry(shelf, sha256, batch, position, job_id, system_id, bool(arrived))

    def begin(
        self, shelf: Shelf, files: Sequence[tuple[str, dict[str, Any]]], comments: str | None
    ) -> list[Entry]:
        """Write an announcement of files down, each with its hash; their entries, in order.

        What another process has begun meanwhile is left out of it, and stays as it is.
        """
        key = f"mammothbox-cli-{uuid4()}"
        with self._transaction(durably=True) as connection:
            new = [(sha256, file) for sha256, file in files if self.find(shelf, sha256) is None]
            if new:
                said = {"comments": comments} if comments else {}
                body = json.dumps({"files": [file for _, file in new], **said})
                connection.execute("INSERT INTO batch VALUES (?, ?)", [key, body])
            connection.executemany(
                "INSERT INTO entry (account, collection, sha256, batch, position)"
                " VALUES (?, ?, ?, ?, ?)",
                [
                    (shelf.account, shelf.collection, sha256, key, position)
                    for position, (sha256, _) in enumerate(new)
                ],
            )
            found = [self.find(shelf, sha256) for sha256, _ in files]
        return [entry for entry in found if entry is not None]

    def body(self, batch: str) -> dict[str, Any] | None:
        """The announcement under this idempotency key."""
        rows = self._rows("SELECT body FROM batch WHERE key = ?", batch)
        return dict(json.loads(rows[0][0])) if rows else None

    def announced(self, batch: str, job_id: str, system_ids: Sequence[str]) -> None:
        """Keep what the announcement was answered."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE entry SET job_id = ?, system_id = ? WHERE batch = ? AND position = ?",
                [(job_id, one, batch, position) for position, one in enumerate(system_ids)],
            )

    def arrived(self, entry: Entry) -> None:
        """The bytes of the entry are where they should be."""
        self._rows(
            "UPDATE entry SET arrived = 1 WHERE batch = ? AND position = ?",
            entry.batch,
            entry.position,
        )

    def noted(self, account: str, system_id: str) -> dict[str, Any]:
        """What the notes beside a file said when they were last read into its object."""
        rows = self._rows(
            "SELECT edit FROM noted WHERE account = ? AND system_id = ?", account, system_id
        )
        return dict(json.loads(rows[0][0])) if rows else {}

    def note(self, account: str, system_id: str, edit: dict[str, Any]) -> None:
        """The object has what the notes beside its file say."""
        values = (account, system_id, json.dumps(edit))
        self._rows("INSERT OR REPLACE INTO noted VALUES (?, ?, ?)", *values)

    def latest_jobs(self, account: str, most: int) -> list[str]:
        """The jobs that were begun last in an account, the latest first."""
        rows = self._rows(
            "SELECT job_id FROM entry WHERE account = ? AND job_id IS NOT NULL"
            " GROUP BY job_id ORDER BY max(rowid) DESC LIMIT ?",
            account,
            most,
        )
        return [str(job_id) for (job_id,) in rows]

    def forget(self, entry: Entry) -> None:
        """The entry is over: its bytes are to be announced anew, if at all."""
        self._rows(
            "DELETE FROM entry WHERE batch = ? AND position = ?", entry.batch, entry.position
        )

    def forget_batch(self, batch: str) -> None:
        """The announcement was refused, and is not to be made again."""
        self._rows("DELETE FROM entry WHERE batch = ?", batch)

    def place(self, shelf: Shelf, path: Path, sha256: str) -> str | None:
        """These bytes are at this path now; the hash of what was there before, if other."""
        where = (shelf.account, shelf.collection, os.fsencode(path))
        with self._transaction() as connection:
            before = connection.execute(
                "SELECT sha256 FROM place WHERE account = ? AND collection = ? AND path = ?", where
            ).fetchone()
            connection.execute("INSERT OR REPLACE INTO place VALUES (?, ?, ?, ?)", (*where, sha256))
        return str(before[0]) if before and before[0] != sha256 else None

    def unplace(self, shelf: Shelf, path: Path) -> None:
        """Nothing is at this path any more."""
        self._rows(
            "DELETE FROM place WHERE account = ? AND collection = ? AND path = ?",
            shelf.account,
            shelf.collection,
            os.fsencode(path),
        )

    def places(self, shelf: Shelf, folder: Path) -> dict[Path, str]:
        """Which bytes were at which paths below the folder."""
        below = os.fsencode(folder) + os.fsencode(os.sep)
        rows = self._rows(
            "SELECT path, sha256 FROM place"
            " WHERE account = ? AND collection = ? AND substr(path, 1, ?) = ?",
            shelf.account,
            shelf.collection,
            len(below),
            below,
        )
        return {Path(os.fsdecode(path)): sha256 for path, sha256 in rows}

    def places_of(self, shelf: Shelf, sha256: str) -> list[Path]:
        """Every path at which these bytes were."""
        rows = self._rows(
            "SELECT path FROM place WHERE account = ? AND collection = ? AND sha256 = ?",
            shelf.account,
            shelf.collection,
            sha256,
        )
        return [Path(os.fsdecode(path)) for (path,) in rows]

    def _rows(self, statement: str, *values: object) -> list[Any]:
        with self.turn:
            return self.connection.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self, *, durably: bool = False) -> Iterator[sqlite3.Connection]:
        """`durably`: once it has ended, not even a power cut undoes it."""
        with self.turn:
            self.connection.execute(f"PRAGMA synchronous = {'FULL' if durably else 'NORMAL'}")
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")


@contextmanager
def open_journal(folder: Path) -> Iterator[Journal]:
    """The journal in this folder, made if need be. Raises `Stop` when it cannot be used."""
    path = folder / "uploads.sqlite3"
    try:
        connection = sqlite3.connect(
            path, timeout=_OTHERS_WRITE_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_TABLES)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise Stop(f"The journal of uploads, {path}, cannot be used: {error}.") from error
    try:
        yield Journal(connection)
    finally:
        connection.close()
