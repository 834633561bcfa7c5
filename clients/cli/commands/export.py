"""`export`, `restore`: everything of an owner as a folder, and back into an empty system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clients.cli import output
from clients.cli.exporting.collect import export as export_all
from clients.cli.exporting.putback import Told, differences
from clients.cli.exporting.putback import restore as put_back
from clients.cli.interruptions import telling_of_interruptions
from clients.cli.output import Json
from clients.cli.problems import FAILED
from clients.cli.progress import Far
from clients.cli.server import connect
from clients.cli.targets import folder_named

Folder = Annotated[Path, typer.Argument(parser=folder_named, help="The folder of the export.")]
Parallel = Annotated[int, typer.Option(min=1, max=32, help="So many at once.")]
Patience = Annotated[float, typer.Option(help="Seconds to wait for a server that fails.")]


def add(app: typer.Typer) -> None:
    """`mammothbox export`, `mammothbox restore`."""
    app.command()(export)
    app.command()(restore)


def export(
    folder: Folder, *, parallel: Parallel = 4, patience: Patience = 60, as_json: Json = False
) -> None:
    """Export everything of an owner: originals, and what is known and was decided of them.

    An interrupted export goes on; another run brings it up to date. Nothing is written over.

    Example: mammothbox export backup-2026
    """
    fetched = 0
    far = Far()

    def heard(count: int) -> None:
        nonlocal fetched
        fetched += count

    with (
        telling_of_interruptions(lambda: f"{far}; {folder} has {output.size(fetched)}."),
        far.shown(),
        connect(patience_s=patience, waiting=far.say) as server,
    ):
        owner = server.get("keys/current")["owner"]
        done = export_all(server, folder, owner, parallel, heard=heard, far=far)
    for path, reason in done.failures:
        output.warn(f"{path}: {reason}")
    said = {
        "folder": str(folder),
        "owner": owner,
        "bytes": fetched,
        "counts": done.manifest.counts,
        "failed": len(done.failures),
    }
    if as_json:
        output.emit(said)
    else:
        objects = output.counted(done.manifest.counts["objects.jsonl"], "object")
        output.note(f"{folder} has {objects} ({output.size(fetched)}).")
    if done.failures:
        output.warn(f"{output.counted(len(done.failures), 'file')} failed: run the same again.")
        raise typer.Exit(FAILED)


def restore(
    folder: Folder,
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Compare everything then.")] = False,
    without_damaged: Annotated[
        bool, typer.Option("--without-damaged", help="Leave out originals that are not whole.")
    ] = False,
    parallel: Parallel = 4,
    patience: Patience = 60,
    as_json: Json = False,
) -> None:
    """Restore an export into an empty library, of any owner; safe to repeat.

    Models say again what they see; what hands did is done again.

    Example: mammothbox restore backup-2026 --verify
    """
    sent = 0
    far = Far()
    troubles: list[str] = []

    def moved(count: int) -> None:
        nonlocal sent
        sent += count

    def hear(trouble: str) -> None:
        troubles.append(trouble)
        far.say(trouble, "yellow")

    with (
        telling_of_interruptions(lambda: f"{far}, {output.size(sent)}."),
        far.shown(),
        connect(patience_s=patience, waiting=far.say) as server,
    ):
        owner = server.get("keys/current")["owner"]
        told = Told(moved, far, hear)
        done = put_back(server, folder, owner, parallel, told, without_damaged=without_damaged)
        differing = differences(server, done, parallel) if verify else None
    for line in differing or ():
        output.warn(line)
    said = {
        "owner": owner,
        "objects": len(done.ids),
        "without_bytes": done.without_bytes,
        "bytes": sent,
        "troubles": troubles,
        "differences": differing,
    }
    if as_json:
        output.emit(said)
    else:
        objects = output.counted(len(done.ids), "object")
        output.note(f"The library of {owner} has {objects} of it ({output.size(sent)}).")
        if differing == [] and not troubles:
            output.note("It equals the export.")
    if troubles or differing:
        raise typer.Exit(FAILED)
