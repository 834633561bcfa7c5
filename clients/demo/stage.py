"""What the demonstration says while it goes on: numbered steps, times, and where to look."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

from clients.cli import output

_INDENT = "   "


@dataclass
class Stage:
    """Where it is played: the console of that server."""

    url: str
    step: int = 0
    began: float = field(default_factory=time.monotonic)

    @contextmanager
    def act(self, title: str) -> Iterator[None]:
        """A step: its number and title before, its time after."""
        self.step += 1
        output.tell(f"\n{self.step}. {title}")
        began = time.monotonic()
        yield
        output.tell(f"{_INDENT}done in {output.duration(time.monotonic() - began)}")

    def tell(self, *lines: str) -> None:
        """What happened."""
        for line in lines:
            output.tell(f"{_INDENT}{line}")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Rows in columns that are as wide as they have to be."""
        shown = [[str(value) for value in row] for row in (columns, *rows)]
        widths = [max(len(row[place]) for row in shown) for place in range(len(columns))]
        for row in shown:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.tell(f"  {'  '.join(cells)}".rstrip())

    def look(self, view: str, named: str | None = None, **query: str) -> None:
        """Where to see it in the console."""
        path = f"{view}/{quote(named, safe='')}" if named else view
        asked = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        output.tell(f"{_INDENT}look: {self.url}/#/{path}{'?' + asked if asked else ''}")

    def end(self) -> None:
        """The last line."""
        passed = output.duration(time.monotonic() - self.began)
        output.tell(f"\nThat was all of it, in {passed}. Run it again: what is known is not sent.")
