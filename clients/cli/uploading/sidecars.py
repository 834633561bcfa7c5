"""What lies beside pictures: notes in XMP, and what is of no use outside the camera."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from clients.cli.uploading.files import Found

RAW = {".cr2", ".cr3", ".nef", ".arw", ".raf", ".rw2", ".orf", ".dng", ".pef", ".srw", ".raw"}
DEVELOPED = {".jpg", ".jpeg", ".heic", ".heif"}
NOTES = ".xmp"
# Cameras and phones keep these for themselves.
OF_NO_USE = {
    ".aae": "edits that only Apple's Photos can apply",
    ".thm": "a thumbnail of a film",
    ".lrv": "a small copy of a film",
    ".ctg": "a catalogue of the camera",
    ".dat": "a catalogue of the camera",
    ".ind": "a catalogue of the camera",
    ".bdm": "a catalogue of the camera",
    ".db": "a catalogue of the camera",
}
_LARGEST = 1024 * 1024
_LONGEST_TAG, _MOST_TAGS, _LONGEST_COMMENT = 60, 50, 10_000
_BEST_RATING = 5
_STARS = re.compile("[0-9]{1,3}")
_DC = "{http://purl.org/dc/elements/1.1/}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


@dataclass(frozen=True)
class Notes:
    """What a person wrote about a picture."""

    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    rating: int | None = None

    def edit(self) -> dict[str, Any]:
        """The same as an edit of the object; empty when there is nothing to say."""
        said = [text for text in (self.title, self.description) if text]
        comments = "\n".join(dict.fromkeys(said))[:_LONGEST_COMMENT]
        return {
            **({"tags": {"add": list(self.tags)}} if self.tags else {}),
            **({"comments": comments} if comments else {}),
            **({"rating": self.rating} if self.rating is not None else {}),
        }


def change(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The edit that makes of what notes said what they say now: what did not change stays out.

    So what a hand changed in the library since then stays there.
    """
    was, tags = (one.get("tags", {}).get("add", []) for one in (before, now))
    add = [one for one in tags if one not in was]
    remove = [one for one in was if one not in tags]
    return {
        **({"tags": {"add": add, "remove": remove}} if add or remove else {}),
        **{
            name: now.get(name)
            for name in ("comments", "rating")
            if before.get(name) != now.get(name)
        },
    }


def ending(path: Path) -> str:
    """What kind of file the name says it is."""
    return path.suffix.lower()


def belongs_to(sidecar: Path, pictures: dict[Path, list[Found]]) -> list[Found]:
    """The pictures a sidecar is about: `IMG_1.xmp` is of `IMG_1.*`, `IMG_1.CR2.xmp` of that one.

    `pictures` are by their path without the ending.
    """
    stem = sidecar.with_suffix("")
    exact = [one for one in pictures.get(stem.with_suffix(""), []) if one.path == stem]
    return exact or pictures.get(stem, [])


def read_notes(path: Path) -> Notes | None:
    """What the XMP says; nothing when it cannot be read, or is no XMP."""
    try:
        if path.stat().st_size > _LARGEST:
            return None
        text = path.read_bytes()
        if re.search(rb"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
            # Nobody needs these in notes, except for doing harm.
            return None
        root = ElementTree.fromstring(text)  # noqa: S314 - without entities
    except (OSError, ElementTree.ParseError, ValueError, LookupError):
        # The last two are of encodings that it claims to be in.
        return None
    return Notes(
        title=_first(root, f"{_DC}title"),
        description=_first(root, f"{_DC}description"),
        tags=_tags(root),
        rating=_rating(root),
    )


def _tags(root: ElementTree.Element) -> tuple[str, ...]:
    texts = [" ".join(text.split()) for text in _texts(root, f"{_DC}subject")]
    return tuple(dict.fromkeys(t for t in texts if 0 < len(t) <= _LONGEST_TAG))[:_MOST_TAGS]


def _first(root: ElementTree.Element, name: str) -> str:
    return next((text.strip() for text in _texts(root, name) if text.strip()), "")


def _texts(root: ElementTree.Element, name: str) -> list[str]:
    return [item.text or "" for holder in root.iter(name) for item in holder.iter(f"{_RDF}li")]


def _rating(root: ElementTree.Element) -> int | None:
    """Stars, which are written as an attribute or as an element; -1 is a rejected picture."""
    for described in root.iter(f"{_RDF}Description"):
        text = described.get(f"{_XMP}Rating") or described.findtext(f"{_XMP}Rating")
        if text and _STARS.fullmatch(text.strip()):
            return min(int(text), _BEST_RATING)
    return None
