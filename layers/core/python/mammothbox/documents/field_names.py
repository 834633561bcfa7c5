"""How clients write the name of a field: as a key, as a dotted path, or as a JSON pointer."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterator

from mammothbox.documents.pointers import Path, parse_pointer, pointer
from mammothbox.errors import Refused

_LONGEST_PATH = 100
_LONGEST_NAME = 2000
_MOST_ITEMS = 100
_NEAR_NAMES = 3
# Where one of these stands in a key, only a pointer says what is meant.
_AMBIGUOUS = frozenset('./~[],"')


def parse_field(name: str) -> Path:
    """The path that `name` means: `a`, `a.b`, or `/a.b/c` for keys with signs in them.

    Raises `Refused` when it is empty, far too long, or no pointer though it begins like one.
    """
    check_text(name)
    if not name:
        raise Refused(422, "invalid_field", "Name a field; the key that is empty is written '/'.")
    if len(name) > _LONGEST_NAME:
        raise Refused(422, "invalid_field", f"A field has at most {_LONGEST_NAME} characters.")
    path = _pointed(name) if name.startswith("/") else tuple(name.split("."))
    if len(path) > _LONGEST_PATH:
        raise Refused(422, "invalid_field", f"A field is at most {_LONGEST_PATH} keys deep.")
    return path


def _pointed(name: str) -> Path:
    try:
        return parse_pointer(name)
    except ValueError:
        raise Refused(
            422, "invalid_field", "In a JSON pointer '~' is written '~0', '/' '~1'."
        ) from None


def spelled(path: Path) -> str:
    """The shortest name by which `parse_field` finds the path."""
    plain = all(part and not _AMBIGUOUS & set(part) for part in path)
    if plain and not path[0].startswith("-"):
        return ".".join(path)
    return pointer(path)


def unknown_field(path: Path, known: Collection[Path]) -> Refused:
    """The refusal of a field that no document has had, naming what may have been meant."""
    names = {spelled(each) for each in known}
    near = difflib.get_close_matches(spelled(path), names, _NEAR_NAMES, cutoff=0.5)
    meant = near or sorted(names, key=lambda name: (len(name), name))[:_NEAR_NAMES]
    hint = f"did you mean {', '.join(map(repr, meant))}?" if near else _some(meant)
    return Refused(422, "unknown_field", f"No document has had a field {spelled(path)!r}: {hint}")


def _some(names: list[str]) -> str:
    return f"there are {', '.join(map(repr, names))}." if names else "there are no fields yet."


def parse_list(text: str) -> list[str]:
    """Items between commas; one that has a comma in it stands in quotes, as a JSON string.

    Nothing is trimmed, and no text at all is one empty item. Raises `Refused` for quotes that
    do not end, and for too many items.
    """
    check_text(text)
    items = list(_items(text))
    if len(items) > _MOST_ITEMS:
        raise Refused(422, "invalid_list", f"A list has at most {_MOST_ITEMS} items.")
    return items


def _items(text: str) -> Iterator[str]:
    begin = 0
    while begin <= len(text):
        if text.startswith('"', begin):
            item, end = _quoted(text, begin)
        else:
            comma = text.find(",", begin)
            end = comma if comma >= 0 else len(text)
            item = text[begin:end]
        yield item
        begin = end + 1


def _quoted(text: str, begin: int) -> tuple[str, int]:
    try:
        item, end = json.JSONDecoder().raw_decode(text, begin)
    except json.JSONDecodeError:
        end = begin
    if end == begin or text[end : end + 1] not in ("", ","):
        raise Refused(
            422, "invalid_list", 'An item in quotes is a JSON string, like "a,b" or "say \\"c\\"".'
        )
    return check_text(item), end


def check_text(text: str) -> str:
    """The text, if a document may hold it. Raises `Refused` for NUL and half characters."""
    if "\0" in text or any("\ud800" <= each <= "\udfff" for each in text):
        raise Refused(422, "invalid_text", "No document holds NUL or half a surrogate pair.")
    return text
