"""Names for tables and columns: what a key is called in the database, for every key there is.

A name is at most 63 bytes long, stands once, is never one of ours, and does not depend on the
order in which the keys are given. Where it cannot say the key it ends in a tag made of it.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from uuid import UUID

from mammothbox.documents.pointers import Path

MOST_BYTES = 63
# Columns that each typed table has, and those that PostgreSQL gives to every table.
OURS = frozenset({"document_id", "extra"})
SYSTEM = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})
_BETWEEN_KEYS = "__"
_TAG = 8
# Words of a name in camel case: `customerID`, `HTTPServer`, `line2Total`.
_LOWER_THEN_UPPER = re.compile(r"([a-z0-9])([A-Z])")
_ACRONYM_THEN_WORD = re.compile(r"([A-Z])([A-Z][a-z])")


def column_names(
    paths: Collection[Path],
    *,
    taken: Mapping[Path, str] | None = None,
    reserved: Collection[str] = (),
) -> dict[Path, str]:
    """A name for each path. Names in `taken` are kept, for those paths and from all others."""
    taken = taken or {}
    wanted = {path: _BETWEEN_KEYS.join(map(slug, path)) for path in paths if path not in taken}
    names = {path: taken[path] for path in paths if path in taken}
    used = {*taken.values(), *OURS, *SYSTEM, *reserved}
    sharing = Counter(wanted.values())
    # A key that is spelled like a name has the first right to it, and tags take what is left.
    says_it = {path: _BETWEEN_KEYS.join(path) == name for path, name in wanted.items()}
    tagged = []
    for path in sorted(wanted, key=lambda each: (not says_it[each], len(each), each)):
        name = wanted[path]
        clear = says_it[path] or sharing[name] == 1
        if clear and name.strip("_") and len(name.encode()) <= MOST_BYTES and name not in used:
            names[path] = name
            used.add(name)
        else:
            tagged.append(path)
    for path in tagged:
        names[path] = _tagged(wanted[path], path, used)
        used.add(names[path])
    return names


def table_name(collection: str, collection_id: UUID) -> str:
    """The typed table of a collection."""
    return _with_id(slug(collection), collection_id)


def docs_table_name(collection: str, collection_id: UUID) -> str:
    """The table of a collection's documents. Its indexes are called like it, with a word behind."""
    return _with_id(f"docs_{slug(collection)}", collection_id, spare=len("_asset"))


def slug(text: str) -> str:
    """The text in small letters, digits and underscores; empty where it has none of them.

    Letters are those of any script.
    """
    text = unicodedata.normalize("NFC", text)
    text = _ACRONYM_THEN_WORD.sub(r"\1_\2", _LOWER_THEN_UPPER.sub(r"\1_\2", text)).lower()
    marked = "".join(each if _is_word(each) else " " for each in text)
    name = "_".join(marked.split())
    return f"_{name}" if name[:1].isdigit() else name


def _is_word(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LNM"


def _tagged(name: str, path: Path, used: Collection[str]) -> str:
    digest = hashlib.blake2b(json.dumps(path).encode()).hexdigest()
    for length in range(_TAG, len(digest)):
        tag = digest[:length]
        tagged = f"{_cut(name.strip('_') or 'field', MOST_BYTES - length - 1)}_{tag}"
        if tagged not in used:
            return tagged
    raise LookupError(f"no name is free for {path}")


def _with_id(name: str, collection_id: UUID, *, spare: int = 0) -> str:
    # The last digits are random; the first ones tell the time.
    tag = collection_id.hex[-_TAG:]
    return f"{_cut(name, MOST_BYTES - spare - _TAG - 1)}_{tag}" if name else f"collection_{tag}"


def _cut(name: str, size: int) -> str:
    return name.encode()[:size].decode(errors="ignore").rstrip("_")
