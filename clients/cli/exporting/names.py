"""File names that every system can keep, made of names that people gave."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

# In bytes; file systems take 255, and a number or a partial download's ending has to fit behind.
_LONGEST = 180
_LONGEST_ENDING = 20
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def safe(name: str | None, otherwise: str) -> str:
    """One part of a path: never empty, hidden, reserved, too long, or leading elsewhere.

    People gave what is taken otherwise as well.
    """
    cleaned = _clean(name or "") or _clean(otherwise) or "object"
    if _RESERVED.fullmatch(cleaned):
        cleaned = f"_{cleaned}"
    return _short(cleaned)


def numbered(name: str, number: int) -> str:
    """`photo.jpg`, `photo (2).jpg`, `photo (3).jpg`, …"""
    if number == 1:
        return name
    path = PurePosixPath(name)
    return f"{path.stem} ({number}){path.suffix}"


def _clean(name: str) -> str:
    return _UNSAFE.sub("_", unicodedata.normalize("NFC", name)).strip(" .")


def _short(name: str) -> str:
    if len(name.encode()) <= _LONGEST:
        return name
    path = PurePosixPath(name)
    ending = path.suffix if len(path.suffix.encode()) <= _LONGEST_ENDING else ""
    room = _LONGEST - len(ending.encode())
    kept = name[: len(name) - len(ending)].encode()[:room].decode(errors="ignore")
    return kept.rstrip(" .") + ending
