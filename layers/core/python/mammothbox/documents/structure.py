"""What documents look like: which keys they have, how alike two kinds are, what to call one."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Set
from functools import lru_cache
from heapq import nsmallest
from pathlib import PurePosixPath

from mammothbox.documents.naming import slug
from mammothbox.documents.values import JsonValue

DEPTH = 3
# Of hostile documents, so many paths are compared; the shortest ones.
MOST_PATHS = 1000
_ELEMENT = "*"
_LONG_KEY = 200
# Keys that many kinds of documents have say little about any of them.
_COMMON_WEIGHT = 0.3
_COMMON_WORDS = """
    id _id uuid key name title label type kind description status state url link version value
    values data created_at updated_at timestamp date time tags metadata
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_LONGEST_NAME = 60
_TELLING_KEYS = 3
_NAMELESS = "documents"
# What a file is called when nobody thought of a name.
_GENERIC_WORDS = """
    data dataset dump export exports file files output out result results response download
    upload untitled payload document documents part page chunk batch sample test tmp temp new copy
    final latest json ndjson jsonl gz gzip zst zstd txt
"""
_GENERIC = frozenset(_GENERIC_WORDS.split())
_NUMBERED = re.compile(r"[0-9]*|[0-9a-f]{8,}|v[0-9]+")
_MOMENT = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[Tt][0-9][0-9:.-]*[Zz]?")


def key_paths(values: Iterable[JsonValue], depth: int = DEPTH) -> frozenset[str]:
    """JSON pointers to what the documents hold; `/*` stands for any element of an array.

    A key that is itself `*` is written `~2`.
    """
    found: set[str] = set()
    for value in values:
        found.update(_paths(value, "", depth))
        if len(found) > 2 * MOST_PATHS:
            found = set(_shortest(found))
    return frozenset(_shortest(found))


def structure_hash(paths: Set[str]) -> str:
    """The same for the same paths, always and everywhere."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(paths):
        digest.update(path.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def similarity(one: Set[str], other: Set[str]) -> float:
    """From 0 for documents with no key in common to 1 for those with the same keys.

    Half of it says how much of all keys they share, and half how much of the smaller one's, so
    that documents without their optional fields are still of the same kind.
    """
    if one == other:
        return 1.0
    siblings = Counter(_parent(path) for path in one | other)
    shared, mine, theirs = (
        sum(_says(path) / (siblings[_parent(path)] if _parent(path) else 1) for path in paths)
        for paths in (one & other, one, other)
    )
    if not shared:
        return 0.0
    return (shared / (mine + theirs - shared) + shared / min(mine, theirs)) / 2


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


@lru_cache(maxsize=4096)
def _says(path: str) -> float:
    """How much the key says, and what is below a key says together half as much as it does."""
    keys = [key for key in path.split("/")[1:] if key != _ELEMENT]
    return (_COMMON_WEIGHT if slug(keys[-1]) in _COMMON else 1.0) * 0.5 ** (len(keys) - 1)


def generated_name(paths: Set[str], filename: str | None) -> str:
    """A name for a collection of such documents: their file's, if it says something, or their
    most telling keys. At most 60 characters, and never empty.
    """
    words = _words_of_file(filename or "") or _telling(paths)
    return "-".join(words)[:_LONGEST_NAME].strip("-") or _NAMELESS


def _words_of_file(filename: str) -> list[str]:
    stem = re.sub(r"(?<=.)(\.[A-Za-z][A-Za-z0-9]{0,7}){1,2}$", "", PurePosixPath(filename).name)
    words = [
        word for word in slug(_MOMENT.sub(" ", stem)).split("_") if not _NUMBERED.fullmatch(word)
    ]
    telling = [word for word in words if word not in _GENERIC]
    return words if any(len(word) > 1 for word in telling) else []


def _telling(paths: Set[str]) -> list[str]:
    keys = {
        slug(re.sub("~.", " ", path[1:])): _says(path) for path in paths if path.count("/") == 1
    }
    keys.pop("", None)
    first = sorted(keys, key=lambda key: (-keys[key], len(key), key))[:_TELLING_KEYS]
    return [
        key.strip("_").replace("_", "-") for key in sorted(first, key=lambda key: (-keys[key], key))
    ]


def _shortest(paths: Collection[str]) -> list[str]:
    return sorted(paths, key=lambda path: (path.count("/"), len(path), path))[:MOST_PATHS]


def _paths(value: JsonValue, above: str, depth: int) -> Iterator[str]:
    if type(value) is dict and depth:
        keys: Iterable[str] = value
        if len(value) > MOST_PATHS:
            keys = nsmallest(MOST_PATHS, value, key=lambda key: (len(key), key))
        for key in keys:
            path, below = f"{above}/{_escaped(key)}", value[key]
            yield path
            if type(below) is dict or type(below) is list:
                yield from _paths(below, path, depth - 1)
    elif type(value) is list and depth:
        for element in value:
            if type(element) is dict:
                yield from _paths(element, f"{above}/{_ELEMENT}", depth)


def _escaped(key: str) -> str:
    if key == _ELEMENT:
        return "~2"
    if len(key) > _LONG_KEY:
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8)
        key = f"{key[:_LONG_KEY]}…{digest.hexdigest()}"
    return key.replace("~", "~0").replace("/", "~1")
