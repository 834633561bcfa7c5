"""`keys`: who may speak to the server. For admins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from clients.cli import listing, output
from clients.cli.commands.tag import Yes
from clients.cli.listing import Column
from clients.cli.output import Json
from clients.cli.server import connect
from clients.cli.targets import sure, the_id

Owner = Annotated[str | None, typer.Option(help="For operators: whose it is.")]


def _state(one: dict[str, Any]) -> str:
    if one["revoked_at"]:
        return f"revoked {output.when(one['revoked_at'])}"
    if one["expires_at"] is None:
        return "in force"
    is_over = datetime.fromisoformat(one["expires_at"]) <= datetime.now(UTC)
    return f"{'expired' if is_over else 'until'} {output.when(one['expires_at'])}"


_COLUMNS = (
    Column("id", lambda one: one["key_id"]),
    Column("name", lambda one: one["name"]),
    Column("role", lambda one: one["role"]),
    Column("made", lambda one: output.when(one["created_at"])),
    Column("last used", lambda one: output.when(one["last_used_at"])),
    Column("state", _state),
)


def add(app: typer.Typer) -> None:
    """`mammothbox keys …`."""
    group = typer.Typer(no_args_is_help=True, help="API keys. For admins.")
    group.command("list")(list_keys)
    group.command("create")(create)
    group.command("revoke")(revoke)
    app.add_typer(group, name="keys")


def list_keys(
    *,
    owner: Owner = None,
    limit: listing.Limit = listing.USUAL,
    everything: listing.Everything = False,
    as_json: Json = False,
) -> None:
    """List the owner's keys, never what they are."""
    with connect() as server:
        asked = listing.Asked(limit, everything, as_json)
        listing.show(server, "keys", {"owner": owner}, _COLUMNS, asked, empty="There is no key.")


def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    *,
    role: Annotated[str, typer.Option(help="viewer, uploader, admin or operator.")] = "uploader",
    days: Annotated[
        float | None, typer.Option(help="How long it is in force; else for ever.")
    ] = None,
    owner: Owner = None,
    as_json: Json = False,
) -> None:
    """Make a key, which is shown this once, alone on standard output.

    Example: mammothbox keys create scanner --role uploader --days 90
    """
    body = {"name": name, "role": role, "expires_in_days": days}
    with connect() as server:
        made = server.post("keys", body, {"owner": owner})
    if as_json:
        output.emit(made)
    else:
        output.note(f"A key for {made['owner']}, {made['role']}; it is not shown again:")
        output.tell(made["key"])


def revoke(
    key: Annotated[str, typer.Argument(help="The id of a key.")],
    *,
    owner: Owner = None,
    yes: Yes = False,
) -> None:
    """Put a key out of force, for good."""
    the_id(key, "a key", "keys list")
    sure(f"Revoke {key}?", yes)
    with connect() as server:
        server.delete(f"keys/{key}", {"owner": owner})
    output.note("It is revoked.")
