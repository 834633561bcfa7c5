"""`schemas`: proposals to keep a collection in a table, and deciding about them."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from clients.cli import exact_json, listing, output
from clients.cli.commands.tag import Yes
from clients.cli.listing import Column
from clients.cli.output import Json
from clients.cli.paths import collection_path
from clients.cli.problems import FAILED, NOT_FOUND, USAGE, Stop
from clients.cli.server import Server, connect
from clients.cli.targets import is_id, sure

Named = Annotated[
    str, typer.Argument(help="The id of a schema, or a collection: its proposal, or its table.")
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is done.")]
Rename = Annotated[
    list[str] | None, typer.Option("--name", help="A column's name: /total=amount. Repeatable.")
]
Retype = Annotated[
    list[str] | None, typer.Option("--type", help="A column's type: /total=numeric. Repeatable.")
]
Reason = Annotated[str | None, typer.Option(help="Why, for whoever reads of it later.")]
Store = Annotated[str | None, typer.Option(help="jsonb or sql.")]

_BUSY = ("proving", "building", "undoing")
_PAUSE_S = 0.3
# Nobody asked for goes on for longer than a table with all documents takes.
_PATIENCE_S = 3600.0
_COLUMNS = (
    Column("id", lambda one: one["id"]),
    Column("collection", lambda one: one["collection"]),
    Column(">version", lambda one: one["version"]),
    Column("status", lambda one: one["status"]),
    Column("storage", lambda one: one["storage_choice"]),
    Column(">score", lambda one: f"{float(one['score']):.3f}"),
    Column("at", lambda one: output.when(one["created_at"])),
)


def add(app: typer.Typer) -> None:
    """`mammothbox schemas …`."""
    group = typer.Typer(no_args_is_help=True, help="Tables proposed for collections of JSON.")
    group.command("list")(list_schemas)
    group.command("show")(show)
    group.command("approve")(approve)
    group.command("reject")(reject)
    group.command("override")(override)
    group.command("rollback")(roll_back)
    app.add_typer(group, name="schemas")


def list_schemas(
    *,
    status: Annotated[str | None, typer.Option(help="Such as provisional or active.")] = None,
    collection: Annotated[str | None, typer.Option(help="Of this collection.")] = None,
    limit: listing.Limit = listing.USUAL,
    everything: listing.Everything = False,
    as_json: Json = False,
) -> None:
    """List what was proposed and what became of it. Example: schemas list --status provisional"""
    with connect() as server:
        query = {"status": status, "collection": collection}
        asked = listing.Asked(limit, everything, as_json)
        listing.show(server, "schemas", query, _COLUMNS, asked, empty="Nothing was proposed.")


def show(named: Named, as_json: Json = False) -> None:
    """Show a proposal: the rules with their numbers, columns, dry run and statements."""
    with connect() as server:
        found = server.get(f"schemas/{schema_id(server, named)}")
    if as_json:
        output.emit(found)
    else:
        _print(found)


def approve(named: Named, *, yes: Yes = False, wait: Wait = True, as_json: Json = False) -> None:
    """Let a proposal come into force: the statements are shown, and are the ones that run.

    Examples: mammothbox schemas approve orders · mammothbox schemas approve ID --yes --no-wait
    """
    with connect() as server:
        found = settled(server, schema_id(server, named))
        if not as_json:
            _print(found)
        sure(f"Approve version {found['version']} of {found['collection']}?", yes)
        body = {"ddl_sha256": found["ddl_sha256"]}
        server.post(f"schemas/{found['id']}/approve", body)
        _ended(server, found["id"], ("active",), wait, as_json)


def reject(named: Named, *, reason: Reason = None, as_json: Json = False) -> None:
    """Say no; the same is not proposed again.

    Example: mammothbox schemas reject orders --reason "The customers belong elsewhere."
    """
    body = {"reason": reason} if reason else None
    with connect() as server:
        found = server.post(f"schemas/{schema_id(server, named)}/reject", body)
        _ended(server, found["id"], ("rejected",), False, as_json)


def override(
    named: Named,
    *,
    storage: Store = None,
    name: Rename = None,
    type_: Retype = None,
    wait: Wait = True,
    as_json: Json = False,
) -> None:
    """Have other names, types or storage than proposed; it is proved anew.

    Example: mammothbox schemas override orders --type /total=numeric --name /id=order_id
    """
    columns: dict[str, dict[str, str]] = {}
    for what, given in (("name", name), ("type", type_)):
        for one in given or ():
            path, equals, value = one.rpartition("=")
            if not equals:
                raise Stop(f"Write {one!r} as /path=value.", USAGE)
            columns.setdefault(path, {})[what] = value
    if storage is None and not columns:
        raise Stop("Say what to change: --storage, --name or --type.", USAGE)
    body = {"storage": storage, "columns": columns}
    with connect() as server:
        wanted = schema_id(server, named)
        said = {name: value for name, value in body.items() if value}
        found = server.patch(f"schemas/{wanted}", said)
        _ended(server, found["id"], ("provisional",), wait, as_json)


def roll_back(named: Named, *, yes: Yes = False, wait: Wait = True, as_json: Json = False) -> None:
    """Back to JSONB: the table is dropped, no document is lost."""
    with connect() as server:
        wanted = schema_id(server, named, prefer="active_schema")
        sure("Drop the table, and keep the documents as JSONB?", yes)
        server.post(f"schemas/{wanted}/rollback")
        _ended(server, wanted, ("rolled_back",), wait, as_json)


def schema_id(server: Server, named: str, prefer: str = "waiting_schema") -> str:
    """The schema with that id; of a collection the proposal that waits, else its table."""
    if is_id(named):
        return named
    found = server.get(collection_path(named))
    wanted = found[prefer] or found["waiting_schema"] or found["active_schema"]
    if wanted is None:
        raise Stop(f"Nothing is proposed for {named}.", NOT_FOUND)
    return str(wanted)


def settled(server: Server, wanted: str) -> dict[str, Any]:
    """The schema once nothing is being done about it. Raises `Stop` when that takes an hour."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        found: dict[str, Any] = server.get(f"schemas/{wanted}")
        if found["status"] not in _BUSY:
            return found
        if time.monotonic() > deadline:
            raise Stop(f"It is still {found['status']}; `mammothbox schemas show {wanted}` tells.")
        server.stop.wait(_PAUSE_S)


def _ended(server: Server, wanted: str, well: tuple[str, ...], wait: bool, as_json: bool) -> None:
    found = settled(server, wanted) if wait else server.get(f"schemas/{wanted}")
    if as_json:
        output.emit(found)
    else:
        output.note(f"Version {found['version']} of {found['collection']} is {found['status']}.")
        if found["error"]:
            output.warn(found["error"])
    if found["status"] not in (*well, *(_BUSY if not wait else ())):
        raise typer.Exit(FAILED)


def _print(found: dict[str, Any]) -> None:
    listing.facts(
        [
            ("id", found["id"]),
            ("collection", f"{found['collection']}, version {found['version']}"),
            ("status", found["status"]),
            ("storage", f"{found['storage_choice']} (score {float(found['score']):.3f})"),
            ("error", found["error"]),
            ("decided", f"{output.when(found['decided_at'])} {_decider(found)}".strip()),
            ("reason", found.get("reason")),
        ]
    )
    output.tell()
    output.table(["rule", ">value", ">limit", "passed"], [_rule(one) for one in found["rationale"]])
    if found["columns"]:
        output.tell()
        titles = ["field", "column", "type", "required"]
        output.table(titles, [_column(one) for one in found["columns"]])
    if found["dry_run"]:
        output.tell(f"\ndry run: {exact_json.write(_short(found['dry_run']))}")
    if found["ddl"]:
        output.tell(f"\n{found['ddl'].strip()}")


def _decider(found: dict[str, Any]) -> str:
    return str(found.get("decided_by_name") or found["decided_by"] or "")


def _rule(one: dict[str, Any]) -> list[object]:
    limit = "" if one["limit"] is None else one["limit"]
    passed = "yes" if one["passed"] else ("no, and that settles it" if one.get("veto") else "no")
    return [one["rule"], one["value"], limit, passed]


def _column(one: dict[str, Any]) -> list[object]:
    return [one["path"], one["name"], one["type"], "yes" if one["required"] else ""]


def _short(dry_run: dict[str, Any]) -> dict[str, Any]:
    """Its numbers; what would not fit is long, and stands in `--json`."""
    return {
        name: len(value) if isinstance(value, list) else value
        for name, value in dry_run.items()
        if isinstance(value, int | list)
    }
