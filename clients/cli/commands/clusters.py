"""`clusters`: the directories that pictures find by themselves, and correcting them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from clients.cli import listing, output
from clients.cli.commands import links, ls
from clients.cli.commands.tag import Yes
from clients.cli.listing import Column
from clients.cli.output import Json
from clients.cli.problems import USAGE, Stop
from clients.cli.server import connect
from clients.cli.targets import cluster_id, object_ids, sure

Named = Annotated[str, typer.Argument(help="Its name or id.")]
_COLUMNS = (
    Column("id", lambda one: one["id"]),
    Column("name", lambda one: one["name"]),
    Column("named by", lambda one: one["name_source"]),
    Column("status", lambda one: one["status"]),
    Column(">size", lambda one: one["size"]),
    Column(">threshold", lambda one: f"{float(one['threshold']):.2f}"),
)
_SUGGESTIONS = (
    Column("what", lambda one: one["kind"]),
    Column("clusters", lambda one: ", ".join(one["cluster_ids"])),
    Column(">alike", lambda one: f"{float(one['similarity']):.3f}"),
    Column(">threshold", lambda one: f"{float(one['threshold']):.3f}"),
)


def add(app: typer.Typer) -> None:
    """`mammothbox clusters …`."""
    group = typer.Typer(no_args_is_help=True, help="Clusters of what looks alike.")
    group.command("list")(list_clusters)
    group.command("show")(show)
    group.command("rename")(rename)
    group.command("confirm")(confirm)
    group.command("merge")(merge)
    group.command("split")(split)
    group.command("threshold")(threshold)
    group.command("move")(move)
    group.command("suggestions")(suggestions)
    links.add(group)
    app.add_typer(group, name="clusters")


def list_clusters(
    status: Annotated[str | None, typer.Option(help="provisional or confirmed.")] = None,
    *,
    limit: listing.Limit = listing.USUAL,
    everything: listing.Everything = False,
    as_json: Json = False,
) -> None:
    """List clusters, the largest first."""
    with connect() as server:
        asked = listing.Asked(limit, everything, as_json)
        query = {"status": status}
        listing.show(server, "clusters", query, _COLUMNS, asked, empty="There are no clusters yet.")


def show(
    named: Named,
    *,
    limit: listing.Limit = listing.USUAL,
    everything: listing.Everything = False,
    as_json: Json = False,
) -> None:
    """Show a cluster and its members. Example: mammothbox clusters show Holiday --all"""
    with connect() as server:
        found = server.get(f"clusters/{cluster_id(server, named)}")
        asked = listing.Asked(limit, everything, as_json)
        query = {"cluster": found["id"]}
        if not as_json:
            listing.facts([(name, found[name]) for name in ("id", "name", "status", "size")])
        listing.show(server, "objects", query, ls.COLUMNS, asked, empty="It has no members.")


def rename(named: Named, name: str, as_json: Json = False) -> None:
    """Name a cluster for good. Example: mammothbox clusters rename 'Arch, Paris' Holiday"""
    _act(named, {"action": "rename", "name": name}, f"It is called {name} now.", as_json)


def confirm(named: Named, as_json: Json = False) -> None:
    """Say that this is a cluster, however few its members."""
    _act(named, {"action": "confirm"}, "It is confirmed.", as_json)


def merge(
    named: Named,
    others: Annotated[list[str], typer.Argument(help="Clusters whose members it gets.")],
    as_json: Json = False,
) -> None:
    """Put the others' members into the first. Example: mammothbox clusters merge Arch Arches"""
    with connect() as server:
        body = {"action": "merge", "with": [cluster_id(server, one) for one in others]}
        made = server.patch(f"clusters/{cluster_id(server, named)}", body)
    told(made, f"{len(others)} are merged into it.", as_json)


def split(
    named: Named,
    ids: Annotated[list[str] | None, typer.Argument(help="Objects that go into a new one.")] = None,
    *,
    into: Annotated[int | None, typer.Option(min=2, help="Into so many, by likeness.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only show the parts.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Split a cluster by picking objects, or into parts, which are shown first.

    Examples: mammothbox clusters split Beach ID ID · mammothbox clusters split Beach --into 3
    """
    if (into is None) == (ids is None):
        raise Stop("Name objects to pick, or say --into N.", USAGE)
    with connect() as server:
        target = cluster_id(server, named)
        body: dict[str, Any] = {"action": "split"}
        if into is None:
            body["asset_ids"] = object_ids(ids or [])
        else:
            body["parts"] = into
            shown = server.get(f"clusters/{target}/preview", {"parts": into})
            if _previewed(shown, preview, as_json):
                return
            sure(f"Split it into {len(shown['parts'])}?", yes)
        made = server.patch(f"clusters/{target}", body)
    told(made, f"{len(made['made'])} new: {', '.join(made['made'])}.", as_json)


def threshold(
    named: Named,
    value: Annotated[float, typer.Argument(min=0, max=1, help="How alike members have to be.")],
    *,
    preview: Annotated[bool, typer.Option("--preview", help="Only show who would leave.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Say how alike members have to be; who would leave is shown first.

    Example: mammothbox clusters threshold Beach 0.85 --preview
    """
    with connect() as server:
        target = cluster_id(server, named)
        shown = server.get(f"clusters/{target}/preview", {"threshold": value})
        if _previewed(shown, preview, as_json):
            return
        if shown["leaving"]:
            more = "or more " if shown["more"] else ""
            sure(f"Let {len(shown['leaving'])} {more}objects leave?", yes)
        made = server.patch(f"clusters/{target}", {"action": "threshold", "threshold": value})
    told(made, f"The threshold is {value}.", as_json)


def move(
    ids: Annotated[list[str] | None, typer.Argument(help="Objects; else standard input.")] = None,
    *,
    to: Annotated[str | None, typer.Option(help="The cluster's name or id; else new ones.")] = None,
    as_json: Json = False,
) -> None:
    """Put objects into a cluster for good, or each into one of its own.

    Examples: mammothbox clusters move ID --to Holiday · mammothbox clusters move ID
    """
    objects = object_ids(ids or [])
    with connect() as server:
        body = {"cluster_id": to and cluster_id(server, to)}
        for one in objects:
            made = server.post(f"objects/{one}/move", body)
            told(made, f"{one} is in {made['cluster_id']} now.", as_json)


def suggestions(as_json: Json = False) -> None:
    """List what might be merged or split."""
    with connect() as server:
        found = server.get("clusters/suggestions", {"limit": 200})["items"]
    if as_json:
        output.emit_lines(found)
    elif found:
        listing.rows(found, _SUGGESTIONS)
    else:
        output.note("Nothing is suggested.")


def told(made: dict[str, Any], what: str, as_json: bool) -> None:
    """Say what an act did, and how to take it back."""
    if as_json:
        output.emit_lines([made])
    else:
        output.note(f"{what} To take it back: mammothbox undo {made['decision_id']}")


def _act(named: str, body: dict[str, Any], what: str, as_json: bool) -> None:
    with connect() as server:
        made = server.patch(f"clusters/{cluster_id(server, named)}", body)
    told(made, what, as_json)


def _previewed(shown: dict[str, Any], only: bool, as_json: bool) -> bool:
    """Show a preview; whether that is all that was asked for."""
    if as_json:
        if only:
            output.emit(shown)
        return only
    for one in shown["leaving"] or ():
        output.tell(f"{one['system_id']} would leave ({float(one['similarity']):.3f} alike)")
    for number, part in enumerate(shown["parts"] or (), 1):
        output.tell(f"part {number}: {part['size']} ({float(part['tightness']):.3f} tight)")
    if shown["leaving"] == []:
        output.note("Nobody would leave.")
    return only
