"""The folder in which one local stack keeps everything, and who runs there."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"


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
    def ports(self) -> Path:
        return self.folder / "ports.json"

    def prepare(self) -> None:
        """Make the folders, for this user alone."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.logs.mkdir(exist_ok=True)


def home_from_environment() -> Home:
    return Home(Path(os.environ.get("MAMMOTHBOX_HOME", ".local")).resolve())


@contextmanager
def occupied(home: Home) -> Iterator[None]:
    """Be the one who runs here. Raises `UpError` when somebody else is."""
    with home.lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UpError(f"it runs already: {occupant(home)[1] or 'still starting'}") from None
        file.truncate(0)
        try:
            yield
        finally:
            file.truncate(0)


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
    """Whether somebody runs here at the moment."""
    if not home.lock.exists():
        return False
    with home.lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def choose_ports(home: Home, wanted: int | None) -> tuple[int, int]:
    """The ports of the API and of the emulator; free ones are remembered across restarts.

    Raises `UpError` when the wanted port, 8000 if none is named, is taken. Port 0 is any.
    """
    remembered = json.loads(home.ports.read_text()) if home.ports.exists() else {}
    api = wanted if wanted is not None else 8000
    if api == 0:
        api = _free_port(remembered.get("api"))
    elif not _is_free(api):
        raise UpError(f"port {api} is taken: choose another with PORT=…, or any with PORT=0")
    emulator = _free_port(remembered.get("emulator"), but=api)
    home.ports.write_text(json.dumps({"api": api, "emulator": emulator}))
    return api, emulator


def _free_port(preferred: int | None, but: int | None = None) -> int:
    if preferred is not None and preferred != but and _is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do it: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
