"""Which files are meant: arguments, folders and patterns become a list, each file once."""

from __future__ import annotations

import fnmatch
import glob
import mimetypes
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

# What systems leave in folders; nobody means them.
_CLUTTER = {"thumbs.db", "desktop.ini", "$recycle.bin", "system volume information"}
# What the system makes up while one looks: no file of anybody's, and some never end.
_MADE_UP = {Path("/dev"), Path("/proc"), Path("/sys")}
_LONGEST_NAME = 1024
_UNKNOWN_TYPE = "application/octet-stream"
# Systems differ in which types they know.
_TYPES = {
    ".avif": "image/avif",
    ".cr2": "image/x-canon-cr2",
    ".cr3": "image/x-canon-cr3",
    ".dng": "image/x-adobe-dng",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".m4a": "audio/mp4",
    ".mkv": "video/x-matroska",
    ".ndjson": "application/x-ndjson",
    ".nef": "image/x-nikon-nef",
    ".opus": "audio/ogg",
    ".webp": "image/webp",
}

Identity = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Found:
    """A file as it was when it was found."""

    path: Path
    size: int
    mtime_ns: int
    # Nobody sets this one back; on Windows it is when the file was made.
    ctime_ns: int
    device: int
    inode: int
    # What the library is to call it.
    name: str
    content_type: str

    @property
    def identity(self) -> Identity:
        """Another once the file was written to, or given another name or date."""
        return self.device, self.inode, self.size, self.mtime_ns, self.ctime_ns


@dataclass(frozen=True)
class LeftOut:
    """What is not uploaded, and why.

    `meant`: somebody chose that, and needs no word of it. `missed`: it was named, or could not be
    read, so somebody counts on it.
    """

    path: Path
    reason: str
    kind: Literal["meant", "told", "missed"] = "told"


@dataclass(frozen=True)
class Choice:
    """Patterns of names: all of `include` (or everything), without those of `exclude`."""

    include: Sequence[str] = field(default_factory=tuple)
    exclude: Sequence[str] = field(default_factory=tuple)

    def takes(self, path: Path) -> bool:
        """Whether a file in a folder is meant."""
        return (not self.include or _matches(path, self.include)) and not self.drops(path)

    def drops(self, path: Path) -> bool:
        """Whether the file or folder is excluded by name."""
        return _matches(path, self.exclude)


def find(arguments: Sequence[str], choice: Choice) -> list[Found | LeftOut]:
    """Everything the arguments mean, in the order of the arguments and then of names.

    Links are followed when they are named, and left out within folders, so that no folder is
    entered twice and nothing outside of it is sent.
    """
    seen: set[Path] = set()
    found: list[Found | LeftOut] = []
    for one in _all_of(arguments, choice):
        path = one.path.resolve() if isinstance(one, Found) else one.path.absolute()
        if path not in seen:
            seen.add(path)
            found.append(one)
    return found


def look_at(path: Path, name: str | None = None) -> Found | LeftOut:
    """The file as it is now; a link counts as what it leads to."""
    try:
        status = path.stat()
    except OSError as error:
        return LeftOut(path, (error.strerror or str(error)).lower(), "missed")
    if not stat.S_ISREG(status.st_mode):
        return LeftOut(path, "it is neither a file nor a folder")
    if status.st_size == 0:
        return LeftOut(path, "it is empty")
    called = name or path.name
    return Found(
        path.absolute(),
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_dev,
        status.st_ino,
        _name_for_the_library(called),
        content_type_of(called),
    )


def content_type_of(name: str) -> str:
    """What a file of that name most likely is."""
    ending = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a name, not a path
    return _TYPES.get(ending) or mimetypes.guess_type(name)[0] or _UNKNOWN_TYPE


def walk(folder: Path, choice: Choice) -> Iterator[Found | LeftOut]:
    """What is in a folder and below, by name; hidden files only where a pattern names them.

    Nothing of a folder that is `too_much`.
    """
    reason = too_much(folder)
    if reason is not None:
        yield LeftOut(folder, reason, "missed")
        return
    # Not by calls within calls: folders may lie deeper within each other than these may.
    waiting: list[Path | os.DirEntry[str]] = [folder]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, Path):
            seen = _within(Path(one.path), one, choice)
            if seen is not None:
                yield seen
                continue
        try:
            with os.scandir(one) as entries:
                waiting += sorted(entries, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            yield LeftOut(Path(one), (error.strerror or str(error)).lower(), "missed")


def too_much(folder: Path) -> str | None:
    """Why nobody can mean all that is below this folder, if it is such a one."""
    meant = folder.resolve()
    if meant == Path(meant.anchor):
        return "it is all of this computer: name the folders that you mean"
    if meant in _MADE_UP:
        return "the system makes up what is in it"
    return None


def _within(path: Path, entry: os.DirEntry[str], choice: Choice) -> Found | LeftOut | None:
    """What the entry of a folder is; `None` for a folder to look into."""
    if choice.drops(path):
        return LeftOut(path, "it is excluded", "meant")
    if entry.is_symlink():
        return LeftOut(path, "it is a link: name what it leads to")
    if _is_hidden(path) and not (choice.include and choice.takes(path)):
        return LeftOut(path, "it is hidden", "meant")
    if entry.is_dir(follow_symlinks=False):
        return None
    return look_at(path) if choice.takes(path) else LeftOut(path, "it is not included", "meant")


def _all_of(arguments: Sequence[str], choice: Choice) -> Iterator[Found | LeftOut]:
    for argument in arguments:
        path = Path(argument)
        if not argument:
            # A variable of a script that is not set; the folder one is in is called `.`.
            yield LeftOut(path, "an empty name is no file", "missed")
        elif _is_folder(path):
            yield from walk(path, choice)
        elif _is_there(path) or not glob.has_magic(argument):
            yield _named(look_at(path))
        else:
            yield from _of_pattern(argument, choice)


def _of_pattern(pattern: str, choice: Choice) -> Iterator[Found | LeftOut]:
    # `Path.glob` takes no pattern that begins at the root.
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
    if not matches:
        yield LeftOut(Path(pattern), "nothing matches this pattern", "missed")
    for match in matches:
        path = Path(match)
        if path.is_dir():
            # `**` finds what is below by itself.
            if "**" not in pattern:
                yield from walk(path, choice)
        elif choice.takes(path):
            yield _named(look_at(path))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # A name longer than any file's, for one: what looks at it as a file says why.
        return False


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except OSError:
        return False
    return True


def _named(one: Found | LeftOut) -> Found | LeftOut:
    return one if isinstance(one, Found) else replace(one, kind="missed")


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in _CLUTTER


def _matches(path: Path, patterns: Sequence[str]) -> bool:
    return any(
        fnmatch.fnmatch(path.name, one) or fnmatch.fnmatch(path.as_posix(), one) for one in patterns
    )


def _name_for_the_library(name: str) -> str:
    """The name as the API takes it: without controls, and without what is no Unicode."""
    plain = os.fsencode(name).decode("utf-8", "replace")
    shown = "".join("\ufffd" if one < " " or one == "\x7f" else one for one in plain)
    return shown.encode()[:_LONGEST_NAME].decode(errors="ignore")
