"""`collections`: stored JSON by its collections, how it changes, and what may change."""

from __future__ import annotations

from typing import Annotated

import typer

from clients.cli import listing, output
from clients.cli.listing import Column
from clients.cli.output import Json
from clients.cli.paths import collection_path
from clients.cli.server import connect

Name = Annotated[str, typer.Argument(help="Its name or id.")]
Contract = Annotated[
    str | None, typer.Argument(help="evolve, freeze, discard_value or discard_row; none: show it.")
]

_COLUMNS = (
    Column("name", lambda one: one["name"]),
    Column("storage", lambda one: one["storage"]),
    Column(">documents", lambda one: one["documents"]),
    Column("contract", lambda one: one["contract"]),
    Column("proposal waits", lambda one: "yes" if one["waiting_schema"] else ""),
)
_FIELDS = (
    Column("field", lambda one: one["field"]),
    Column(">present", lambda one: f"{float(one['presence']):.0%}"),
    Column("types", lambda one: ", ".join(f"{k} {v}" for k, v in one["types"].items())),
    Column(">distinct", lambda one: one["distinct"]),
    Column("formats", lambda one: ", ".join(one["formats"])),
)
_DRIFT = (
    Column("field", lambda one: one["path"]),
    Column("what", lambda one: one["what"]),
    Column(">before", lambda one: f"{float(one['presence_before']):.0%}"),
    Column(">since", lambda one: f"{float(one['presence_since']):.0%}"),
    Column("stored as", lambda one: one["stored_as"]),
    Column("needs", lambda one: one["needs"]),
)
_REFUSALS = (
    Column("object", lambda one: one["system_id"]),
    Column(">position", lambda one: one["position"]),
    Column("code", lambda one: one["code"]),
    Column("detail", lambda one: one["detail"]),
)


def add(app: typer.Typer) -> None:
    """`mammothbox collections …`."""
    group = typer.Typer(no_args_is_help=True, help="Collections of JSON documents.")
    group.command("list")(list_collections)
    group.command("show")(show)
    group.command("drift")(drift)
    group.command("refusals")(refusals)
    group.command("contract")(contract)
    app.add_typer(group, name="collections")


def list_collections(
    *,
    limit: listing.Limit = listing.USUAL,
    everything: listing.Everything = False,
    as_json: Json = False,
) -> None:
    """List collections."""
    with connect() as server:
        asked = listing.Asked(limit, everything, as_json)
        listing.show(server, "collections", {}, _COLUMNS, asked, empty="No JSON arrived yet.")


def show(name: Name, as_json: Json = False) -> None:
    """Show a collection and its fields. Example: mammothbox collections show orders"""
    with connect() as server:
        found = server.get(collection_path(name))
    if as_json:
        output.emit(found)
        return
    shown = ("id", "name", "storage", "documents", "contract", "active_schema", "waiting_schema")
    listing.facts([(each, found[each]) for each in shown])
    output.tell()
    listing.rows(found["fields"], _FIELDS)
    if found["more_fields"]:
        output.note("There are more fields than these.")


def drift(name: Name, as_json: Json = False) -> None:
    """Show how documents that came since differ from what the table was made for."""
    with connect() as server:
        found = server.get(f"{collection_path(name)}/drift")
    if as_json:
        output.emit(found)
    elif found["schema_id"] is None:
        output.note("Nothing was proposed for it yet, so nothing can drift.")
    else:
        changed = [one for one in found["fields"] if one["what"] != "same"]
        said = "It drifted" if found["drifted"] else "It did not drift"
        output.note(f"{said}: {found['documents_since']} documents since.")
        if changed:
            listing.rows(changed, _DRIFT)


def refusals(
    name: Name,
    *,
    limit: listing.Limit = listing.USUAL,
    everything: listing.Everything = False,
    as_json: Json = False,
) -> None:
    """List documents that could not be kept, and why."""
    with connect() as server:
        asked = listing.Asked(limit, everything, as_json)
        path = f"{collection_path(name)}/refusals"
        listing.show(server, path, {}, _REFUSALS, asked, empty="Every document was kept.")


def contract(name: Name, contract: Contract = None, as_json: Json = False) -> None:
    """Show or say what happens to fields that are new.

    Example: mammothbox collections contract orders freeze
    """
    with connect() as server:
        path = collection_path(name)
        found = server.patch(path, {"contract": contract}) if contract else server.get(path)
    if as_json:
        output.emit({"name": found["name"], "contract": found["contract"]})
    else:
        output.tell(found["contract"])
