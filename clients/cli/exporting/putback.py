"""An export into an empty library: the originals, then what hands did; safe to repeat."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients.cli import config, jobs
from clients.cli.exporting import compare
from clients.cli.exporting.folder import (
    OBJECTS,
    Line,
    Manifest,
    check,
    damage,
    read_lines,
    read_manifest,
)
from clients.cli.exporting.hands import Hands, decided_about
from clients.cli.exporting.sending import Ids, Sender
from clients.cli.exporting.tables import Tables
from clients.cli.interruptions import lanes
from clients.cli.problems import FAILED, REFUSED, USAGE, Stop
from clients.cli.progress import Far
from clients.cli.server import Server

Said = Callable[[str], None]


@dataclass(frozen=True)
class Told:
    """Who hears what: bytes that went, how far it is, and what could not be done again."""

    moved: Callable[[int], None]
    far: Far
    trouble: Said


@dataclass(frozen=True)
class Restored:
    """Which object and cluster is which now, of which export."""

    folder: Path
    lines: Sequence[Line]
    without_bytes: int
    ids: Ids
    homes: Ids
    acts: set[str]


def restore(
    server: Server, folder: Path, owner: str, parallel: int, told: Told, *, without_damaged: bool
) -> Restored:
    """Put everything of the export into the owner's library, or go on with it.

    Originals that are missing or have other bytes are left out if that is wanted, and told.
    Raises `Stop` for them otherwise, before anything is sent; also when the export was not
    finished, or the library holds something else.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise Stop(f"{folder} is no export: there is no manifest.json.", USAGE)
    check(folder, manifest)
    _begin(server, manifest, owner)
    everything = list(read_lines(folder / OBJECTS))
    kept = [line for line in everything if line["path"]]
    told.far.begin("originals read", len(kept))
    with lanes(parallel, server.stop) as pool:
        damages = []
        for one in pool.map(lambda line: damage(folder, line), kept):
            damages.append(one)
            told.far.more()
    for each in filter(None, damages):
        told.trouble(each)
    if any(damages) and not without_damaged:
        raise Stop(
            "Nothing was sent: put those originals back, or leave them out with"
            " --without-damaged, then and whenever this is repeated.",
            FAILED,
        )
    lines = [line for line, found in zip(kept, damages, strict=True) if found is None]
    sender = Sender(server, folder, manifest.export_id, parallel, told.moved, told.far.more)
    ids = _sent(sender, lines, told.far)
    hands = Hands(server, ids, told.trouble, parallel)
    told.far.begin("objects described", len(lines))
    hands.describe(lines, told.far.more)
    told.far.say("Collections and their tables")
    Tables(server, told.trouble).restore(_list(folder, "collections"), _list(folder, "schemas"))
    told.far.say("Clusters, links and verdicts")
    acts = decided_about(_list(folder, "decisions"), lines)
    homes = hands.cluster(_list(folder, "clusters"), lines, acts)
    hands.link(_list(folder, "links"))
    hands.judge(_list(folder, "duplicates"))
    hands.keep_searches(_list(folder, "searches"), homes)
    hands.throw_away(lines)
    return Restored(folder, lines, len(everything) - len(kept), ids, homes, acts)


def differences(server: Server, restored: Restored, parallel: int) -> list[str]:
    """Everything in which the library is not what was exported."""
    folder, lines, ids = restored.folder, restored.lines, restored.ids
    clusters = _list(folder, "clusters")
    return [
        *compare.objects(server, lines, ids, parallel),
        *compare.collections(server, folder, _list(folder, "schemas")),
        *compare.clusters(server, clusters, lines, ids, homes=restored.homes, acts=restored.acts),
        *compare.decided(server, folder, ids),
    ]


def _sent(sender: Sender, lines: Sequence[Line], far: Far) -> Ids:
    """Originals first, and settled: else a copy might become the original."""
    ids: Ids = {}
    for copies in (False, True):
        wave = [line for line in lines if bool(line["object"]["duplicate_of"]) == copies]
        what = "copies" if copies else "originals"
        far.begin(f"{what} sent", len(wave))
        sent, job_ids = sender.send(wave)
        ids |= sent
        far.begin(f"{what} read by the library", len(wave))
        for now in jobs.follow(sender.server, job_ids):
            counts = jobs.counts(now)
            far.at(counts["done"] + counts["failed"], len(wave))
    return ids


def _begin(server: Server, manifest: Manifest, owner: str) -> None:
    """Raise `Stop` when the library holds what this export did not bring."""
    said = f"{server.url} {owner}"
    name = f"{manifest.export_id}-{hashlib.sha256(said.encode()).hexdigest()[:12]}.json"
    begun = config.state_folder() / "restores" / name
    if begun.exists():
        return
    for trashed in (False, True):
        if next(server.pages("objects", {"trashed": trashed}, limit=1), None):
            raise Stop(
                f"The library of {owner} is not empty: restore into an empty one, such as with a"
                " key of another owner.",
                REFUSED,
            )
    begun.parent.mkdir(parents=True, exist_ok=True)
    begun.write_text(json.dumps({"into": said}), encoding="utf-8")


def _list(folder: Path, name: str) -> list[Any]:
    return list(read_lines(folder / f"{name}.jsonl"))
