"""A piece of a JSON file, read by one invocation and kept in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mammothbox.catalog import collections, document_parts
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.document_parts import Part
from mammothbox.documents.chore_names import PROPOSE, WORDS
from mammothbox.documents.keeping import keep
from mammothbox.documents.parts import Range
from mammothbox.documents.reading import Document, Refusal, read_lines, read_part
from mammothbox.documents.source import Reading, chunks, in_time
from mammothbox.errors import Permanent
from mammothbox.messages import ChoreCall, Outgoing
from mammothbox.route import Next
from mammothbox.stages import Work, finish_in_bulk


def read_piece(reading: Reading, work: Work) -> Outgoing:
    """Read the piece that the stage is about. Raises `Permanent` and `Retryable`."""
    key = work.claim.key
    with reading.database.transaction() as connection:
        part = document_parts.get(connection, key.owner, key.asset_id, key.part)
        found = collections.get(connection, key.owner, part.collection_id) if part else None
    if part is None or found is None:
        raise Permanent("no_such_piece", "No piece of that number was planned.")
    return finish_piece(reading, work, found, part, _outcomes(reading, work, part))


def finish_piece(
    reading: Reading,
    work: Work,
    collection: Collection,
    part: Part,
    outcomes: Iterable[Document | Refusal],
) -> Outgoing:
    """Keep what is read of the piece, and end its stage with it."""
    with reading.database.transaction() as connection:
        if not document_parts.plan(connection, [part]):
            raise Permanent("being_purged", "The asset is being erased.")

    news: list[ChoreCall] = []

    def record(connection: Connection) -> Sequence[Next]:
        if keep(connection, work, collection, part, outcomes).is_news:
            news.extend(ChoreCall(chore=each, owner=part.owner) for each in (PROPOSE, WORDS))
        return ()

    return finish_in_bulk(reading.database, work, record) + Outgoing(chores=tuple(news))


def _outcomes(reading: Reading, work: Work, part: Part) -> Iterator[Document | Refusal]:
    if part.unpacked is not None:
        body = reading.library.read(part.asset_id, part.unpacked)
        if body is None:
            raise Permanent("piece_gone", "What was unpacked of the file is gone; upload it again.")
        return read_part([body], origin=part.first_byte)
    original = reading.original(work.asset)
    wanted = Range(part.first_byte, part.end_byte)
    content = in_time(reading, chunks(original, wanted.opening, original.size))
    return read_lines(content, origin=wanted.origin, end=wanted.end)
