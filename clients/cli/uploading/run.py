"""An upload from its list of files to the last byte: hashed, announced, sent, written down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from clients.cli.hashing import Changed, sha256_of
from clients.cli.problems import NOT_ALLOWED, ServerProblem, exit_status
from clients.cli.server import pauses
from clients.cli.uploading.desk import MOST_FILES, Announced, Desk
from clients.cli.uploading.files import Found
from clients.cli.uploading.journal import Entry
from clients.cli.uploading.parts import LargeFile
from clients.cli.uploading.patience import Patience
from clients.cli.uploading.transfer import Denied, Passing, Transfer

_GROUP_BYTES = 256 * 1024 * 1024
_MOST_DENIALS = 3
# What is on its way when a person stops may still arrive in this time.
_LAST_CHANCE_S = 3.0
_OF_ONE_FILE = (Changed, Denied, OSError, ServerProblem)

_HERE = "the library has these bytes"

State = Literal["sent", "known", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What became of a file. `reason` says why it was not sent, or how it is known."""

    path: Path
    state: State
    size: int
    sha256: str | None = None
    system_id: str | None = None
    job_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Run:
    """What an upload works with, and who hears of it.

    `read` and `sent` hear of bytes; `tell` of each file, once, from any thread. `after` is what
    else belongs to a file: done once its bytes have arrived, and in each run that finds it known.
    `already` knows objects that others sent; a file that is one of these is not even announced.
    """

    desk: Desk
    transfer: Transfer
    patience: Patience
    parallel: int
    stop: threading.Event
    tell: Callable[[Outcome], None]
    read: Callable[[int], None]
    after: Callable[[Found, str], None] = lambda _file, _system_id: None
    already: Callable[[str], str | None] = lambda _sha256: None

    def upload(self, files: Sequence[Found]) -> None:
        """Send all files that the library does not have; what fails with one stops no other.

        Raises `Unreachable` and what tells that nothing will work; then, and on Ctrl-C, what was
        done stays done, and the next run goes on.
        """
        lanes = ThreadPoolExecutor(self.parallel, thread_name_prefix="send")
        readers = ThreadPoolExecutor(self.parallel, thread_name_prefix="read")
        sending: set[Future[None]] = set()
        seen: dict[str, Found] = {}
        try:
            for group in _groups(files):
                hashed = [one for one in readers.map(self._hashed, group) if one is not None]
                met = [(*one, seen.setdefault(one[1], one[0])) for one in hashed]
                known = readers.map(lambda one: self._how_known(*one), met)
                sending |= self._submit(lanes, hashed, list(known))
                sending = _room(sending, MOST_FILES)
            _room(sending, 0)
        except BaseException:
            self.stop.set()
            lanes.shutdown(wait=False, cancel_futures=True)
            readers.shutdown(wait=False, cancel_futures=True)
            wait(sending, _LAST_CHANCE_S)
            raise
        lanes.shutdown()
        readers.shutdown()

    def _hashed(self, file: Found) -> tuple[Found, str] | None:
        try:
            sha256 = self.desk.journal.hash_of(file)
            if sha256 is None:
                sha256 = sha256_of(
                    file.path, file.size, file.mtime_ns, read=self.read, stop=self.stop
                )
                self.desk.journal.remember_hash(file, sha256)
            else:
                self.read(file.size)
        except (OSError, Changed) as error:
            self.tell(_failed(file, error))
            return None
        return file, sha256

    def _submit(
        self,
        lanes: ThreadPoolExecutor,
        hashed: Sequence[tuple[Found, str]],
        known: Sequence[Outcome | None],
    ) -> set[Future[None]]:
        """Announce and send what is not known; of what is, do what else belongs to it."""
        pairs = list(zip(hashed, known, strict=True))
        submitted = {
            lanes.submit(self._end, file, partial(self._met_again, file, outcome))
            for (file, _), outcome in pairs
            if outcome is not None
        }
        new = [one for one, outcome in pairs if outcome is None]
        announced = self.desk.announce(new) if new else []
        return submitted | {
            lanes.submit(self._end, file, partial(self._sent, file, one), one.entry)
            for (file, _), one in zip(new, announced, strict=True)
        }

    def _how_known(self, file: Found, sha256: str, twin: Found) -> Outcome | None:
        if twin is not file:
            reason = f"the same bytes as {twin.path}"
            return Outcome(file.path, "known", file.size, sha256, reason=reason)
        entry = self._standing(sha256)
        if entry is not None:
            return _known(file, entry, "sent before") if entry.arrived else None
        system_id = self.already(sha256)
        if system_id is None:
            return None
        return Outcome(file.path, "known", file.size, sha256, system_id, reason=_HERE)

    def _standing(self, sha256: str) -> Entry | None:
        entry = self.desk.journal.find(self.desk.shelf, sha256)
        return self.desk.standing(entry) if entry is not None else None

    def _end(self, file: Found, act: Callable[[], Outcome], entry: Entry | None = None) -> None:
        """Tell what became of a file; what is wrong with it alone stops no other."""
        try:
            outcome = act()
        except _OF_ONE_FILE as error:
            if isinstance(error, ServerProblem) and exit_status(error) == NOT_ALLOWED:
                raise
            if isinstance(error, Changed) and entry is not None:
                self._give_up(entry)
            outcome = _failed(file, error)
        self.tell(outcome)

    def _met_again(self, file: Found, known: Outcome) -> Outcome:
        if known.system_id is not None:
            self.after(file, known.system_id)
        self._place(file, str(known.sha256))
        return known

    def _sent(self, file: Found, announced: Announced) -> Outcome:
        denials = 0
        for pause_s in pauses():
            try:
                is_sent = self._try(file, announced)
            except Denied as denied:
                denials += 1
                if denials >= _MOST_DENIALS:
                    raise
                self.patience.wait(str(denied), pause_s)
            except Passing as passing:
                self.patience.wait(passing.said, max(pause_s, passing.wait_s))
            else:
                self.patience.well()
                entry = announced.entry
                self.after(file, str(entry.system_id))
                self.desk.journal.arrived(entry)
                self._place(file, entry.sha256)
                if not is_sent:
                    return _known(file, entry, _why_known(announced))
                return Outcome(
                    file.path, "sent", file.size, entry.sha256, entry.system_id, entry.job_id
                )
            announced = self.desk.announce_again(announced.entry, file)
        raise AssertionError("pauses never end")

    def _try(self, file: Found, announced: Announced) -> bool:
        """Send the file where it was announced; `False` when there was nothing to send."""
        entry, address = announced.entry, announced.address
        if announced.is_here:
            return False
        if announced.is_over:
            raise Passing("The upload is over; it is announced anew.")
        if address["method"] == "POST":
            self.transfer.post_form(file, entry.sha256, address["url"], address["fields"])
            return True
        return LargeFile(
            self.desk.server,
            self.transfer,
            self.patience,
            file,
            str(entry.system_id),
            self.parallel,
        ).send()

    def _give_up(self, entry: Entry) -> None:
        try:
            self.desk.give_up(entry)
        except ServerProblem:
            # It expires by itself.
            self.desk.journal.forget(entry)

    def _place(self, file: Found, sha256: str) -> None:
        self.desk.journal.place(self.desk.shelf, file.path, sha256)


def _groups(files: Sequence[Found]) -> Iterator[list[Found]]:
    """Few enough for one announcement, and small enough to be sent while its addresses work."""
    group: list[Found] = []
    for file in files:
        group.append(file)
        if len(group) == MOST_FILES or sum(one.size for one in group) >= _GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group


def _room(sending: set[Future[None]], most: int) -> set[Future[None]]:
    """Wait until at most so many are left. Raises what made one of the others fail."""
    while len(sending) > most:
        done, sending = wait(sending, return_when=FIRST_COMPLETED)
        for one in done:
            one.result()
    return sending


def _known(file: Found, entry: Entry, reason: str) -> Outcome:
    return Outcome(
        file.path, "known", file.size, entry.sha256, entry.system_id, entry.job_id, reason
    )


def _why_known(announced: Announced) -> str:
    if announced.address.get("reason") == "already_stored":
        return _HERE
    return "sent before"


def _failed(file: Found, error: Exception) -> Outcome:
    if isinstance(error, ServerProblem):
        reason = f"{error.detail} [{error.code}]"
    elif isinstance(error, OSError):
        reason = (error.strerror or str(error)).lower()
    else:
        reason = str(error)
    return Outcome(file.path, "failed", file.size, reason=reason)
