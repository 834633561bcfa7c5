"""A file that can only be read from the beginning, stored as pieces that are read side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mammothbox import stages
from mammothbox.catalog import document_parts
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.document_parts import Part
from mammothbox.documents import parts
from mammothbox.documents.keeping import told
from mammothbox.documents.parts import ndjson_parts
from mammothbox.documents.reading import Document, Refusal
from mammothbox.documents.source import SPARE_S, Reading
from mammothbox.errors import Permanent
from mammothbox.messages import Outgoing
from mammothbox.route import SCHEMA, Next
from mammothbox.stages import Work


@dataclass(frozen=True)
class _Stored:
    """A piece as it lies in the library."""

    name: str
    body: bytes
    content_type: str = "application/x-ndjson"


def unpack(
    reading: Reading,
    work: Work,
    collection: Collection,
    outcomes: Iterable[Document | Refusal],
    before: Part | None,
) -> Outgoing:
    """Store the pieces behind `before`, each with its stage, and end when there are no more.

    With little time left the stage is given back, and goes on from there. Raises `Permanent` when
    there are too many pieces.
    """
    number = before.part if before else 0
    woken = Outgoing()
    for piece in ndjson_parts(outcomes, reading.settings.part_bytes):
        if before is not None and not piece.documents:
            # Refusals alone: those behind the last piece are on record.
            break
        number += 1
        if number > reading.settings.most_parts:
            raise Permanent("file_too_large", "The file unpacks to too much; split it.")
        woken += _store(reading, work, collection, number, piece)
        if not piece.last and reading.time_left() < 2 * SPARE_S:
            return woken + stages.give_back(reading.database, work)
    return woken + stages.finish(reading.database, work, lambda _: ())


def _store(
    reading: Reading, work: Work, collection: Collection, number: int, piece: parts.Part
) -> Outgoing:
    asset = work.asset
    stored = _Stored(f"documents-{number:05}.ndjson", piece.body)
    reading.library.put(asset.id, stored)
    part = Part(
        asset.owner, asset.id, number, collection.id, stored.name, piece.position, piece.end
    )
    with reading.database.transaction() as connection:
        if document_parts.plan(connection, [part]):
            document_parts.refuse(connection, part, piece.refused, told(piece.refusals))
            return Outgoing((stages.queue(connection, asset, Next(SCHEMA, part=number)),))
    # The purge came first; what was put down after it must go as well.
    reading.library.erase(asset.id)
    raise Permanent("being_purged", "The asset is being erased.")
