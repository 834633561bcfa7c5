"""An embedded Postgres with pgvector that several processes share and none has to stop.

Whoever needs the server holds a lease on it. When the last lease is gone, even by `kill -9`,
a detached watchdog stops the server; whoever comes next starts it again on the same data.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from infra.local import postgres_programs as programs
from infra.local import processes
from infra.local.postgres_programs import PostgresError

REPOSITORY = Path(__file__).resolve().parents[2]
SUPERUSER = "postgres"
# A unix socket's path has room for some 100 characters, less on macOS.
_LONGEST_SOCKET_FOLDER = 80
_START_TRIES_S = 15.0
_STOP_SIGNALS = ((signal.SIGINT, 5.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0))
_SETTINGS = ("max_connections=200", "timezone=UTC", "log_timezone=UTC")
# What the server keeps at hand: a sixteenth of the machine's memory, within these, in MB.
_LEAST_BUFFERS, _MOST_BUFFERS = 128, 1024
_FOR_SPEED = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    # A test that needs statistics asks for them; a worker passing by would make plans a lottery.
    "autovacuum=off",
    "max_wal_size=4GB",
    "wal_level=minimal",
    "max_wal_senders=0",
)


@dataclass(frozen=True)
class DatabaseUrls:
    """One database as each role reaches it."""

    superuser: str
    app: str
    worker: str
    operator: str
    ddl: str


@dataclass(frozen=True)
class Server:
    """A server that runs as long as somebody holds a lease on its home."""

    home: Path
    durable: bool

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def socket_folder(self) -> Path:
        inside = self.home / "run"
        if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER:
            return inside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()).resolve() / f"mammothbox-{os.getuid()}-{digest}"

    def url(self, role: str, database: str) -> str:
        """Where `role` reaches `database`. There is no password: only this user gets this far."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket_folder), safe='')}"

    def urls(self, database: str) -> DatabaseUrls:
        roles = ("app", "worker", "operator", "ddl")
        return DatabaseUrls(self.url(SUPERUSER, database), *(self.url(r, database) for r in roles))

    def create_database(self, name: str, *, template: str | None = None) -> None:
        """Create `name` unless it exists, as a copy of `template` if one is named."""
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, [name]).fetchone():
                return
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template or "template1")
                )
            )

    def drop_database(self, name: str) -> None:
        """Drop `name`, ending whoever is still connected to it."""
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(statement.format(sql.Identifier(name)))

    def ensure_running(self) -> None:
        """Start the server and its watchdog again if they died; the caller must hold a lease."""
        with locked(self.home / "start.lock"):
            _watch(self)
            _start(self)


@contextmanager
def lease(home: Path, *, durable: bool = True) -> Iterator[Server]:
    """Hold the server of `home`, starting it when nobody else has; the last one out stops it.

    `durable=False` gives up safety against power loss for speed, from the first start on.
    Raises `PostgresError` when it does not come up.
    """
    home.mkdir(parents=True, exist_ok=True)
    server = Server(home.resolve(), durable)
    with (server.home / "lease.lock").open("w") as held:
        with locked(server.home / "start.lock"):
            fcntl.flock(held, fcntl.LOCK_SH)
            # First, so that even a start that is killed leaves nothing behind.
            _watch(server)
            _start(server)
        try:
            yield server
        finally:
            with locked(server.home / "start.lock"):
                if try_to_lock(held):
                    stop(server)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait for the lock on `path`, making the file if need be, and hold it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def try_to_lock(file: Any) -> bool:
    """Take the exclusive lock on an open file if nobody holds any."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def stop(server: Server) -> None:
    """Stop the server, politely first. Raises `PostgresError` when it survives even SIGKILL."""
    pid = postmaster(server)
    if pid is None:
        return
    for number, patience in _STOP_SIGNALS:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if postmaster(server) != pid:
                return
            time.sleep(0.01)
    raise PostgresError(f"Postgres (process {pid}) cannot be stopped")


def stop_orphan(home: Path) -> bool:
    """Stop a server whose watchdog died with its last holder; false when there is none."""
    server = Server(home.resolve(), durable=True)
    if postmaster(server) is None:
        return False
    with locked(server.home / "start.lock"), (server.home / "lease.lock").open("w") as lease:
        if not try_to_lock(lease) or postmaster(server) is None:
            return False
        stop(server)
    return True


def postmaster(server: Server) -> int | None:
    """The living postmaster's process id, whatever `postmaster.pid` claims."""
    try:
        pid = int((server.data / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
        return None
    # After a reboot the id may be anybody's, even another home's server.
    return pid if processes.folder(pid) == server.data else None


def _buffers() -> int:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2
    return max(_LEAST_BUFFERS, min(_MOST_BUFFERS, memory // 16))


def _start(server: Server) -> None:
    if postmaster(server) is not None:
        return
    _make_folders(server)
    if not server.data.exists():
        _initialise(server)
    _forget_reused_pid(server)
    options = [*_SETTINGS, f"shared_buffers={_buffers()}MB"]
    options += () if server.durable else _FOR_SPEED
    options.append(f'unix_socket_directories="{server.socket_folder}"')
    spoken = " ".join(f"-c {shlex.quote(option)}" for option in [*options, "listen_addresses="])
    # Relative paths: pg_ctl puts them into a shell command without escaping.
    command = [programs.binary("pg_ctl"), "-D", "data", "-l", "server.log", "-w", "-t", "60"]
    deadline = time.monotonic() + _START_TRIES_S
    while True:
        done = programs.run(server.home, [*command, "-o", spoken, "start"])
        if done.returncode == 0:
            return
        # The backends of a killed postmaster may need a moment to notice.
        if time.monotonic() > deadline or "still in use" not in _last_words(server):
            raise PostgresError(f"Postgres does not start: {_last_words(server)}")


def _make_folders(server: Server) -> None:
    """The socket folder is the only door to a server without passwords, so it must be ours."""
    folder = server.socket_folder
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.getuid(), programs.server_uid()):
        raise PostgresError(f"{folder} belongs to somebody else")
    folder.chmod(0o700)
    server.home.chmod(0o711 if programs.server_uid() != os.getuid() else 0o700)
    server.log.touch(0o600)
    programs.hand_over(folder, server.log)


def _initialise(server: Server) -> None:
    """Made under another name first, so that a data folder is complete or not there."""
    unfinished = server.home / "data.unfinished"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(0o700)
    programs.hand_over(unfinished)
    command = [*programs.initdb(unfinished.name), "-U", SUPERUSER]
    done = programs.run(server.home, command if server.durable else [*command, "--no-sync"])
    if done.returncode != 0:
        raise PostgresError(f"initdb failed: {done.stderr.strip()[-500:]}")
    unfinished.rename(server.data)


def _forget_reused_pid(server: Server) -> None:
    """Drop lock files whose id Postgres would take for a living server.

    After a reboot another program may bear it; where nobody reaps orphans it may be a zombie's.
    Postgres waits by that file for the backends of a killed server, so here it is done for it.
    """
    pid_file = server.data / "postmaster.pid"
    if not pid_file.exists():
        return
    text = pid_file.read_text().split()
    if text and not processes.exists(int(text[0])):
        return
    deadline = time.monotonic() + _START_TRIES_S
    while processes.works_in(server.data):
        if time.monotonic() > deadline:
            raise PostgresError("backends of a killed server do not end")
        time.sleep(0.01)
    pid_file.unlink()
    for lock in server.socket_folder.glob(".s.PGSQL.*.lock"):
        lock.unlink()


def _watch(server: Server) -> None:
    """Have a watchdog, which detaches itself before this returns. The start lock must be held."""
    with (server.home / "watchdog.lock").open("w") as free:
        if not try_to_lock(free):
            return
    done = subprocess.run(
        [sys.executable, "-m", "infra.local.postgres_watchdog", str(server.home)],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode != 0:
        raise PostgresError("its watchdog does not start, without which it might never be stopped")


def _last_words(server: Server) -> str:
    lines = server.log.read_text(errors="replace").strip().splitlines()
    return " | ".join(lines[-4:])
