"""`replay`: let what failed be tried again, or what went well be done anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from clients.cli import output
from clients.cli.commands.ls import instant
from clients.cli.commands.tag import Ids
from clients.cli.output import Json
from clients.cli.problems import FAILED, USAGE, Stop
from clients.cli.server import Server, connect
from clients.cli.targets import for_each, object_ids

# What the API takes at once.
_MOST = 200

Stages = Annotated[
    list[str] | None, typer.Option("--stage", help="This stage, such as tag. Repeatable.")
]
Failed = Annotated[bool, typer.Option("--failed", help="Everything that failed, for admins.")]
Done = Annotated[
    bool, typer.Option("--done", help="What went well, too: everything of the --stage named.")
]
Code = Annotated[str | None, typer.Option(help="Only what failed with this code.")]
Space = Annotated[str | None, typer.Option(help="Only embeddings in this space.")]
Kind = Annotated[str | None, typer.Option(help="Only image, video, audio, json or other.")]
Collection = Annotated[str | None, typer.Option(help="Only objects of this collection.")]
Before = Annotated[
    str | None, typer.Option(help="Only what ended before, such as 2024-06; else before now.")
]


def add(app: typer.Typer) -> None:
    """`mammothbox replay`."""
    app.command()(replay)


def replay(
    ids: Ids = None,
    *,
    failed: Failed = False,
    done: Done = False,
    code: Code = None,
    stage: Stages = None,
    space: Space = None,
    kind: Kind = None,
    collection: Collection = None,
    before: Before = None,
    as_json: Json = False,
) -> None:
    """Process objects again: the stages that failed, or those that are named.

    --failed goes through the whole library, --done through what went well as well; the other
    options narrow that. What is tried again already is left as it is.

    Examples: mammothbox replay ID · mammothbox replay --failed --code storage_unavailable
    · mammothbox replay ID --stage tag · mammothbox replay --done --stage tag --kind image
    """
    narrowed = {"code": code, "space": space, "kind": kind, "collection": collection}
    many = failed or done
    if many == bool(ids):
        raise Stop("Name objects, or say --failed, or --done with a --stage.", USAGE)
    if not many and (before or any(narrowed.values())):
        raise Stop("Objects that are named are not narrowed: that goes with --failed.", USAGE)
    if done and not stage:
        raise Stop("Name the --stage that is to run again where it was done.", USAGE)
    with connect() as server:
        if many:
            wanted = {**narrowed, "done": done, "ended_before": instant(before)}
            _tell(_replayed(server, wanted, stage or [None]), as_json)
            return
        for_each(
            object_ids(ids or []),
            lambda one: server.post(f"objects/{one}/replay", {"stages": stage}),
            as_json,
            "Tried again:",
        )


def _replayed(
    server: Server, wanted: dict[str, Any], stages: Sequence[str | None]
) -> dict[str, Any]:
    """Everything that this is true of, queued batch after batch."""
    counts: Counter[str] = Counter()
    refused: list[dict[str, Any]] = []
    for stage in stages:
        for batch in _batches(server, {**wanted, "stage": stage}):
            counts.update(objects=batch["matched"], stages=batch["queued"])
            refused += batch["refused"]
    return {"matched": counts["objects"], "queued": counts["stages"], "refused": refused}


def _batches(server: Server, wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    body = {name: value for name, value in wanted.items() if value} | {"limit": _MOST}
    while True:
        # What is queued has not ended: to ask twice queues nothing twice.
        batch = server.post("admin/replay", body, repeatable=True)
        yield batch
        if batch["next_cursor"] is None:
            return
        body["cursor"] = batch["next_cursor"]


def _tell(replayed: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.emit(replayed)
    elif replayed["matched"]:
        objects = output.counted(replayed["matched"], "object")
        stages = output.counted(replayed["queued"], "stage")
        output.note(f"Tried again: {stages} of {objects}.")
    else:
        output.note("Nothing matches.")
    for one in replayed["refused"]:
        output.warn(f"{one['system_id']}: {one['detail']} [{one['code']}]")
    if replayed["refused"]:
        raise typer.Exit(FAILED)
