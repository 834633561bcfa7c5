"""`get`: an original, or what is known of it, out of the library."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from clients.cli import listing, output
from clients.cli.downloading import PARTIAL, download, original, stream, thumbnail
from clients.cli.exporting.names import safe
from clients.cli.interruptions import telling_of_interruptions
from clients.cli.listing import Column
from clients.cli.output import Json
from clients.cli.problems import REFUSED, USAGE, Stop
from clients.cli.progress import receiving
from clients.cli.server import Server, connect
from clients.cli.targets import the_id

SystemId = Annotated[str, typer.Argument(help="The id of an object.")]
Output = Annotated[
    str | None, typer.Option("--output", "-o", help="A file or folder; - is standard output.")
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Write over a file that is there.")]
Thumbnail = Annotated[int | None, typer.Option(help="A picture of 150, 300 or 1024 pixels.")]
Metadata = Annotated[bool, typer.Option("--metadata", help="What the file tells of itself.")]
Lineage = Annotated[bool, typer.Option("--lineage", help="What happened to it.")]

_LINEAGE = (
    Column("at", lambda one: one["at"][:23].replace("T", " ")),
    Column("event", lambda one: one["event"]),
    Column("stage", lambda one: one["stage"]),
    Column("by", lambda one: one["actor"]),
    Column("detail", lambda one: ", ".join(f"{k}={v}" for k, v in one["detail"].items())),
)


def add(app: typer.Typer) -> None:
    """`mammothbox get`."""
    app.command()(get)


def get(
    system_id: SystemId,
    *,
    to: Output = None,
    force: Force = False,
    thumbnail: Thumbnail = None,
    metadata: Metadata = False,
    lineage: Lineage = False,
    as_json: Json = False,
) -> None:
    """Download an original, verified; a partial download goes on where it stopped.

    Examples: mammothbox get ID · mammothbox get ID -o photo.jpg · mammothbox get ID -o - | wc -c
    · mammothbox get ID --thumbnail 300 -o small.webp · mammothbox get ID --lineage
    """
    the_id(system_id, "an object", "ls")
    if sum((thumbnail is not None, metadata, lineage)) > 1:
        raise Stop("One of --thumbnail, --metadata and --lineage at a time.", USAGE)
    with connect() as server:
        if metadata:
            output.emit(server.get(f"objects/{system_id}/metadata")["metadata"])
        elif lineage:
            asked = listing.Asked(everything=True, as_json=as_json)
            path = f"objects/{system_id}/lineage"
            listing.show(server, path, {}, _LINEAGE, asked, empty="Nothing happened yet.")
        else:
            found = server.get(f"objects/{system_id}")
            written = _fetch(server, found, to, thumbnail, force)
            if as_json and written:
                told = {"system_id": system_id, "path": str(written), "sha256": found["sha256"]}
                output.emit(told)


def _fetch(
    server: Server, found: dict[str, Any], to: str | None, size: int | None, force: bool
) -> Path | None:
    if to == "-":
        out = sys.stdout.buffer
        if size is None:
            stream(server, original(found), out)
        else:
            out.write(thumbnail(server, found["system_id"], size))
        return None
    path = _target(found, to, size, force)
    if size is None:
        _receive(server, found, path)
    else:
        path.write_bytes(thumbnail(server, found["system_id"], size))
    output.note(f"{path} ({output.size(path.stat().st_size)})")
    return path


def _receive(server: Server, found: dict[str, Any], path: Path) -> None:
    there = 0
    # By its id: whatever else ends in the same may be somebody's own.
    partial = path.with_name(f".{found['system_id']}{PARTIAL}")

    def heard(count: int) -> None:
        nonlocal there
        there += count
        show(count)

    def how_far() -> str:
        return f"{output.size(there)} of {output.size(found['size_bytes'])} are in {partial}."

    with telling_of_interruptions(how_far), receiving(found["size_bytes"]) as show:
        download(server, original(found), path, partial, heard)


def _target(found: dict[str, Any], to: str | None, size: int | None, force: bool) -> Path:
    own = safe(found["filename"], found["system_id"])
    name = own if size is None else f"{Path(own).stem}-{size}.webp"
    path = Path(to) if to else Path(name)
    path = path / name if path.is_dir() else path
    if path.exists() and not path.is_file():
        raise Stop(f"{path} is a device or a pipe, not a file: write to it with -o - >.", USAGE)
    if path.exists() and not force:
        raise Stop(f"{path} is there already: --force writes over it.", REFUSED)
    if not path.absolute().parent.is_dir():
        raise Stop(f"There is no folder {path.absolute().parent}.", USAGE)
    return path
