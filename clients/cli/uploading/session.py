"""Everything an upload works with, opened together: the server, the storage and the journal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2

from clients.cli import config
from clients.cli.progress import Bars
from clients.cli.server import Server, connect
from clients.cli.uploading.desk import Desk
from clients.cli.uploading.files import Found
from clients.cli.uploading.journal import Journal, Shelf, open_journal
from clients.cli.uploading.patience import Patience
from clients.cli.uploading.run import Outcome, Run
from clients.cli.uploading.transfer import Transfer

_LONGEST_SILENCE_S = 60.0
_CONNECT_S = 5.0


@dataclass(frozen=True)
class Session:
    """A signed-in server and the journal of what was sent there."""

    server: Server
    storage: httpx2.Client
    journal: Journal
    shelf: Shelf
    role: str
    patience_s: float
    stop: threading.Event

    def run(
        self,
        bars: Bars,
        tell: Callable[[Outcome], None],
        *,
        parallel: int,
        comments: str | None = None,
        after: Callable[[Found, str], None] = lambda _file, _system_id: None,
        already: Callable[[str], str | None] = lambda _sha256: None,
    ) -> Run:
        """An upload whose progress these bars show."""
        return Run(
            desk=Desk(self.server, self.journal, self.shelf, comments),
            transfer=Transfer(self.storage, bars.moved, self.stop),
            patience=Patience(self.patience_s, lambda why: say_waiting(bars, why), self.stop),
            parallel=parallel,
            stop=self.stop,
            tell=tell,
            read=bars.read,
            after=after,
            already=already,
        )

    def in_the_library(self, sha256: str) -> str | None:
        """The object that has these bytes, whoever sent it."""
        found = self.server.get("objects", {"sha256": sha256, "status": "ready", "limit": 1})
        return next((str(one["system_id"]) for one in found["items"]), None)


@contextmanager
def open_session(
    *,
    collection: str | None,
    patience_s: float,
    parallel: int,
    waiting: Callable[[str], None],
) -> Iterator[Session]:
    """Connect, see whose library it is, and open the journal. Raises what these raise."""
    # A server that stalls is given up early enough to be asked again.
    silence_s = min(_LONGEST_SILENCE_S, max(patience_s / 3, 1.0))
    timeout = httpx2.Timeout(silence_s, connect=min(_CONNECT_S, silence_s), pool=None)
    limits = httpx2.Limits(max_connections=parallel, max_keepalive_connections=parallel)
    with (
        connect(patience_s=patience_s, waiting=waiting, silence_s=silence_s) as server,
        httpx2.Client(timeout=timeout, limits=limits) as storage,
        open_journal(config.state_folder()) as journal,
    ):
        holder = server.get("keys/current")
        shelf = Shelf(f"{server.url} {holder['owner']}", collection or "")
        yield Session(server, storage, journal, shelf, holder["role"], patience_s, server.stop)


def say_waiting(bars: Bars, why: str) -> None:
    """Tell a person why nothing moves."""
    bars.say(f"{why} Waiting for it…", "yellow")
