"""`ls`, `show`: what is in the library."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from clients.cli import listing, output
from clients.cli.listing import Column
from clients.cli.output import Json
from clients.cli.server import connect
from clients.cli.targets import cluster_id, the_id

Kind = Annotated[str | None, typer.Option(help="image, video, audio, json or other.")]
Status = Annotated[
    str | None,
    typer.Option(help="awaiting_upload, queued, processing, ready, duplicate or failed."),
]
Tag = Annotated[str | None, typer.Option(help="With this tag.")]
Cluster = Annotated[str | None, typer.Option(help="In this cluster, by its name or id.")]
Collection = Annotated[str | None, typer.Option(help="In this collection.")]
ContentType = Annotated[str | None, typer.Option(help="Such as image/jpeg.")]
Sha256 = Annotated[str | None, typer.Option(help="With exactly these bytes.")]
Job = Annotated[str | None, typer.Option(help="Of this upload.")]
Copies = Annotated[str, typer.Option(help="include, exclude or only.")]
CopyOf = Annotated[str | None, typer.Option(help="Exact copies of this object.")]
From = Annotated[str | None, typer.Option("--from", help="Arrived at or after, such as 2024-06.")]
To = Annotated[str | None, typer.Option("--to", help="Arrived before.")]
TakenFrom = Annotated[str | None, typer.Option(help="Taken at or after, where it was taken.")]
TakenTo = Annotated[str | None, typer.Option(help="Taken before.")]
Box = Annotated[str | None, typer.Option(help="west,south,east,north in degrees.")]
Trashed = Annotated[bool, typer.Option("--trashed", help="What is in the trash.")]

_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")

COLUMNS = (
    Column("id", lambda one: one["system_id"]),
    Column("kind", lambda one: one["kind"]),
    Column("status", lambda one: one["status"]),
    Column(">size", lambda one: output.size(one["size_bytes"])),
    Column("arrived", lambda one: output.when(one["created_at"])),
    Column("name", lambda one: one["filename"] or one["collection"]),
    Column("cluster", lambda one: (one["cluster"] or {}).get("name")),
    Column("tags", lambda one: ", ".join(tag["label"] for tag in one["tags"][:4])),
)


def add(app: typer.Typer) -> None:
    """`mammothbox ls`, `mammothbox show`."""
    app.command("ls")(ls)
    app.command()(show)


def ls(
    *,
    kind: Kind = None,
    status: Status = None,
    tag: Tag = None,
    cluster: Cluster = None,
    collection: Collection = None,
    content_type: ContentType = None,
    sha256: Sha256 = None,
    job: Job = None,
    duplicates: Copies = "include",
    duplicate_of: CopyOf = None,
    since: From = None,
    until: To = None,
    taken_from: TakenFrom = None,
    taken_to: TakenTo = None,
    bbox: Box = None,
    trashed: Trashed = False,
    limit: listing.Limit = listing.USUAL,
    everything: listing.Everything = False,
    as_json: Json = False,
) -> None:
    """List the library, newest first; each option narrows it further.

    Examples: mammothbox ls --kind image --tag beach · mammothbox ls --status failed --all --json
    """
    with connect() as server:
        query = {
            "kind": kind,
            "status": status,
            "tag": tag,
            "cluster": cluster and cluster_id(server, cluster),
            "collection": collection,
            "content_type": content_type,
            "sha256": sha256,
            "job_id": job,
            "duplicates": duplicates,
            "duplicate_of": duplicate_of,
            "from": instant(since),
            "to": instant(until),
            "taken_from": instant(taken_from, zone=""),
            "taken_to": instant(taken_to, zone=""),
            "bbox": bbox,
            "trashed": trashed,
        }
        asked = listing.Asked(limit, everything, as_json)
        listing.show(server, "objects", query, COLUMNS, asked, empty="Nothing here matches.")


def show(
    system_id: Annotated[str, typer.Argument(help="The id of an object.")], as_json: Json = False
) -> None:
    """Show what is known of an object: tags with their source, cluster, stages, and errors.

    Example: mammothbox show 01a1ffc2-768b-713d-bf43-e210e04bc40d
    """
    with connect() as server:
        found = server.get(f"objects/{the_id(system_id, 'an object', 'ls')}")
    if as_json:
        output.emit(found)
        return
    listing.facts(_facts(found))


def instant(given: str | None, zone: str = "Z") -> str | None:
    """A time as the API takes it: `2024`, `2024-06` and `2024-06-30` are where they begin."""
    if given is None:
        return None
    if not _DATE.fullmatch(given):
        return given
    return given + "-01-01"[len(given) - len("2024") :] + f"T00:00:00{zone}"


def _facts(found: dict[str, Any]) -> list[tuple[str, object]]:
    place = found["location"] or {}
    camera = found["camera"] or {}
    cluster = found["cluster"] or {}
    pixels = f"{found['width']} × {found['height']}" if found["width"] else None
    return [
        ("id", found["system_id"]),
        ("name", found["filename"]),
        ("kind", f"{found['kind'] or 'unknown'} ({found['content_type'] or 'unknown'})"),
        ("status", _status(found)),
        ("size", output.size(found["size_bytes"])),
        ("pixels", pixels),
        ("sha256", found["sha256"]),
        ("arrived", output.when(found["created_at"])),
        ("taken", output.when(found["taken_at"])),
        ("place", f"{place['latitude']}, {place['longitude']}" if place else None),
        ("camera", " ".join(filter(None, (camera.get("make"), camera.get("model"))))),
        ("caption", found["caption"]),
        ("tags", ", ".join(f"{tag['label']} ({tag['source']})" for tag in found["tags"])),
        ("rating", "★" * (found["rating"] or 0)),
        ("comments", found["comments"]),
        ("collection", found["collection"]),
        ("cluster", _cluster(cluster)),
        ("copy of", found["duplicate_of"] or found["same_as"]),
        ("trashed", output.when(found["trashed_at"])),
        ("stages", ", ".join(f"{stage['name']} {stage['state']}" for stage in found["stages"])),
    ]


def _status(found: dict[str, Any]) -> str:
    error = found["error"]
    return f"{found['status']}: {error['detail']} [{error['code']}]" if error else found["status"]


def _cluster(cluster: dict[str, Any]) -> str:
    if not cluster:
        return ""
    alike = f", {float(cluster['similarity']):.3f} alike" if cluster.get("similarity") else ""
    pinned = ", by hand" if cluster.get("pinned") else ""
    return f"{cluster['name']} ({cluster['id']}{alike}{pinned})"
