"""`clusters join`, `part`, `links`, `unlink`: pairs that must, or cannot, share a cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from clients.cli import listing, output
from clients.cli.listing import Column
from clients.cli.output import Json
from clients.cli.server import connect
from clients.cli.targets import object_ids, the_id

One = Annotated[str, typer.Argument(help="The id of an object.")]

_COLUMNS = (
    Column("id", lambda one: one["id"]),
    Column("they", lambda one: f"{one['kind']} be together"),
    Column("one", lambda one: one["system_ids"][0]),
    Column("other", lambda one: one["system_ids"][1]),
)


def add(group: typer.Typer) -> None:
    """Its commands, within `mammothbox clusters`."""
    group.command("join")(join)
    group.command("part")(part)
    group.command("links")(list_links)
    group.command("unlink")(unlink)


def join(one: One, other: One, as_json: Json = False) -> None:
    """Say that two objects belong together."""
    _link("must", one, other, as_json)


def part(one: One, other: One, as_json: Json = False) -> None:
    """Say that two objects do not belong together."""
    _link("cannot", one, other, as_json)


def list_links(
    *,
    limit: listing.Limit = listing.USUAL,
    everything: listing.Everything = False,
    as_json: Json = False,
) -> None:
    """List such pairs."""
    with connect() as server:
        asked = listing.Asked(limit, everything, as_json)
        listing.show(server, "links", {}, _COLUMNS, asked, empty="No pair is linked.")


def unlink(link: Annotated[str, typer.Argument(help="The id of a link.")]) -> None:
    """Let models decide about a pair again."""
    with connect() as server:
        server.delete(f"links/{the_id(link, 'a link', 'clusters links')}")
    output.note("They are linked no more.")


def _link(kind: str, one: str, other: str, as_json: bool) -> None:
    body = {"kind": kind, "system_ids": [*object_ids([one]), *object_ids([other])]}
    with connect() as server:
        made = server.post("links", body)
    if as_json:
        output.emit_lines([made])
    else:
        output.note(f"To take it back: mammothbox undo {made['decision_id']}")
