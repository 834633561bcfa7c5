"""The folder in which one local stack keeps everything, and who runs there."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import zlib
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

LOOPBACK = "127.0.0.1"
_PORTS = range(20_000, 32_000)


class UpError(RuntimeError):
    """The stack cannot run; the message says in one line why and what to do."""


@dataclass(frozen=True)
class Home:
    """Where the stack lives: `MAMMOTHBOX_HOME`, or `.local`."""

    folder: Path

    @property
    def lock(self) -> Path:
        return self.folder / "up.json"

    @property
    def env(self) -> Path:
        return self.folder / "env"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def database(self) -> Path:
        return self.folder / "postgres"

    @property
    def ports(self) -> Path:
        return self.folder / "ports.json"

    def prepare(self) -> None:
        """Make the folders, for this user alone. Raises `UpError` where that is impossible."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.logs.mkdir(exist_ok=True)
        except OSError as error:
            raise _unusable(self, error.strerror) from error
        if not os.access(self.folder, os.R_OK | os.W_OK | os.X_OK):
            raise _unusable(self, os.strerror(errno.EACCES))


def home_from_environment() -> Home:
    return Home(Path(os.environ.get("MAMMOTHBOX_HOME", ".local")).resolve())


def _unusable(home: Home, reason: str | None) -> UpError:
    return UpError(f"{home.folder} cannot be used ({reason}): name another with MAMMOTHBOX_HOME=…")


@contextmanager
def occupied(home: Home) -> Iterator[None]:
    """Be the one who runs here. Raises `UpError` when somebody else is."""
    with home.lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _runs_already(home) from None
        file.truncate(0)
        try:
            yield
        finally:
            file.truncate(0)


def refuse_if_occupied(home: Home) -> None:
    """Raise `UpError` when somebody runs here."""
    if is_occupied(home):
        raise _runs_already(home)


def _runs_already(home: Home) -> UpError:
    return UpError(f"it runs already: {occupant(home)[1] or 'still starting'}")


def announce(home: Home, url: str) -> None:
    """Tell others, who find the home occupied, who is here and where."""
    home.lock.write_text(json.dumps({"pid": os.getpid(), "url": url}))


def occupant(home: Home) -> tuple[int | None, str]:
    """The process that runs here and its address, as far as it has told."""
    try:
        told = json.loads(home.lock.read_text())
        return int(told["pid"]), str(told["url"])
    except (OSError, ValueError, KeyError):
        return None, ""


def is_occupied(home: Home) -> bool:
    """Whether somebody runs here at the moment. Raises `UpError` for a home of somebody else's."""
    try:
        file = home.lock.open()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unusable(home, error.strerror) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


class Ports(NamedTuple):
    """Where the servers of a stack listen."""

    api: int
    emulator: int
    search: int


def choose_ports(home: Home, wanted: int | None) -> Ports:
    """The ports of a stack's servers: the remembered ones while they are free.

    Raises `UpError` when the wanted port, 8000 if none is named, is taken. Port 0 is any.
    """
    known = _known_ports(home)
    api = wanted if wanted is not None else 8000
    if api != 0 and not _is_free(api):
        raise UpError(f"port {api} is taken: choose another with PORT=…, or any with PORT=0")
    taken = {api}
    for name in ("emulator", "search"):
        known[name] = _free_port(home, known.get(name), taken)
        taken.add(known[name])
    return Ports(
        api=api or _free_port(home, known.get("api"), taken),
        emulator=known["emulator"],
        search=known["search"],
    )


def remember_ports(home: Home, ports: Ports) -> None:
    """Have the next start choose the same ports."""
    home.ports.write_text(json.dumps(ports._asdict()))


def _known_ports(home: Home) -> dict[str, int]:
    try:
        known: dict[str, int] = json.loads(home.ports.read_text())
    except (OSError, ValueError):
        return {}
    return known


def _free_port(home: Home, known: int | None, taken: Set[int]) -> int:
    """The known port if it is free, else one that depends on the home.

    All are below those that systems give to outgoing connections: a port that is free between
    two starts of a server stays so. Raises `UpError` when all are taken.
    """
    first = zlib.crc32(os.fsencode(home.folder)) % len(_PORTS)
    candidates: list[int] = [*_PORTS[first:], *_PORTS[:first]]
    if known is not None and known in _PORTS:
        candidates.insert(0, known)
    for port in candidates:
        if port not in taken and _is_free(port):
            return port
    raise UpError("no free port is left")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do it: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
