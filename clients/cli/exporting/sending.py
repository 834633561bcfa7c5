"""The originals of an export into another library, each object once, however often that is run.

Idempotency keys are made of the export's own id: the same folder, restored again into the same
library, is answered with the same ids.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx2

from clients.cli.exporting.folder import Line, inside
from clients.cli.hashing import Changed
from clients.cli.interruptions import lanes
from clients.cli.problems import FAILED, Stop
from clients.cli.server import Server, pauses
from clients.cli.uploading.files import Found, LeftOut, look_at
from clients.cli.uploading.parts import LargeFile
from clients.cli.uploading.patience import Patience
from clients.cli.uploading.transfer import Denied, Passing, Transfer

_MOST_FILES = 100
_MOST_OBJECTS = 500
# The API takes 4 MB; brackets and commas come with it.
_LARGEST_BODY = 3_500_000
_MOST_DENIALS = 3
_TIMEOUT = httpx2.Timeout(60, connect=10)
_AT_ONCE_OF_LARGE = 4

Ids = dict[str, str]


@dataclass(frozen=True)
class _Place:
    """A file, the announcement it was told in, and where it goes."""

    key: str
    body: dict[str, Any]
    position: int
    address: dict[str, Any]
    file: Found
    sha256: str


@dataclass(frozen=True)
class Sender:
    """What sends: `moved` is told of bytes that went, `counted` of objects that did."""

    server: Server
    folder: Path
    export_id: str
    parallel: int
    moved: Callable[[int], None]
    counted: Callable[[int], None]

    def send(self, lines: Sequence[Line]) -> tuple[Ids, list[str]]:
        """Send these objects; which id each has there, and the jobs that it was done in.

        They are announced in their order, so that the first of equal bytes is the original there
        as well. Raises `Stop` for an original that is missing or has other bytes, and what
        `Server` raises.
        """
        ids: Ids = {}
        jobs: list[str] = []
        for inline, grouped in groupby(lines, _goes_inline):
            run = list(grouped)
            send = self._ingest if inline else self._upload
            for batch in self._bodies(run) if inline else _pieces(run, _MOST_FILES):
                job_id, system_ids = send(batch)
                self.counted(len(batch))
                jobs.append(job_id)
                ids |= {
                    line["object"]["system_id"]: system_id
                    for line, system_id in zip(batch, system_ids, strict=True)
                }
        return ids, jobs

    def _ingest(self, batch: Sequence[Line]) -> tuple[str, list[str]]:
        """Objects that came in bodies, without a name: they go so again, byte for byte."""
        texts = [self._path(line).read_bytes() for line in batch]
        objects = _is_object(texts[0])
        answer = self.server.ask(
            "POST",
            "ingest",
            query={"collection": batch[0]["object"]["collection"]},
            content=b"[" + b",".join(texts) + b"]" if objects else texts[0],
            headers={
                "Content-Type": "application/json" if objects else "application/x-ndjson",
                "Idempotency-Key": self._key(batch),
            },
            repeatable=True,
        )
        self.moved(sum(map(len, texts)))
        return answer["job_id"], answer["system_ids"]

    def _bodies(self, lines: Sequence[Line]) -> Iterator[list[Line]]:
        """As many objects of one collection as one body holds; what is no object, by itself."""
        batch: list[Line] = []
        size = 0
        for line in lines:
            more = int(line["object"]["size_bytes"]) + 1
            alone = not _is_object(self._path(line).read_bytes())
            other = batch and batch[0]["object"]["collection"] != line["object"]["collection"]
            full = size + more > _LARGEST_BODY or len(batch) == _MOST_OBJECTS
            if batch and (alone or other or full):
                yield batch
                batch, size = [], 0
            batch.append(line)
            size += more
            if alone:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _upload(self, batch: Sequence[Line]) -> tuple[str, list[str]]:
        files = [self._file(line) for line in batch]
        body = {"files": [_announced(*each) for each in zip(batch, files, strict=True)]}
        key = self._key(batch)
        answer = self._announce(body, key)
        stop = self.server.stop
        with httpx2.Client(timeout=_TIMEOUT) as http, lanes(self.parallel, stop) as pool:
            transfer = Transfer(http, self.moved, stop)
            places = [
                _Place(key, body, position, address, file, line["object"]["sha256"])
                for position, (address, file, line) in enumerate(
                    zip(answer["uploads"], files, batch, strict=True)
                )
            ]
            sent = [pool.submit(self._put, transfer, place) for place in places]
            for one in sent:
                one.result()
        return answer["job_id"], [one["system_id"] for one in answer["uploads"]]

    def _announce(self, body: dict[str, Any], key: str) -> dict[str, Any]:
        headers = {"Idempotency-Key": key}
        return dict(self.server.post("uploads", body, repeatable=True, headers=headers))

    def _put(self, transfer: Transfer, place: _Place) -> None:
        """Send one file to where it was told; at a fresh address if that one fails."""
        patience = Patience(self.server.patience_s, self.server.waiting, self.server.stop)
        denials = 0
        address = place.address
        for pause_s in pauses():
            try:
                self._put_once(transfer, patience, place, address)
                return
            except Changed as changed:
                raise Stop(f"{place.file.path} is not as it was exported.", FAILED) from changed
            except Denied as denied:
                denials += 1
                if denials == _MOST_DENIALS:
                    raise Stop(f"{place.file.path}: {denied}", FAILED) from denied
                patience.wait(str(denied), pause_s)
            except Passing as passing:
                patience.wait(passing.said, max(pause_s, passing.wait_s))
            # The same announcement has the same answer, with addresses that are valid now.
            address = self._announce(place.body, place.key)["uploads"][place.position]

    def _put_once(
        self, transfer: Transfer, patience: Patience, place: _Place, address: dict[str, Any]
    ) -> None:
        file = place.file
        if address["method"] == "NONE":
            self.moved(file.size)
        elif address["method"] == "POST":
            with transfer.counting() as counted:
                counted.post_form(file, place.sha256, address["url"], address["fields"])
        else:
            system_id = address["system_id"]
            parts = LargeFile(self.server, transfer, patience, file, system_id, _AT_ONCE_OF_LARGE)
            parts.send()

    def _file(self, line: Line) -> Found:
        path = self._path(line)
        found = look_at(path, line["object"]["filename"] or path.name)
        if isinstance(found, LeftOut):
            raise Stop(f"{path} cannot be restored: {found.reason}.", FAILED)
        return found

    def _path(self, line: Line) -> Path:
        return inside(self.folder, line["path"])

    def _key(self, batch: Sequence[Line]) -> str:
        """The same for the same objects of the same export."""
        said = [self.export_id, *(line["object"]["system_id"] for line in batch)]
        return f"restore-{hashlib.sha256(' '.join(said).encode()).hexdigest()}"


def _announced(line: Line, file: Found) -> dict[str, Any]:
    # Without the hash: else what is an exact copy would be told to be there already.
    told = line["object"]
    said = {
        "filename": file.name,
        "content_type": told["content_type"] or file.content_type,
        "size_bytes": file.size,
        "collection": told["collection"],
    }
    return {name: value for name, value in said.items() if value is not None}


def _goes_inline(line: Line) -> bool:
    told = line["object"]
    small = int(told["size_bytes"] or 0) <= _LARGEST_BODY
    return bool(told["kind"] == "json" and told["filename"] is None and small)


def _is_object(text: bytes) -> bool:
    """Whether it is one JSON object, as several fit one body."""
    try:
        return isinstance(json.loads(text, parse_int=str, parse_float=str), dict)
    except (ValueError, RecursionError):
        return False


def _pieces(lines: Sequence[Line], most: int) -> Iterable[Sequence[Line]]:
    return (lines[start : start + most] for start in range(0, len(lines), most))
