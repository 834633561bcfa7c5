"""`decisions`, `undo`: what hands decided about clusters and pairs, and taking it back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from clients.cli import listing, output
from clients.cli.listing import Column
from clients.cli.output import Json
from clients.cli.problems import NOT_FOUND, Stop
from clients.cli.server import Server, connect
from clients.cli.targets import cluster_id, the_id


def _detail(one: dict[str, Any]) -> str:
    """Lists of ids are counted; `--json` has them."""
    said = one["detail"].items()
    return ", ".join(
        f"{name}: {len(value) if isinstance(value, list) else value}" for name, value in said
    )


_COLUMNS = (
    Column("id", lambda one: one["decision_id"]),
    Column("at", lambda one: output.when(one["at"])),
    Column("what", lambda one: one["action"]),
    Column(">objects", lambda one: one["objects"]),
    Column("detail", _detail),
    Column("by", lambda one: one["actor_name"] or one["actor"]),
    Column("undone", lambda one: "yes" if one["undone_by"] else ""),
)


def add(app: typer.Typer) -> None:
    """`mammothbox decisions`, `mammothbox undo`."""
    app.command()(decisions)
    app.command()(undo)


def decisions(
    cluster: Annotated[str | None, typer.Option(help="About this cluster.")] = None,
    *,
    about: Annotated[str | None, typer.Option("--object", help="About this object.")] = None,
    action: Annotated[str | None, typer.Option(help="Such as merge, move or undo.")] = None,
    limit: listing.Limit = listing.USUAL,
    everything: listing.Everything = False,
    as_json: Json = False,
) -> None:
    """List what hands decided about clusters and pairs, the newest first: what `undo` takes back.

    Tags, ratings and comments by hand are in `get ID --lineage`, and tables in `schemas list`.
    """
    with connect() as server:
        asked = listing.Asked(limit, everything, as_json)
        query = {
            "cluster": cluster and cluster_id(server, cluster),
            "object": about,
            "action": action,
        }
        listing.show(server, "decisions", query, _COLUMNS, asked, empty="Nothing was decided yet.")


def undo(
    decision: Annotated[str, typer.Argument(help="Its id, or `last`.")], as_json: Json = False
) -> None:
    """Take a decision back. Examples: mammothbox undo last · mammothbox undo ID"""
    with connect() as server:
        last = decision == "last"
        wanted = _last(server) if last else the_id(decision, "a decision", "decisions")
        made = server.post(f"decisions/{wanted}/undo")
    if as_json:
        output.emit_lines([made])
    else:
        output.note(f"It is undone. To do it again: mammothbox undo {made['decision_id']}")


def _last(server: Server) -> str:
    """The newest decision that stands, and takes back none itself."""
    for one in server.pages("decisions"):
        if not one["undone_by"] and not one["undoes"]:
            return str(one["decision_id"])
    raise Stop("There is no decision to take back.", NOT_FOUND)
