"""Announcing files at the server: batches of them, written down before they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from clients.cli.problems import ServerProblem, Stop
from clients.cli.server import Server
from clients.cli.uploading.files import Found
from clients.cli.uploading.journal import Entry, Journal, Shelf

MOST_FILES = 100
_NEVER_CAME = ("upload_expired", "upload_aborted", "hash_mismatch", "size_mismatch")
_OVER = ("upload_over", "purged")
# The announcement itself is wrong.
_NEVER_TAKEN = (400, 413, 422)

Address = dict[str, Any]


@dataclass(frozen=True)
class Announced:
    """An entry, and where its bytes go."""

    entry: Entry
    address: Address

    @property
    def is_over(self) -> bool:
        """Nothing may be sent here any more, and nothing was."""
        return self.address["method"] == "NONE" and self.address["reason"] in _OVER

    @property
    def is_here(self) -> bool:
        """The library has the bytes already."""
        return self.address["method"] == "NONE" and not self.is_over


@dataclass(frozen=True)
class Desk:
    """Where files are announced for one shelf, with the same comments for all."""

    server: Server
    journal: Journal
    shelf: Shelf
    comments: str | None = None
    _jobs: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def standing(self, entry: Entry) -> Entry | None:
        """The entry if the server still knows of it, else nothing: it is forgotten then.

        Asked job by job, so that a thousand files take ten requests.
        """
        if not entry.arrived or entry.job_id is None:
            return entry
        known = self._objects(entry.job_id).get(entry.system_id or "")
        if known is not None and not _never_came(known):
            return entry
        self.journal.forget(entry)
        return None

    def announce(self, files: Sequence[tuple[Found, str]]) -> list[Announced]:
        """Announce files by their hashes, or find what was announced before; in their order."""
        said = [(sha256, self._said(file, sha256)) for file, sha256 in files]
        entries = [self.journal.find(self.shelf, sha256) for _, sha256 in files]
        new = [one for one, entry in zip(said, entries, strict=True) if entry is None]
        begun = iter(self.journal.begin(self.shelf, new, self.comments) if new else ())
        wanted = [entry or next(begun) for entry in entries]
        answers = {batch: self._ask(batch) for batch in {entry.batch for entry in wanted}}
        return [_announced(entry, answers[entry.batch]) for entry in wanted]

    def announce_again(self, entry: Entry, file: Found) -> Announced:
        """A fresh address for the same entry, or a new entry where that one is over."""
        announced = _announced(entry, self._ask(entry.batch))
        if not announced.is_over:
            return announced
        self.journal.forget(entry)
        return self.announce([(file, entry.sha256)])[0]

    def give_up(self, entry: Entry) -> None:
        """Nothing will be sent for the entry: tell the server, and forget it."""
        if entry.system_id is not None:
            self.server.delete(f"uploads/{entry.system_id}")
        self.journal.forget(entry)

    def _ask(self, batch: str) -> dict[str, Any]:
        """Announce a batch; the answer has the same ids, however often that is done."""
        body = self.journal.body(batch)
        if body is None:
            raise Stop("The journal of uploads has lost an announcement: run the same again.")
        try:
            answer = self.server.post(
                "uploads", body, repeatable=True, headers={"Idempotency-Key": batch}
            )
        except ServerProblem as problem:
            if problem.status in _NEVER_TAKEN:
                # The next run may say it otherwise.
                self.journal.forget_batch(batch)
            raise
        system_ids = [one["system_id"] for one in answer["uploads"]]
        self.journal.announced(batch, answer["job_id"], system_ids)
        return dict(answer)

    def _objects(self, job_id: str) -> dict[str, dict[str, Any]]:
        with self._turn:
            if job_id not in self._jobs:
                self._jobs[job_id] = self._look_up(job_id)
            return self._jobs[job_id]

    def _look_up(self, job_id: str) -> dict[str, dict[str, Any]]:
        try:
            objects = self.server.get(f"ingest/{job_id}/status")["objects"]
        except ServerProblem as problem:
            if problem.status == 404:  # noqa: PLR2004 - another system answers here now
                return {}
            raise
        return {one["system_id"]: one for one in objects}

    def _said(self, file: Found, sha256: str) -> dict[str, Any]:
        said = {
            "filename": file.name,
            "content_type": file.content_type,
            "size_bytes": file.size,
            "sha256": sha256,
        }
        return said | ({"collection": self.shelf.collection} if self.shelf.collection else {})


def _announced(entry: Entry, answer: dict[str, Any]) -> Announced:
    address = answer["uploads"][entry.position]
    known = replace(entry, job_id=answer["job_id"], system_id=address["system_id"])
    return Announced(known, address)


def _never_came(known: dict[str, Any]) -> bool:
    """Whether the server has given up waiting for the bytes, or got others than were announced."""
    return (known["error"] or {}).get("code") in _NEVER_CAME
