"""Out of the library into a folder: every original verified, everything else as lists."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx2

from clients.cli.commands.query import documents
from clients.cli.commands.search import MOST_KEPT
from clients.cli.downloading import PARTIAL, download, original
from clients.cli.exporting.folder import (
    DOCUMENTS,
    OBJECTS,
    ORIGINALS,
    PATHS,
    Line,
    Manifest,
    begun_lines,
    inside,
    read_manifest,
    write_lines,
    write_manifest,
)
from clients.cli.exporting.names import numbered, safe
from clients.cli.hashing import Changed, sha256_of
from clients.cli.interruptions import lanes
from clients.cli.locks import alone_in
from clients.cli.problems import (
    NOT_FOUND,
    REFUSED,
    USAGE,
    ServerProblem,
    Stop,
    exit_status,
    sentence,
)
from clients.cli.progress import Far
from clients.cli.server import Query, Server

# Addresses end after minutes.
_PASSING = ("uri", "thumbnail", "derivatives")
_LISTS: Mapping[str, Query] = {
    "clusters": {},
    "links": {},
    "duplicates": {},
    "decisions": {},
    "searches": {"limit": MOST_KEPT},
}
_ENDINGS = {"application/json": ".json", "application/x-ndjson": ".ndjson"}

Heard = Callable[[int], None]
Failure = tuple[str, str]
Done = TypeVar("Done")


@dataclass(frozen=True)
class Export:
    """What came of it; with failures it is not whole, and a later run goes on."""

    manifest: Manifest
    failures: list[Failure]


def export(
    server: Server, folder: Path, owner: str, parallel: int, *, heard: Heard, far: Far
) -> Export:
    """Export everything of the owner, or go on with what was begun.

    `heard` is told of bytes as they arrive, `far` of what is done. Raises `Stop` when the
    folder holds something else or another process exports into it, `ServerProblem` and
    `Unreachable`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Stop(f"{folder} cannot be made: {error.strerror}.", USAGE) from error
    with alone_in(folder, "exporting into it"):
        manifest = _begin(server, folder, owner)
        return _export(server, folder, manifest, parallel, heard=heard, far=far)


def _export(
    server: Server, folder: Path, manifest: Manifest, parallel: int, *, heard: Heard, far: Far
) -> Export:
    with lanes(parallel, server.stop) as pool:
        looks = [pool.submit(_describe, server, one) for one in _object_ids(server)]
        lines = [line for line in _each(looks, far, "objects looked at") if line is not None]
        lines.sort(key=lambda line: (line["object"]["created_at"], line["object"]["system_id"]))
        given = _give_paths(folder, lines)
        firsts = {_bytes_of(line): line["object"] for line in reversed(lines)}
        tries = {
            key: pool.submit(_fetch, server, firsts[key], folder / path, heard)
            for key, path in given.items()
        }
        ended = _each(list(tries.values()), far, "originals fetched")
        failures = [failure for failure in ended if failure]
    lines = [{**line, "path": given.get(_bytes_of(line))} for line in lines]
    files, counts = {}, {}
    for name, listed in chain([(OBJECTS, iter(lines))], _lists(server)):
        files[name], counts[name] = write_lines(folder / name, listed)
    finished = None if failures else _now()
    manifest = replace(manifest, counts=counts, files=files, finished_at=finished)
    write_manifest(folder, manifest)
    return Export(manifest, failures)


def _begin(server: Server, folder: Path, owner: str) -> Manifest:
    manifest = read_manifest(folder)
    if manifest is None:
        if any(folder.iterdir()):
            raise Stop(f"{folder} is not empty, and no export: name another folder.", REFUSED)
        manifest = Manifest(str(uuid4()), owner, server.url, _now())
    elif (manifest.owner, manifest.url) != (owner, server.url):
        whose = f"{manifest.owner} at {manifest.url}"
        raise Stop(f"{folder} is an export of {whose}: name another folder.", REFUSED)
    begun = replace(manifest, finished_at=None)
    write_manifest(folder, begun)
    return begun


def _each(tries: Sequence[Future[Done]], far: Far, what: str) -> Iterator[Done]:
    """What came of each, in order, as they end."""
    far.begin(what, len(tries))
    for one in tries:
        yield one.result()
        far.more()


def _object_ids(server: Server) -> Iterator[str]:
    for trashed in (False, True):
        for one in server.pages("objects", {"trashed": trashed}):
            yield one["system_id"]


def _describe(server: Server, system_id: str) -> Line | None:
    """What is known of the object; None when it has been erased meanwhile."""
    try:
        found = server.get(f"objects/{system_id}")
        metadata = server.get(f"objects/{system_id}/metadata")["metadata"]
    except ServerProblem as problem:
        if exit_status(problem) == NOT_FOUND:
            return None
        raise
    kept = {name: value for name, value in found.items() if name not in _PASSING}
    return {"object": kept, "metadata": metadata, "has_bytes": found["uri"] is not None}


def _bytes_of(line: Line) -> str:
    """What tells the object's bytes from others; equal bytes are kept once."""
    return str(line["object"]["sha256"] or line["object"]["system_id"])


def _give_paths(folder: Path, lines: Iterable[Line]) -> dict[str, str]:
    """Where the bytes lie, by what tells them apart; what was given before stays."""
    given = {line["bytes"]: line["path"] for line in begun_lines(folder / PATHS)}
    taken = {path.casefold() for path in given.values()}
    wanted: dict[str, str] = {}
    with (folder / PATHS).open("a", encoding="utf-8") as file:
        for line in lines:
            key = _bytes_of(line)
            if not line["has_bytes"] or key in wanted:
                continue
            if key not in given:
                given[key] = _free(folder, line["object"], taken)
                taken.add(given[key].casefold())
                file.write(json.dumps({"bytes": key, "path": given[key]}) + "\n")
            wanted[key] = given[key]
    return wanted


def _free(folder: Path, found: Line, taken: set[str]) -> str:
    """A path by the month it is from, and its own name."""
    month = (found["taken_at"] or found["created_at"])[:7].replace("-", "/")
    ending = _ENDINGS.get(found["content_type"] or "", "")
    name = safe(found["filename"], (found["collection"] or "object") + ending)
    for number in count(1):
        path = f"{ORIGINALS}/{month}/{numbered(name, number)}"
        # What somebody else put there stays as it is.
        beside = inside(folder, path + PARTIAL)
        if _clashes(path, taken) or inside(folder, path).exists() or beside.exists():
            continue
        return path
    raise AssertionError("numbers never end")


def _clashes(path: str, taken: set[str]) -> bool:
    """Whether it is another's path, or one is the other's while that is being fetched."""
    folded = path.casefold()
    return not taken.isdisjoint({folded, folded + PARTIAL, folded.removesuffix(PARTIAL)})


def _fetch(server: Server, found: Line, path: Path, heard: Heard) -> Failure | None:
    """Have the original at its path, verified; why not, if that failed."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(path.name + PARTIAL)
            download(server, original(found), path, beside, heard)
        elif not _is(path, found):
            return str(path), "it has other bytes than its object: move it away"
        else:
            heard(path.stat().st_size)
    except (Stop, ServerProblem) as problem:
        return str(path), sentence(problem)
    except OSError as error:
        return str(path), error.strerror or str(error)
    except (httpx2.RequestError, Changed) as error:
        return str(path), str(error)
    return None


def _is(path: Path, found: Line) -> bool:
    status = path.stat()
    try:
        sha256 = sha256_of(path, status.st_size, status.st_mtime_ns)
        return found["sha256"] in (None, sha256)
    except Changed:
        return False


def _lists(server: Server) -> Iterator[tuple[str, Iterator[Any]]]:
    for name, query in _LISTS.items():
        yield f"{name}.jsonl", map(_kept, server.pages(name, query))
    yield "schemas.jsonl", (server.get(f"schemas/{one['id']}") for one in server.pages("schemas"))
    collections = list(server.pages("collections"))
    yield "collections.jsonl", iter(collections)
    for one in collections:
        yield documents_file(one), documents(server, one["id"], {})


def documents_file(collection: Mapping[str, Any]) -> str:
    """Where the documents of a collection lie."""
    return f"{DOCUMENTS}/{safe(collection['name'], 'collection')}-{collection['id'][-6:]}.jsonl"


def _kept(item: dict[str, Any]) -> dict[str, Any]:
    """The item without addresses."""
    if "objects" in item and isinstance(item["objects"], list):
        halves = [{k: v for k, v in one.items() if k != "thumbnail"} for one in item["objects"]]
        return {**item, "objects": halves}
    return {name: value for name, value in item.items() if name not in ("cover", "count", "more")}


def _now() -> str:
    return datetime.now(UTC).isoformat()
