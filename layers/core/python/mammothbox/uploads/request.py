"""Asking for uploads: what is announced goes on record, and addresses to send it to come back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from mammothbox import heirs
from mammothbox.announcing import announce
from mammothbox.catalog import assets, collections, jobs, lineage, originals, raws, searchables
from mammothbox.catalog.assets import Asset, NewAsset, Settled
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.jobs import NewJob, Source
from mammothbox.catalog.lineage import Entry
from mammothbox.catalog.originals import Original
from mammothbox.catalog.raws import NewRaw
from mammothbox.errors import Refused
from mammothbox.ids import new_id
from mammothbox.messages import Outgoing
from mammothbox.storage.keys import ending_of_an_address, incoming_key


@dataclass(frozen=True)
class Announced:
    """A file that is to come."""

    filename: str | None
    content_type: str
    size_bytes: int
    sha256: str | None = None
    collection: str | None = None


@dataclass(frozen=True)
class Asked:
    """Who asks for what. The digest tells two requests under one idempotency key apart."""

    owner: str
    actor: str
    request_id: str
    source: Source
    files: Sequence[Announced]
    comments: str | None = None
    idempotency_key: str | None = None

    def digest(self) -> bytes:
        asked = {
            "source": self.source,
            "files": [_said(vars(file)) for file in self.files],
            "comments": self.comments,
        }
        text = json.dumps(_said(asked), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True)
class Purged:
    """What is left of an asset that was erased since: its place in the request."""

    id: UUID


Slot = Asset | Purged


@dataclass(frozen=True)
class Recorded:
    """The job that stands for the request, and what became of each file, in their order."""

    job_id: UUID
    slots: list[Slot]
    outgoing: Outgoing

    @property
    def assets(self) -> list[Asset]:
        return [slot for slot in self.slots if isinstance(slot, Asset)]


def put_on_record(database: Database, bucket: str, asked: Asked) -> Recorded:
    """Record the request, or find what the same request recorded before.

    Files whose verified bytes the owner has become duplicates at once, sharing those bytes, or,
    of JSON for another collection, are read into that one; bytes sent by `ingest` are in hand
    already and take the way of all others. Raises `Refused`: 409 when the idempotency key stands
    for another request, 422 for a new collection whose name no address could tell apart.
    """
    job = NewJob(
        owner=asked.owner,
        id=new_id(),
        request_id=asked.request_id,
        source=asked.source,
        objects=len(asked.files),
        comments=asked.comments,
        idempotency_key=asked.idempotency_key,
        request_digest=asked.digest(),
    )
    with database.transaction(asked.owner) as connection:
        known = _originals(connection, asked)
        if not jobs.insert(connection, job):
            return _recorded_before(connection, asked)
        _refuse_unreachable(connection, asked)
        shared = _record_files(connection, bucket, job.id, asked, known)
        settled, outgoing = _begin_with(connection, asked.owner, shared)
        recorded = assets.of_job(connection, asked.owner, job.id)
        announcements = [
            announcement
            for asset in recorded
            for announcement in announce(connection, asset, settled.get(asset.id), asked.request_id)
        ]
        if shared:
            searchables.refresh_standing(connection, asked.owner, sorted(shared))
        return Recorded(job.id, list(recorded), outgoing + Outgoing((), tuple(announcements)))


def _begin_with(
    connection: Connection, owner: str, shared: Mapping[UUID, UUID]
) -> tuple[dict[UUID, Settled | None], Outgoing]:
    """Settle the duplicates; what is an original all the same goes on as any other."""
    settled, outgoing = {}, Outgoing()
    for asset_id, original_id in shared.items():
        if asset_id == original_id:
            outgoing += heirs.process(connection, owner, asset_id)
        else:
            settled[asset_id] = assets.settle(connection, owner, asset_id)
    return settled, outgoing


def _refuse_unreachable(connection: Connection, asked: Asked) -> None:
    """Collections of such names that are there already go on taking documents."""
    for name in sorted({file.collection or "" for file in asked.files}):
        ending = ending_of_an_address(name)
        if ending and collections.by_name(connection, asked.owner, name) is None:
            raise Refused(
                422,
                "collection_name_reserved",
                f"A collection cannot be called {name!r}: addresses end in {ending!r} for what a"
                " collection has. Use another name.",
            )


def _originals(connection: Connection, asked: Asked) -> dict[str, Original]:
    hashes = sorted({file.sha256 for file in asked.files if file.sha256})
    if asked.source != "upload" or not hashes:
        return {}
    # Locked in order, so that two requests for the same files never wait for each other.
    for sha256 in hashes:
        originals.lock(connection, asked.owner, sha256)
    return originals.find(connection, asked.owner, hashes)


def _recorded_before(connection: Connection, asked: Asked) -> Recorded:
    job = jobs.by_idempotency_key(connection, asked.owner, asked.idempotency_key or "")
    if job is None or job.request_digest != asked.digest():
        raise Refused(
            409,
            "idempotency_key_reused",
            "This Idempotency-Key belongs to another request; use a new one.",
        )
    left = {asset.ordinal: asset for asset in assets.of_job(connection, asked.owner, job.id)}
    slots = [
        left.get(ordinal) or Purged(_asset_id(job.id, ordinal)) for ordinal in range(job.objects)
    ]
    return Recorded(job.id, slots, Outgoing())


def _record_files(
    connection: Connection,
    bucket: str,
    job_id: UUID,
    asked: Asked,
    known: dict[str, Original],
) -> dict[UUID, UUID]:
    """Record every file; of those that share bytes of an original, which one stands for them."""
    stored: dict[UUID, Original] = {}
    new_raws, new_assets = [], []
    for ordinal, file in enumerate(asked.files):
        asset_id = _asset_id(job_id, ordinal)
        original = known.get(file.sha256 or "")
        if original is not None and original.size_bytes != file.size_bytes:
            # One of the two declarations is wrong: let the bytes come and tell which.
            original = None
        if original is None:
            new_raws.append(_raw(asked.owner, asset_id, bucket, file))
        else:
            stored[asset_id] = original
        new_assets.append(_asset(asked, asset_id, job_id, ordinal, original))
    raws.insert(connection, new_raws)
    assets.insert(connection, new_assets)
    lineage.record(
        connection, *(_announced(asked, asset, asset.id in stored) for asset in new_assets)
    )
    return {
        asset_id: originals.share(connection, asked.owner, asset_id, original).id
        for asset_id, original in stored.items()
    }


def _asset(
    asked: Asked, asset_id: UUID, job_id: UUID, ordinal: int, original: Original | None
) -> NewAsset:
    file = asked.files[ordinal]
    return NewAsset(
        owner=asked.owner,
        id=asset_id,
        job_id=job_id,
        ordinal=ordinal,
        raw_id=original.raw_id if original else asset_id,
        status="queued" if original else "awaiting_upload",
        filename=file.filename,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        collection=file.collection,
        comments=asked.comments,
    )


def _announced(asked: Asked, asset: NewAsset, stored: bool) -> Entry:
    return Entry(
        owner=asked.owner,
        request_id=asked.request_id,
        event="asset.already_stored" if stored else "asset.announced",
        actor=asked.actor,
        job_id=asset.job_id,
        raw_id=asset.raw_id,
        asset_id=asset.id,
    )


def _raw(owner: str, asset_id: UUID, bucket: str, file: Announced) -> NewRaw:
    return NewRaw(
        owner=owner,
        id=asset_id,
        bucket=bucket,
        key=incoming_key(owner, asset_id),
        declared_content_type=file.content_type,
        declared_size=file.size_bytes,
        declared_sha256=file.sha256,
    )


def _asset_id(job_id: UUID, ordinal: int) -> UUID:
    """Made of the job's, so that it can be told when nothing else is left of the asset.

    A UUIDv7 of the job's moment, like those of `new_id`.
    """
    moment = job_id.int >> 80 << 80
    rest = uuid5(job_id, str(ordinal)).int & (1 << 76) - 1
    return UUID(int=moment | 0x7 << 76 | rest)


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was left out: fields to come leave the digests of older requests as they are."""
    return {name: value for name, value in values.items() if value is not None}
