"""`usage`: what an owner's library takes up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from clients.cli import output
from clients.cli.output import Json
from clients.cli.server import connect

Owner = Annotated[str | None, typer.Option(help="For operators: whose.")]

# Derivatives are thumbnails and previews; copies lie in the folders of clusters.
_HELD = ("objects", "trash", "originals", "derivatives", "copies")


def add(app: typer.Typer) -> None:
    """`mammothbox usage`."""
    app.command()(usage)


def usage(owner: Owner = None, as_json: Json = False) -> None:
    """Show what a library takes up: objects, bytes, documents, vectors, tokens of captions.

    Example: mammothbox usage --json
    """
    with connect() as server:
        found = server.get("usage", {"owner": owner})
    if as_json:
        output.emit(found)
    else:
        output.table(["what", ">how many", ">bytes"], list(_rows(found)))


def _rows(found: dict[str, Any]) -> Iterator[tuple[str, object, object]]:
    for name in _HELD:
        held = found[name]
        yield name, held["objects"], output.size(held["bytes"])
    for one in found["by_sort"]:
        where = ", in the trash" if one["trashed"] else ""
        kind = one["kind"] or "unknown"
        yield f"  {kind}, {one['status']}{where}", one["objects"], output.size(one["bytes"])
    yield "collections", found["collections"], ""
    yield "documents", found["documents"], ""
    for one in found["vectors"]:
        yield f"vectors of {one['space']} ({one['state']})", one["vectors"], ""
    for span in ("today", "this_month"):
        tokens = found["captions"][span]
        said = f"{tokens['spent']} of {tokens['budget']}"
        yield f"tokens for captions {span.replace('_', ' ')}", said, ""
