"""The keys of the buckets. We make them; a client's file name is never part of one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from mammothbox.plain_text import one_line

INCOMING = "incoming/"
DROP = "drop/"
OWNER_PATTERN = r"[a-z0-9][a-z0-9_-]{0,62}"
COLLECTION_LIMIT = 128
# What addresses of a collection end in, behind its name.
_ENDINGS = ("/documents", "/drift", "/refusals")
# Controls, halves of characters, and breaks of lines and paragraphs.
_NOT_IN_A_NAME = {"Cc", "Cs", "Zl", "Zp"}

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_INCOMING_KEY = re.compile(rf"incoming/({OWNER_PATTERN})/({_UUID})")
_DROP_KEY = re.compile(rf"drop/({OWNER_PATTERN})/(.+)", re.DOTALL)


@dataclass(frozen=True)
class IncomingKey:
    """Where a client's upload goes: it names the asset that waits for it."""

    owner: str
    asset_id: UUID


@dataclass(frozen=True)
class DropKey:
    """Where a partner copies to: whatever key they like below their owner's folder."""

    owner: str
    path: str

    @property
    def filename(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def collection(self) -> str | None:
        """The first folder below the owner's, if a collection may be called so."""
        folder, slash, _ = self.path.partition("/")
        return collection_name(folder) if slash else None


def derived_key(asset_id: UUID, name: str) -> str:
    """Where the library has what was made of an original."""
    return f"derived/{asset_id}/{name}"


def collection_name(text: str) -> str | None:
    """The name that a collection has whose name comes so; `None` if none may be called so.

    The one rule for names of collections: some characters, in one line, none a control; and as a
    query text is read, so that what is asked for is found however its accents and spaces came.
    """
    if any(unicodedata.category(character) in _NOT_IN_A_NAME for character in text):
        return None
    # What is too long stays so when it is cut.
    name = one_line(text, 2 * COLLECTION_LIMIT)
    return name if 0 < len(name) <= COLLECTION_LIMIT else None


def name_as_kept(name: str) -> str:
    """The name of a collection that is on record already, as it is asked for.

    Assets that a function from before recorded have it as it came; what is left of older names
    that none may have any more stays.
    """
    return collection_name(name) or name


def ending_of_an_address(name: str) -> str | None:
    """With what `name` ends that is the address of something else, were it a collection's."""
    return next((ending for ending in _ENDINGS if name.endswith(ending)), None)


def incoming_key(owner: str, asset_id: UUID) -> str:
    return f"{INCOMING}{owner}/{asset_id}"


def parse_key(key: str) -> IncomingKey | DropKey | None:
    """What `key` means, or `None` when it has no place in the house."""
    if "\0" in key:
        return None
    if incoming := _INCOMING_KEY.fullmatch(key):
        return IncomingKey(incoming[1], UUID(incoming[2]))
    if drop := _DROP_KEY.fullmatch(key):
        return DropKey(drop[1], drop[2])
    return None


def dropped_asset_id(bucket: str, key: str, version_id: str) -> UUID:
    """The id of a dropped object: the same object is the same asset however often it is told."""
    return uuid5(NAMESPACE_URL, f"s3://{bucket}/{key}?versionId={version_id}")
