"""`replay`: let what failed be tried again."""

from __future__ import annotations

from typing import Annotated

import typer

from clients.cli import output
from clients.cli.commands.tag import Ids
from clients.cli.output import Json
from clients.cli.problems import USAGE, Stop
from clients.cli.server import connect
from clients.cli.targets import for_each, object_ids

Stages = Annotated[
    list[str] | None, typer.Option("--stage", help="This stage, such as tag. Repeatable.")
]
Failed = Annotated[bool, typer.Option("--failed", help="Everything that failed.")]
Code = Annotated[str | None, typer.Option(help="Only what failed with this code.")]


def add(app: typer.Typer) -> None:
    """`mammothbox replay`."""
    app.command()(replay)


def replay(
    ids: Ids = None,
    *,
    failed: Failed = False,
    code: Code = None,
    stage: Stages = None,
    as_json: Json = False,
) -> None:
    """Process objects again: the stages that failed, or those that are named.

    Examples: mammothbox replay ID · mammothbox replay --failed --code storage_unavailable
    · mammothbox replay ID --stage tag
    """
    if failed == bool(ids):
        raise Stop("Name objects, or say --failed.", USAGE)
    if code and not failed:
        raise Stop("--code goes with --failed.", USAGE)
    with connect() as server:
        if failed:
            found = list(server.pages("objects", {"status": "failed"}))
            objects = [
                one["system_id"]
                for one in found
                if code is None or (one["error"] or {}).get("code") == code
            ]
        else:
            objects = object_ids(ids or [])
        if not objects:
            output.note("Nothing failed.")
            return
        for_each(
            objects,
            lambda one: server.post(f"objects/{one}/replay", {"stages": stage}),
            as_json,
            "Tried again:",
        )
