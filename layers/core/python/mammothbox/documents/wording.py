"""The words of documents, by which search finds them, written after the documents themselves.

Each piece is a transaction that also puts down how far the words are, so a run that is cut
short goes on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from mammothbox.catalog import document_words
from mammothbox.catalog.connection import Database
from mammothbox.catalog.document_words import Ids, Wordless
from mammothbox.documents.document_id import first_id
from mammothbox.documents.pieces import Pieces

# What the last piece may still take.
_SPARE_S = 10


def write_words(database: Database, owner: str, time_left: Callable[[], float]) -> bool:
    """Write words of the owner's documents for as long as there is time; whether all have them."""
    pieces = Pieces()
    while time_left() > _SPARE_S:
        began = time.monotonic()
        if not _write_a_piece(database, owner, pieces.most):
            return True
        pieces.took(time.monotonic() - began)
    return False


def _write_a_piece(database: Database, owner: str, most: int) -> bool:
    """Whether there was anything to write."""
    with database.transaction() as connection:
        part = document_words.next_part(connection, owner)
        if part is not None:
            document_words.write(connection, part, _ids(part), most)
    return part is not None


def _ids(part: Wordless) -> Ids:
    """Ids tell the place in the file, so those of a piece lie beside each other."""
    number = first_id(part.asset_id, part.asset_created_at)
    return Ids(
        first=UUID(int=number + part.first_byte),
        end=UUID(int=number + part.end_byte + 1),
        after=part.written_to,
    )
