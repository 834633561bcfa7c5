"""Documents on their way into the collection's tables, in the transaction that ends their stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from mammothbox.catalog import (
    assets,
    chores,
    collections,
    document_parts,
    document_tables,
    document_words,
    typed_tables,
)
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.document_parts import Part, Refused
from mammothbox.catalog.document_tables import Place
from mammothbox.documents import profile
from mammothbox.documents.chore_names import PROPOSE, WORDS
from mammothbox.documents.column_types import ColumnType, column_type
from mammothbox.documents.contract import held_to
from mammothbox.documents.document_id import first_id
from mammothbox.documents.observed import Kind
from mammothbox.documents.profile import Observer, Path, Profile
from mammothbox.documents.reading import Document, Refusal
from mammothbox.settings import MEBIBYTE
from mammothbox.stages import Work

_AT_ONCE = 500
_BYTES_AT_ONCE = 4 * MEBIBYTE
_REFUSALS_TOLD = 100


@dataclass
class Kept:
    """What went by while the documents were written."""

    documents: int = 0
    refused: int = 0
    # Of these, how many the contract of the collection kept out.
    barred: int = 0
    told: list[Refused] = field(default_factory=list)
    observer: Observer = field(default_factory=Observer)
    # Nobody has been asked yet to think about the collection's schema.
    is_news: bool = False


def keep(
    connection: Connection,
    work: Work,
    collection: Collection,
    part: Part,
    outcomes: Iterable[Document | Refusal],
) -> Kept:
    """Write what was read in place of what an earlier run wrote, and learn from it.

    In a transaction without a pipeline. Nothing of it is kept unless the transaction commits.
    """
    place = Place(part.asset_id, part.part)
    collections.add_piece_to(connection, collection.id, part.owner, part.asset_id, part.part)
    # Its contract may be another one since the file was first looked at.
    collection = collections.get(connection, collection.owner, collection.id) or collection
    typed_tables.let_go(connection, collection, place)
    gone = document_tables.delete_part(connection, collection.docs_table, place)
    kept = Kept()
    table = typed_tables.of_collection(connection, collection)
    if table is not None and collection.contract != "evolve":
        outcomes = held_to(collection.contract, table.design, outcomes)
    rows = _rows(outcomes, kept, first_id(work.asset.id, work.asset.created_at))
    document_tables.write(connection, collection.docs_table, place, rows)
    if kept.documents:
        typed_tables.take_in(connection, collection, place)
    document_parts.count(connection, part, kept.documents)
    barred = [one for one in kept.told if one.code in document_parts.CONTRACT_CODES]
    if part.unpacked is None:
        # What was refused of an unpacked file is on record since it was unpacked.
        others = [one for one in kept.told if one.code not in document_parts.CONTRACT_CODES]
        document_parts.refuse(connection, part, kept.refused - kept.barred, others)
    document_parts.keep_out(connection, part, kept.barred, barred)
    document_words.lack(connection, part, had=gone > 0)
    _learn(connection, collection, kept, gone)
    assets.collect(connection, part.owner, part.asset_id, collection.name)
    return kept


def told(refusals: Iterable[Refusal]) -> list[Refused]:
    """Refusals as they are put on record."""
    return [Refused(one.position, one.code, one.detail) for one in refusals]


def _rows(
    outcomes: Iterable[Document | Refusal], kept: Kept, number: int
) -> Iterator[tuple[int, int, str]]:
    one_by_one = iter(outcomes)
    while some := _some(one_by_one):
        documents = [one for one in some if isinstance(one, Document)]
        if len(documents) < len(some):
            refusals = [one for one in some if isinstance(one, Refusal)]
            kept.refused += len(refusals)
            kept.barred += sum(one.code in document_parts.CONTRACT_CODES for one in refusals)
            kept.told += told(refusals[: _REFUSALS_TOLD - len(kept.told)])
        kept.documents += len(documents)
        kept.observer.see(document.value for document in documents)
        for document in documents:
            yield number + document.position, document.position, document.text.decode()


def _some(outcomes: Iterator[Document | Refusal]) -> list[Document | Refusal]:
    """The next ones: many small documents, or a few large ones."""
    taken: list[Document | Refusal] = []
    size = 0
    for outcome in islice(outcomes, _AT_ONCE):
        taken.append(outcome)
        size += outcome.end - outcome.position
        if size > _BYTES_AT_ONCE:
            break
    return taken


def _told(known: Profile) -> dict[Path, tuple[set[Kind], ColumnType]]:
    """What queries and proposals go by, whatever the counts."""
    return {path: ({*one.counts}, column_type(one)) for path, one in known.fields.items()}


def _learn(connection: Connection, collection: Collection, kept: Kept, gone: int) -> None:
    """Short and last: everyone who adds to the collection takes turns here."""
    if not kept.documents and not gone:
        return
    now = collections.lock(connection, collection.owner, collection.id)
    if now is None:
        raise LookupError(f"the collection {collection.id} is gone")
    learned = kept.observer.profile()
    if now.profile is not None:
        before = profile.from_json(now.profile)
        learned = profile.merge(before, learned)
        if gone and _told(learned) == _told(before):
            # The same again, which would be counted twice.
            learned = before
    stale = now.profile_stale or gone > 0
    collections.set_profile(connection, now, profile.to_json(learned), stale=stale)
    kept.is_news = not now.reconsider
    collections.count(connection, now, kept.documents - gone)
    for chore in (PROPOSE, WORDS):
        chores.ask(connection, now.owner, chore)
