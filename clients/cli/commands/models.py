"""`models`: which model embeds, changing it, and fetching one. For operators."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from clients.cli import listing, output
from clients.cli.commands.up_down import run_module
from clients.cli.listing import Column
from clients.cli.output import Json
from clients.cli.paths import path_of
from clients.cli.server import connect

Space = Annotated[str, typer.Argument(help="The name of a space, as `models list` shows it.")]


def _fill(one: dict[str, Any], what: str) -> object:
    return one["fill"][what] if one["fill"] else ""


_COLUMNS = (
    Column("name", lambda one: one["name"]),
    Column("model", lambda one: one["model"]),
    Column(">dimension", lambda one: one["dimension"]),
    Column("state", lambda one: one["state"]),
    Column(">embedded", lambda one: _fill(one, "done")),
    Column(">waiting", lambda one: _fill(one, "waiting")),
    Column(">failed", lambda one: _fill(one, "failed")),
    Column(">missing", lambda one: _fill(one, "missing")),
)


def add(app: typer.Typer) -> None:
    """`mammothbox models …`."""
    group = typer.Typer(no_args_is_help=True, help="Models and their spaces. For operators.")
    group.command("list")(list_spaces)
    group.command("fill")(fill)
    group.command("stop")(stop)
    group.command("activate")(activate)
    group.command("fetch")(fetch)
    app.add_typer(group, name="models")


def list_spaces(as_json: Json = False) -> None:
    """List the models that are known, and how far each has embedded the library."""
    with connect() as server:
        found = server.get("admin/spaces")["items"]
    if as_json:
        output.emit_lines(found)
    else:
        listing.rows(found, _COLUMNS)


def fill(space: Space, as_json: Json = False) -> None:
    """Embed the library with another model, beside the one in use."""
    with connect() as server:
        _told(server.post(_path(space, "fill"), repeatable=True), as_json)


def stop(space: Space, as_json: Json = False) -> None:
    """Call off a fill; what is embedded stays."""
    with connect() as server:
        _told(server.delete(_path(space, "fill")), as_json)


def activate(
    space: Space,
    *,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Although it has not embedded everything.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take a model into use."""
    with connect() as server:
        query = {"incomplete": incomplete or None}
        made = server.ask("POST", _path(space, "activate"), query=query, repeatable=True)
        _told(made, as_json)


def fetch() -> None:
    """Download CLIP, verify it and quantise it, as `make models` does. Needs a checkout."""
    raise typer.Exit(run_module("models.fetch"))


def _path(space: str, act: str) -> str:
    return path_of("admin", "spaces", space, act)


def _told(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.emit(found)
        return
    left = f", {found['fill']['missing']} missing" if found["fill"] else ""
    output.note(f"{found['name']} is {found['state']}{left}.")
