"""What reading gives for each document of a file: the document, or why it cannot be kept."""

from __future__ import annotations

from dataclasses import dataclass

from mammothbox.documents.values import JsonValue


@dataclass(frozen=True, slots=True)
class Document:
    """A document that Postgres takes as `jsonb`, in the very bytes it came in.

    `position` is where it begins in the file, after unpacking, in bytes.
    """

    position: int
    text: bytes
    value: JsonValue

    @property
    def end(self) -> int:
        """The byte behind it."""
        return self.position + len(self.text)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document that cannot be kept, by a code and a sentence.

    `end` is where the reading goes on: the byte behind it, or, if nothing behind it can be read,
    a byte before it, from where it is come to again.
    """

    position: int
    code: str
    detail: str
    end: int


class Unfit(Exception):
    """A text that cannot be kept as a document, by a code and a sentence."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
