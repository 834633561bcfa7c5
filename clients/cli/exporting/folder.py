"""The folder of an export: what lies where, and how it is read and written.

manifest.json       what this is, and the hash of each list
objects.jsonl       a line per object: what is known of it, and where its original lies
originals/2024/06/  the originals, under names that people know
clusters.jsonl, links.jsonl, duplicates.jsonl, decisions.jsonl, searches.jsonl,
collections.jsonl, schemas.jsonl
documents/          a file per collection, a line per document
paths.jsonl         which object got which name; an interrupted export goes on by it
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from clients.cli import exact_json
from clients.cli.problems import REFUSED, USAGE, Stop

MANIFEST = "manifest.json"
OBJECTS = "objects.jsonl"
PATHS = "paths.jsonl"
ORIGINALS = "originals"
DOCUMENTS = "documents"
FORMAT = "mammothbox-export"
VERSION = 1

Line = dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """What an export is of. `files` has the hash of each list; empty until it is whole."""

    export_id: str
    owner: str
    url: str
    began_at: str
    finished_at: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest, or None where there is no export. Raises `Stop` for one of another version."""
    try:
        said = json.loads((folder / MANIFEST).read_text("utf-8"))
        if (said.pop("format"), said.pop("version")) != (FORMAT, VERSION):
            raise Stop(f"{folder} was exported by another version of MammothBox.", REFUSED)
        return Manifest(**said)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Stop(f"{folder / MANIFEST} cannot be read: {error}", USAGE) from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put the manifest in place, whole."""
    said = {"format": FORMAT, "version": VERSION, **asdict(manifest)}
    _replace(folder / MANIFEST, json.dumps(said, indent=2, ensure_ascii=False) + "\n")


def write_lines(path: Path, lines: Iterable[Any]) -> tuple[str, int]:
    """Write a list, whole or not at all; its hash, and how many lines it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    count = 0
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        for line in lines:
            written = (exact_json.write(line) + "\n").encode()
            digest.update(written)
            file.write(written)
            count += 1
    new.replace(path)
    return digest.hexdigest(), count


def read_lines(path: Path) -> Iterator[Any]:
    """The lines of a list; numbers keep their digits. None where there is no such list."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            yield exact_json.read(line)


def begun_lines(path: Path) -> Iterator[Any]:
    """The lines of a list that is still being written: what was cut off is left out."""
    if not path.exists():
        return
    text = path.read_text("utf-8", errors="replace")
    if text and not text.endswith("\n"):
        # Else the next line would be part of the broken one.
        with path.open("a", encoding="utf-8") as file:
            file.write("\n")
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def check(folder: Path, manifest: Manifest) -> None:
    """Raise `Stop` unless the export is whole and each list is as it was written."""
    if manifest.finished_at is None:
        raise Stop(f"The export in {folder} was interrupted: run it again first.", REFUSED)
    for name, sha256 in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise Stop(f"{path} is missing.", REFUSED)
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise Stop(f"{path} is not as it was exported.", REFUSED)


def damage(folder: Path, line: Line) -> str | None:
    """What is wrong with the original that this line is about, in a sentence; `None` if nothing."""
    path = inside(folder, line["path"])
    told = line["object"]
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}."
    # What was too large for a hash has its size alone.
    is_whole = path.stat().st_size == told["size_bytes"] and told["sha256"] in (None, found)
    return None if is_whole else f"{path} is not as it was exported."


def inside(folder: Path, name: str) -> Path:
    """The path of a file of the export. Raises `Stop` for one that leads out of it."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise Stop(f"{name!r} leads out of the export.", REFUSED)
    return path


def _replace(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
