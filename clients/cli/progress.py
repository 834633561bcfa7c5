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
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from clients.cli.output import clean

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
    console = Console(file=sys.stderr, highlight=False, soft_wrap=not sys.stderr.isatty())
    columns = [
        TextColumn("{task.description}"),
        BarColumn(bar_width=None if console.width >= _WIDE else 10),
        TextColumn("{task.fields[files]}"),
        *((DownloadColumn(), TransferSpeedColumn()) if console.width >= _WIDE else ()),
        TimeRemainingColumn(compact=True),
    ]
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal, expand=True
    ) as progress:
        reading = progress.add_task("Reading", total=size, files="")
        sending = progress.add_task("Sending", total=size, files=f"0/{files}")
        yield Bars(progress, reading, sending, files)


@contextmanager
def steps(description: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error for things that are counted: how many of how many are done."""
    console = Console(file=sys.stderr, highlight=False)
    columns = [
        TextColumn("{task.description}"),
        BarColumn(bar_width=None if console.width >= _WIDE else 10),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
    ]
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal, expand=True
    ) as progress:
        task = progress.add_task(description, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
