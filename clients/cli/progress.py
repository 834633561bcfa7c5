"""Bars for people at a terminal: how much has gone, how fast, and how long it will take."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from clients.cli.output import clean, note

_WIDE = 70


@dataclass
class Bars:
    """One bar for reading and one for sending, both in bytes. Any thread may move them."""

    progress: Progress
    reading: TaskID
    sending: TaskID
    files: int
    done: int = 0
    _told: str = ""
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def read(self, count: int) -> None:
        """So many more bytes were read."""
        self.progress.advance(self.reading, count)

    def moved(self, count: int) -> None:
        """So many more bytes are there; fewer when some have to go again."""
        self.progress.advance(self.sending, count)

    def file_done(self) -> None:
        """One more file is done with, however it went."""
        with self._turn:
            self.done += 1
            self.progress.update(self.sending, files=f"{self.done}/{self.files}")

    def spared(self, size: int) -> None:
        """A file of that size need not be sent."""
        with self._turn:
            task = self.progress.tasks[self.sending]
            self.progress.update(self.sending, total=max((task.total or 0) - size, 0))

    def say(self, text: str, style: str = "") -> None:
        """A line above the bars; the same line is not said twice in a row."""
        with self._turn:
            if text == self._told:
                return
            self._told = text
        self.progress.console.print(clean(text, style))


@contextmanager
def bars(files: int, size: int) -> Iterator[Bars]:
    """Bars on standard error, or none where nobody would see them move."""
    console = _console()
    columns = [
        TextColumn("{task.description}"),
        BarColumn(bar_width=None if console.width >= _WIDE else 10),
        TextColumn("{task.fields[files]}"),
        *((DownloadColumn(), TransferSpeedColumn()) if console.width >= _WIDE else ()),
        TimeRemainingColumn(compact=True),
    ]
    with _progress(console, *columns) as progress:
        reading = progress.add_task("Reading", total=size, files="")
        sending = progress.add_task("Sending", total=size, files=f"0/{files}")
        yield Bars(progress, reading, sending, files)


@dataclass
class Far:
    """How far something is that is counted, such as 3 of 7 files; only its own thread moves it."""

    what: str = ""
    done: int = 0
    total: int = 0
    _bar: tuple[Progress, TaskID] | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        """A bar on standard error as long as the block runs."""
        console = _console()
        columns = [
            TextColumn("{task.description}"),
            BarColumn(bar_width=None if console.width >= _WIDE else 10),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
        ]
        with _progress(console, *columns) as progress:
            self._bar = progress, progress.add_task("", total=None)
            try:
                yield
            finally:
                self._bar = None

    def begin(self, what: str, total: int) -> None:
        """From now on these are counted, so many in all."""
        self.what = what
        self.at(0, total)

    def more(self, count: int = 1) -> None:
        """So many more are done."""
        self.at(self.done + count, self.total)

    def at(self, done: int, total: int) -> None:
        """So many of so many are done."""
        self.done, self.total = done, total
        if self._bar is not None:
            progress, task = self._bar
            said = self.what.capitalize()
            progress.update(task, description=said, completed=done, total=total)

    def say(self, text: str, style: str = "") -> None:
        """A line above the bar."""
        if self._bar is None:
            note(text, style)
        else:
            self._bar[0].console.print(clean(text, style))

    def __str__(self) -> str:
        return f"{self.done:,} of {self.total:,} {self.what}" if self.what else "nothing was done"


@contextmanager
def receiving(total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error for bytes that come; what it gives hears of each more."""
    console = _console()
    columns = [
        TextColumn("Receiving"),
        BarColumn(bar_width=None if console.width >= _WIDE else 10),
        *((DownloadColumn(), TransferSpeedColumn()) if console.width >= _WIDE else ()),
        TimeRemainingColumn(compact=True),
    ]
    with _progress(console, *columns) as progress:
        task = progress.add_task("", total=total)
        yield lambda count: progress.advance(task, count)


def _console() -> Console:
    return Console(file=sys.stderr, highlight=False, soft_wrap=not sys.stderr.isatty())


def _progress(console: Console, *columns: ProgressColumn) -> Progress:
    """Nothing moves where nobody would see it."""
    return Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal, expand=True
    )
