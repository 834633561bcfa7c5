"""Where a page of documents ended, as a word that clients hand back with the same query."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from mammothbox.documents.field_names import check_text
from mammothbox.documents.query import Kind, parse_number
from mammothbox.errors import Refused


@dataclass(frozen=True)
class Key:
    """A value that documents are sorted by. Of arrays and objects there is nothing but the kind."""

    kind: Kind
    text: str = ""


@dataclass(frozen=True)
class Position:
    """The last document of a page, and what it was sorted by: `None` for a missing field.

    Without `keys` they were too long for a word, and are to be read from the document.
    """

    document_id: UUID
    keys: tuple[Key | None, ...] | None


def digest(of: UUID, filters: Sequence[tuple[str, str]], sort: str | None) -> str:
    """Tells apart queries that have other pages; which fields they show does not matter."""
    asked = json.dumps([str(of), sorted(filters), sort]).encode()
    return hashlib.blake2b(asked, digest_size=9).hexdigest()


def cursor(position: Position, query: str) -> str:
    """The word for a position in the query of that digest."""
    keys = position.keys
    told = None if keys is None else [key and [key.kind, key.text] for key in keys]
    text = json.dumps([query, position.document_id.hex, told], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parse_cursor(word: str, query: str, orders: int) -> Position:
    """The position that the word stands for.

    Raises `Refused` when it is none of ours, or was given with another query.
    """
    try:
        padded = word + "=" * (-len(word) % 4)
        told = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
        asked, document_id, keys = told
        if asked == query:
            return Position(UUID(hex=document_id), _keys(keys, orders))
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Refused(
            422, "invalid_cursor", "Use the next_cursor of the page before, as it came."
        ) from None
    raise Refused(
        422, "other_query", "This cursor belongs to another query; begin without a cursor."
    )


def _keys(told: list[Any] | None, orders: int) -> tuple[Key | None, ...] | None:
    if told is None:
        return None
    keys = tuple(None if each is None else Key(*each) for each in told)
    if len(keys) != orders or not all(key is None or _is_sound(key) for key in keys):
        raise ValueError("no keys of this query")
    return keys


def _is_sound(key: Key) -> bool:
    check_text(key.text)
    if key.kind == "number":
        return parse_number(key.text) is not None
    if key.kind == "boolean":
        return key.text in ("true", "false")
    return key.kind in get_args(Kind) and (key.kind == "string" or not key.text)
