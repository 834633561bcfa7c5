"""`duplicates`: pairs that show the same, and which of them to keep."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from clients.cli import listing, output
from clients.cli.commands.clusters import told
from clients.cli.listing import Column
from clients.cli.output import Json
from clients.cli.problems import USAGE, ServerProblem, Stop, sentence
from clients.cli.server import Server, connect
from clients.cli.targets import cluster_id, the_id

Pair = Annotated[str, typer.Argument(help="The id of a pair.")]
Class = Annotated[str | None, typer.Option("--class", help="exact or same.")]
State = Annotated[str | None, typer.Option(help="open, confirmed or dismissed.")]
Cluster = Annotated[str | None, typer.Option(help="One of the two is in this cluster.")]

_COLUMNS = (
    Column("id", lambda one: one["id"]),
    Column("class", lambda one: one["class"]),
    Column("state", lambda one: one["state"]),
    Column("one", lambda one: _named(one["objects"][0])),
    Column("other", lambda one: _named(one["objects"][1])),
    Column("reason", lambda one: one["reason"]),
)


def add(app: typer.Typer) -> None:
    """`mammothbox duplicates …`."""
    group = typer.Typer(no_args_is_help=True, help="The same picture twice.")
    group.command("list")(list_pairs)
    group.command("confirm")(confirm)
    group.command("dismiss")(dismiss)
    group.command("decide")(decide)
    app.add_typer(group, name="duplicates")


def list_pairs(
    *,
    pair_class: Class = None,
    state: State = None,
    cluster: Cluster = None,
    limit: listing.Limit = listing.USUAL,
    everything: listing.Everything = False,
    as_json: Json = False,
) -> None:
    """List pairs, newest first. Example: mammothbox duplicates list --state open"""
    with connect() as server:
        query = {
            "class": pair_class,
            "state": state,
            "cluster": cluster and cluster_id(server, cluster),
        }
        asked = listing.Asked(limit, everything, as_json)
        listing.show(server, "duplicates", query, _COLUMNS, asked, empty="There are none.")


def confirm(
    pair: Pair,
    keep: Annotated[
        str | None, typer.Option(help="The object to keep; else the suggested.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say that both are one picture; the kept one gets the other's tags by hand and rating."""
    with connect() as server:
        made = server.post(_path(pair), {"verdict": "confirm", "keep": keep})
    told(made, f"{made['keeper']} is kept.", as_json)


def dismiss(pair: Pair, as_json: Json = False) -> None:
    """Say for good that they are not the same."""
    with connect() as server:
        made = server.post(_path(pair), {"verdict": "dismiss"})
    told(made, "Both are kept.", as_json)


def _path(pair: str) -> str:
    return f"duplicates/{the_id(pair, 'a pair', 'duplicates list')}"


def decide(cluster: Cluster = None) -> None:
    """Go through open pairs one by one, and decide by keys."""
    if not sys.stdin.isatty():
        raise Stop("This asks questions; a script uses `confirm` and `dismiss`.", USAGE)
    with connect() as server:
        query = {"state": "open", "cluster": cluster and cluster_id(server, cluster)}
        pairs = list(server.pages("duplicates", query))
        for number, pair in enumerate(pairs, 1):
            output.tell(f"\n{number} of {len(pairs)}: {_evidence(pair)}")
            for key, one in zip("12", pair["objects"], strict=True):
                hint = " (suggested)" if one["system_id"] == pair["suggested_keeper"] else ""
                output.tell(f"  {key}  {_described(one)}{hint}")
            output.tell(f"  {pair['reason'] or ''}")
            if not _decided(server, pair):
                return
    output.note("No pair is left." if pairs else "There is no open pair.")


def _decided(server: Server, pair: dict[str, Any]) -> bool:
    """Ask and do; whether to go on."""
    while True:
        key = typer.prompt("Keep 1 or 2, [b]oth, [s]kip, [q]uit", err=True).strip().lower()
        body = _verdict(pair, key)
        if key in ("s", "q"):
            return bool(key == "s")
        if body is None:
            continue
        try:
            told(server.post(f"duplicates/{pair['id']}", body), "Decided.", as_json=False)
        except ServerProblem as problem:
            output.warn(sentence(problem))
        return True


def _verdict(pair: dict[str, Any], key: str) -> dict[str, Any] | None:
    if key in ("1", "2"):
        return {"verdict": "confirm", "keep": pair["objects"][int(key) - 1]["system_id"]}
    return {"verdict": "dismiss"} if key == "b" else None


def _evidence(pair: dict[str, Any]) -> str:
    found = pair["evidence"]
    if pair["class"] == "exact":
        return "the same bytes"
    told = (f"{name} {float(found[name]):.3f}" for name in ("features", "cosine") if found[name])
    return "the same picture: " + ", ".join(told)


def _described(one: dict[str, Any]) -> str:
    pixels = f"{one['width']} × {one['height']}" if one["width"] else ""
    shown = (_named(one), pixels, output.size(one["size_bytes"]), output.when(one["created_at"]))
    return ", ".join(filter(None, shown))


def _named(one: dict[str, Any]) -> str:
    return str(one["filename"] or one["system_id"])
