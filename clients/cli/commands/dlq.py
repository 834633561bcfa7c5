"""`dlq`: the queues, and what was given up. For operators."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from clients.cli import listing, output
from clients.cli.commands.tag import Yes
from clients.cli.listing import Column
from clients.cli.output import Json
from clients.cli.paths import path_of
from clients.cli.problems import USAGE, Stop
from clients.cli.server import Server, connect
from clients.cli.targets import sure

Queue = Annotated[str, typer.Argument(help="Such as intake or embed.")]


def _dead(one: dict[str, Any]) -> int:
    letters = one["dead_letters"]
    return int(letters["waiting"]) + int(letters["in_flight"])


_QUEUES = (
    Column("queue", lambda one: one["name"]),
    Column("state", lambda one: one["condition"]),
    Column(">waiting", lambda one: one["queue"]["waiting"]),
    Column(">in flight", lambda one: one["queue"]["in_flight"]),
    Column("waiting since", lambda one: output.when(one["oldest_waiting_at"])),
    Column(">dead letters", _dead),
    Column(">dead stages", lambda one: one["dead_stages"]),
    Column("dead since", lambda one: output.when(one["oldest_dead_at"])),
)
_STAGES = (
    Column("owner", lambda one: one["owner"]),
    Column("object", lambda one: one["asset_id"]),
    Column(">attempt", lambda one: one["attempt"]),
    Column("code", lambda one: one["error_code"]),
    Column("detail", lambda one: one["error_detail"]),
    Column("at", lambda one: output.when(one["finished_at"])),
)
_MESSAGES = (
    Column("message", lambda one: one["id"]),
    Column("object", lambda one: one["asset_id"]),
    Column(">receives", lambda one: one["receives"]),
    Column("ours", lambda one: "yes" if one["is_ours"] else "no"),
    Column("at", lambda one: output.when(one["sent_at"])),
)


def add(app: typer.Typer) -> None:
    """`mammothbox dlq …`."""
    group = typer.Typer(no_args_is_help=True, help="Queues and dead letters. For operators.")
    group.command("list")(list_queues)
    group.command("show")(show)
    group.command("redrive")(redrive)
    group.command("discard")(discard)
    app.add_typer(group, name="dlq")


def list_queues(as_json: Json = False) -> None:
    """List the queues: what waits, and what was given up."""
    with connect() as server:
        found = _queues(server)
    if as_json:
        output.emit_lines(found)
    else:
        listing.rows(found, _QUEUES)


def _queues(server: Server) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = server.get("admin/queues")["items"]
    return items


def show(
    queue: Queue,
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200)] = 100,
    as_json: Json = False,
) -> None:
    """Show what was given up, and why. Example: mammothbox dlq show embed"""
    with connect() as server:
        found = server.get(path_of("admin", "dlq", queue), {"limit": limit})
    if as_json:
        output.emit(found)
        return
    if not found["stages"] and not found["messages"]:
        output.note("Nothing was given up.")
    if found["stages"]:
        listing.rows(found["stages"], _STAGES)
    if found["messages"]:
        listing.rows(found["messages"], _MESSAGES)


def redrive(
    queue: Annotated[str | None, typer.Argument(help="Such as embed.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Of every queue.")] = False,
    as_json: Json = False,
) -> None:
    """Try again all that was given up; repeating it does nothing more.

    Examples: mammothbox dlq redrive embed · mammothbox dlq redrive --all
    """
    if everything == bool(queue):
        raise Stop("Name a queue, or say --all.", USAGE)
    with connect() as server:
        dead = {one["name"]: _dead(one) + one["dead_stages"] for one in _queues(server)}
        for name in [queue] if queue else dead:
            redriven = _redriven(server, name, dead.get(name, 0))
            if as_json:
                output.emit_lines([{"queue": name, **redriven}])
            else:
                messages, stages = redriven["messages"], redriven["stages"]
                output.note(f"{name}: {messages} messages and {stages} stages are tried again.")


def _redriven(server: Server, name: str, dead: int) -> Counter[str]:
    """What was tried again of a queue, call after call, for none takes very many.

    Once as many as were dead at the beginning have been, the rest has died since.
    """
    done: Counter[str] = Counter()
    while True:
        moved = server.post(path_of("admin", "dlq", name, "redrive"), repeatable=True)
        done.update(moved)
        if not any(moved.values()) or done.total() >= dead:
            return done


def discard(
    queue: Queue,
    messages: Annotated[list[str], typer.Argument(help="As `dlq show` names them.")],
    *,
    yes: Yes = False,
) -> None:
    """Take away dead messages that ask for no work: others are only tried again.

    Example: mammothbox dlq discard intake 3f0c5f1e-6a5b-4c43-9a5e-3d1f8a4b7c11
    """
    sure(f"Take {len(messages)} of the dead messages of {queue} away for ever?", yes)
    with connect() as server:
        for message in messages:
            server.delete(path_of("admin", "dlq", queue, message))
            output.note(f"{message} is gone.")
