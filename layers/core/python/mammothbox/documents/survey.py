"""The first look at a JSON file: which collection it belongs to, and in how many pieces it is read.

A small file is read at once. Of a large one the pieces become stages of their own, side by side:
ranges of its lines, or, where those cannot be found without reading, what is unpacked of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from mammothbox.catalog import collections, document_parts
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.document_parts import Part
from mammothbox.documents import parts
from mammothbox.documents.collecting import collect
from mammothbox.documents.parts import Range, Ranges, Unpack, Whole
from mammothbox.documents.piece import finish_piece
from mammothbox.documents.reading import Document, Refusal, read_documents
from mammothbox.documents.source import Reading, chunks, in_time, unbroken
from mammothbox.documents.unpack import unpack
from mammothbox.documents.unpacking import unpacked
from mammothbox.errors import Permanent
from mammothbox.messages import Outgoing
from mammothbox.route import SCHEMA, Next
from mammothbox.settings import MEBIBYTE
from mammothbox.stages import Work, finish
from mammothbox.storage.ranges import RangedObject

_SAMPLED = 128
_SAMPLED_BYTES = 4 * MEBIBYTE
# A file that begins with so many that are no documents is not read on.
_MOST_REFUSALS = 100_000
_HEAD_BYTES = 2 * MEBIBYTE


Plan = Whole | Ranges | Unpack


def survey(reading: Reading, work: Work) -> Outgoing:
    """Read the file, or plan the pieces it is read in. Raises `Permanent` and `Retryable`."""
    asset = work.asset
    original = reading.original(asset)
    plan = parts.plan(
        original.read(0, _HEAD_BYTES),
        original.size,
        asset.content_type or "",
        part_bytes=_part_bytes(reading, original),
        whole_bytes=reading.settings.part_bytes,
    )
    with reading.database.transaction() as connection:
        before = document_parts.last(connection, asset.owner, asset.id)
        # A purge looks for documents where a run that was cut short meant to put them.
        planned = before or document_parts.get(connection, asset.owner, asset.id, 0)
    plan = _as_begun(plan, before)
    if before is not None and isinstance(plan, Ranges):
        # Its pieces were planned at one stroke, and their stages with them.
        return finish(reading.database, work, lambda _: ())
    after = before.end_byte if before and isinstance(plan, Unpack) else 0
    outcomes = _outcomes(reading, work, original, after)
    first = _first(outcomes)
    collection = _collection(reading, work, first, planned)
    if collection is None:
        return _without_documents(reading, work, first)
    if isinstance(plan, Ranges):
        return _in_ranges(reading, work, collection, plan.ranges)
    everything = chain(first, outcomes)
    if isinstance(plan, Unpack):
        return unpack(reading, work, collection, everything, before)
    part = Part(asset.owner, asset.id, 0, collection.id, None, 0, original.size)
    return finish_piece(reading, work, collection, part, everything)


def _as_begun(plan: Plan, before: Part | None) -> Plan:
    """A file that was cut in one way is not cut in another, whatever the settings say by now."""
    if before is None:
        return plan
    if before.unpacked is not None:
        return Unpack()
    return Ranges(()) if before.part > 0 else Whole()


def _part_bytes(reading: Reading, original: RangedObject) -> int:
    """Of a very large file the pieces are larger, up to what one invocation can read."""
    settings = reading.settings
    needed = -(-original.size // settings.most_parts)
    if needed > 4 * settings.part_bytes:
        raise Permanent("file_too_large", "The file is too large to be read; split it.")
    return max(settings.part_bytes, needed)


def _outcomes(
    reading: Reading, work: Work, original: RangedObject, after: int
) -> Iterator[Document | Refusal]:
    content = in_time(reading, chunks(original, 0, original.size))
    plain = unpacked(
        content,
        work.asset.content_type or "",
        most_bytes=reading.settings.unpacked_limit_bytes,
    )
    return unbroken(lambda pieces: read_documents(pieces, after=after), plain, after)


def _first(outcomes: Iterator[Document | Refusal]) -> list[Document | Refusal]:
    """Enough documents to see what they are like, and what stands between them."""
    first: list[Document | Refusal] = []
    documents = size = 0
    for outcome in outcomes:
        first.append(outcome)
        if isinstance(outcome, Document):
            documents += 1
            size += len(outcome.text)
        if documents >= _SAMPLED or size >= _SAMPLED_BYTES:
            break
        if not documents and len(first) >= _MOST_REFUSALS:
            break
    return first


def _collection(
    reading: Reading, work: Work, first: Sequence[Document | Refusal], planned: Part | None
) -> Collection | None:
    """Where an earlier run put documents, those of this one go too."""
    asset = work.asset
    if planned is not None:
        with reading.database.transaction() as connection:
            return collections.get(connection, asset.owner, planned.collection_id)
    sample = [one.value for one in first if isinstance(one, Document)]
    return collect(reading.database, asset, sample, reading.settings) if sample else None


def _without_documents(
    reading: Reading, work: Work, first: Sequence[Document | Refusal]
) -> Outgoing:
    for one in first:
        if isinstance(one, Refusal):
            raise Permanent(one.code, f"At byte {one.position}: {one.detail}")
    return finish(reading.database, work, lambda _: ())


def _in_ranges(
    reading: Reading, work: Work, collection: Collection, ranges: Sequence[Range]
) -> Outgoing:
    asset = work.asset
    pieces = [
        Part(asset.owner, asset.id, number, collection.id, None, one.origin, one.end)
        for number, one in enumerate(ranges, 1)
    ]

    def record(connection: Connection) -> Sequence[Next]:
        if not document_parts.plan(connection, pieces):
            raise Permanent("being_purged", "The asset is being erased.")
        return [Next(SCHEMA, part=piece.part) for piece in pieces]

    return finish(reading.database, work, record)
