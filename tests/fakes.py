"""Stand-ins for what lies outside the process. They pass the contract tests of the real ones."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from mammothbox.errors import Unavailable
from mammothbox.messages import Announcement, ChoreCall, WakeUp
from mammothbox.storage.blobs import BlobGone, OpenBlob, Page, Version


@dataclass(frozen=True)
class _Stored:
    version_id: str
    body: bytes
    metadata: dict[str, str]


class _Line:
    """The line to the outside, which a test may cut."""

    def __init__(self) -> None:
        self._is_cut = False

    def check(self) -> None:
        if self._is_cut:
            raise Unavailable("the line is cut")

    @contextmanager
    def cut(self) -> Iterator[None]:
        self._is_cut = True
        try:
            yield
        finally:
            self._is_cut = False


@dataclass
class MemoryBlobStore:
    """`BlobStore` in a dictionary. Of one key the newest version comes first."""

    line: _Line = field(default_factory=_Line)
    _objects: dict[str, list[_Stored]] = field(default_factory=dict)
    _versions: int = 0
    # How often each key was deleted without a version.
    markers: Counter[str] = field(default_factory=Counter)

    def put(self, key: str, body: bytes, content_type: str, metadata: dict[str, str]) -> None:
        self.line.check()
        self._versions += 1
        stored = _Stored(f"v{self._versions}", body, dict(metadata))
        self._objects.setdefault(key, []).insert(0, stored)

    def open(self, key: str, version_id: str) -> OpenBlob:
        self.line.check()
        for stored in self._objects.get(key, []):
            if stored.version_id == version_id:
                return OpenBlob(len(stored.body), stored.metadata, None, io.BytesIO(stored.body))
        raise BlobGone(version_id)

    def first_version(self, key: str) -> Version | None:
        self.line.check()
        versions = self._objects.get(key, [])
        return _shown(key, versions[-1]) if versions else None

    def list_versions(self, prefix: str, position: str | None, limit: int) -> Page:
        self.line.check()
        found = [
            _shown(key, stored)
            for key in sorted(self._objects)
            if key.startswith(prefix)
            for stored in self._objects[key]
        ]
        start = int(position or 0)
        end = start + limit
        return Page(found[start:end], str(end) if end < len(found) else None)

    def erase(self, key: str, version_id: str) -> None:
        self.line.check()
        left = [stored for stored in self._objects.get(key, []) if stored.version_id != version_id]
        self._objects[key] = left

    def erase_all(self, key: str) -> None:
        self.erase_delete_markers(key)
        self._objects.pop(key, None)

    def erase_delete_markers(self, key: str) -> None:
        self.line.check()
        del self.markers[key]


@dataclass
class MemoryWakeUps:
    """`WakeUps` that keeps what was sent, in order."""

    sent: list[WakeUp] = field(default_factory=list)
    called: list[tuple[str, ChoreCall]] = field(default_factory=list)
    line: _Line = field(default_factory=_Line)

    def wake(self, wake_ups: Sequence[WakeUp]) -> list[WakeUp]:
        self.line.check()
        self.sent += wake_ups
        return list(wake_ups)

    def call(self, name: str, call: ChoreCall) -> None:
        self.line.check()
        self.called.append((name, call))


@dataclass
class MemoryBus:
    """`Bus` that keeps what was published, in order."""

    published: list[Announcement] = field(default_factory=list)
    line: _Line = field(default_factory=_Line)

    def publish(self, announcements: Sequence[Announcement]) -> list[Announcement]:
        self.line.check()
        self.published += announcements
        return list(announcements)


def _shown(key: str, stored: _Stored) -> Version:
    return Version(key, stored.version_id, len(stored.body))
