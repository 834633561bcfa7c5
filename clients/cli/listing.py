"""Lists of the API: as many items as asked for, as a table or as lines of JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

import typer

from clients.cli import output
from clients.cli.server import Query, Server

USUAL = 50

Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")]
Everything = Annotated[bool, typer.Option("--all", "-a", help="All there are, page after page.")]
Item = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """How much of a list, and as what."""

    limit: int = USUAL
    everything: bool = False
    as_json: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table; a title with `>` before it stands to the right."""

    title: str
    value: Callable[[Item], object]


def show(
    server: Server,
    path: str,
    query: Query,
    columns: Sequence[Column],
    asked: Asked,
    *,
    empty: str,
) -> None:
    """Print the list at `path`; `empty` tells people what it means that there is nothing."""
    # One more than asked for tells whether there is more.
    most = None if asked.everything else asked.limit + 1
    items = server.pages(path, query, limit=most)
    if asked.as_json:
        output.emit_lines(items if asked.everything else islice(items, asked.limit))
        return
    found = list(items)
    shown = found if asked.everything else found[: asked.limit]
    if not shown:
        output.note(empty)
        return
    rows(shown, columns)
    if len(found) > len(shown):
        output.note(f"There is more than these {len(shown)}: --limit N, or --all.")


def rows(items: Sequence[Item] | Iterator[Item], columns: Sequence[Column]) -> None:
    """Print items as a table."""
    output.table(
        [column.title for column in columns],
        [[column.value(item) for column in columns] for item in items],
    )


def facts(pairs: Sequence[tuple[str, object]]) -> None:
    """Print what is known of one thing, a line for each fact there is."""
    known = [(name, value) for name, value in pairs if value not in (None, "", [])]
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        output.tell(f"{name:<{width}}  {value}")
