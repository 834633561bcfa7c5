"""Intake: from bytes in the bucket to an asset that is verified, recognised and on its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mammothbox import heirs, stages
from mammothbox.catalog import assets, lineage, originals, raws
from mammothbox.catalog import stages as stage_rows
from mammothbox.catalog.assets import Asset, Sniffed
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.raws import Observed
from mammothbox.catalog.stages import Failure, StageKey
from mammothbox.errors import Permanent, Retryable
from mammothbox.intake.arrivals import Arrival, read_message
from mammothbox.intake.digest import digest, glance
from mammothbox.intake.drops import record_drop
from mammothbox.intake.kind import Content, recognise
from mammothbox.messages import Outgoing, WakeUp
from mammothbox.observability import logger
from mammothbox.route import INTAKE, Next, after_intake
from mammothbox.stages import Limits, NoSuchStage, Work
from mammothbox.storage.blobs import BlobGone, BlobStore, answering
from mammothbox.storage.keys import name_as_kept

_ACTOR = f"function:{INTAKE}"
# What S3 gives a function at the least, and what the rest of an intake takes.
_BYTES_PER_S = 70_000_000
_SPARE_S = 5


@dataclass(frozen=True)
class Intake:
    """What intake works with. `time_left` is the invocation's, in seconds."""

    database: Database
    store: BlobStore
    limits: Limits
    hash_limit: int
    time_left: Callable[[], float]


def receive(intake: Intake, body: str) -> Outgoing:
    """Take in everything a message tells of, and return what is to be sent.

    Raises, for the message to come back: `Permanent` when it cannot be tied to an asset,
    `stages.Failed` when an attempt is on record as failed, anything else as it happened.
    """
    told = read_message(body)
    if isinstance(told, WakeUp):
        return _woken(intake, told)
    outgoing = Outgoing()
    for arrival in told:
        outgoing += _arrived(intake, arrival)
    return outgoing


def _woken(intake: Intake, wake_up: WakeUp) -> Outgoing:
    if wake_up.stage != INTAKE:
        raise Permanent("not_for_intake", "The message wakes no intake stage.")
    key = StageKey(wake_up.owner, wake_up.asset_id, INTAKE, wake_up.space, wake_up.part)
    if not _has_just_begun(intake):
        with intake.database.transaction() as connection:
            asset = assets.get(connection, key.owner, key.asset_id)
            if asset is not None and not _can_be_read(asset.size_bytes or 0, intake):
                stage_rows.doubt_wake_up(connection, key)
                return Outgoing((wake_up,))
    return _take_in(intake, key, None)


def _arrived(intake: Intake, arrival: Arrival) -> Outgoing:
    key = StageKey(arrival.owner, arrival.asset_id, INTAKE)
    if _has_just_begun(intake) or _can_be_read(arrival.size, intake):
        return _take_in(intake, key, arrival)
    return _leave_for_later(intake, key, arrival)


def _take_in(intake: Intake, key: StageKey, arrival: Arrival | None) -> Outgoing:
    def prepare(connection: Connection) -> None:
        if arrival is not None:
            _put_on_record(connection, arrival)
            stage_rows.enqueue(connection, key, woken=True)

    try:
        return stages.run(
            intake.database, key, intake.limits, lambda work: _verify(intake, work), prepare
        )
    except NoSuchStage:
        return _without_asset(intake, key, arrival)


def _leave_for_later(intake: Intake, key: StageKey, arrival: Arrival) -> Outgoing:
    """A message put back would use up one of its receives; a new wake-up begins afresh."""
    with intake.database.transaction() as connection:
        _put_on_record(connection, arrival)
        asset = assets.get(connection, key.owner, key.asset_id)
        if asset is None:
            raise Retryable("out_of_time", "Too little time is left to find out what this is.")
        stage_rows.doubt_wake_up(connection, key)
        return Outgoing((stages.queue(connection, asset, Next(INTAKE)),))


def _has_just_begun(intake: Intake) -> bool:
    """Whether this invocation has all the time there will ever be for one object."""
    return intake.time_left() > 0.9 * intake.limits.lifetime_s


def _can_be_read(size: int, intake: Intake) -> bool:
    needed = min(size, intake.hash_limit) / _BYTES_PER_S + _SPARE_S
    return intake.time_left() > needed


def _put_on_record(connection: Connection, arrival: Arrival) -> None:
    if arrival.dropped is not None:
        record_drop(connection, arrival, arrival.dropped, actor=_ACTOR)


def _without_asset(intake: Intake, key: StageKey, arrival: Arrival | None) -> Outgoing:
    """Bytes whose asset was erased are erased too, unless another asset has them by now; any
    others wait with the dead letters."""
    with intake.database.transaction() as connection:
        hidden = assets.on_record(connection, [(key.owner, key.asset_id)])
        purged = lineage.was_purged(connection, key.owner, key.asset_id)
        kept = arrival is not None and raws.known_versions(
            connection, arrival.bucket, [(arrival.key, arrival.version_id)]
        )
    if hidden:
        raise Retryable("being_purged", "The asset is being erased, and its late bytes with it.")
    if not purged:
        raise Permanent("unknown_asset", "No asset is waiting for these bytes.")
    if arrival is not None and not kept:
        intake.store.erase(arrival.key, arrival.version_id)
    return Outgoing()


def _verify(intake: Intake, work: Work) -> Outgoing:
    """Read the bytes, hold them against what was declared, and route by what they are."""
    asset = work.asset
    observed, content = _observe(intake, asset)

    heirs_work: list[Outgoing] = []

    def record(connection: Connection) -> None:
        # The asset before its raw object: the order in which a purge takes these rows.
        found = Sniffed(content.kind, content.content_type, observed.size_bytes, observed.sha256)
        assets.sniffed(connection, asset.owner, asset.id, found)
        if asset.collection is not None:
            # Before the asset joins others with its bytes: JSON does so by collection.
            assets.collect(connection, asset.owner, asset.id, name_as_kept(asset.collection))
        raws.observe(connection, asset.owner, asset.raw_id, observed)

    def record_and_route(connection: Connection) -> Sequence[Next]:
        if observed.sha256 is None:
            record(connection)
            return after_intake(connection, content.kind)
        originals.lock(connection, asset.owner, observed.sha256)
        record(connection)
        original = originals.join(connection, asset.owner, asset.id, observed.sha256)
        if original.id == asset.id:
            return after_intake(connection, content.kind)
        heirs_work.append(heirs.begin(connection, asset.owner, original))
        return ()

    refusal = _contradiction(asset, observed)
    if refusal is not None:
        logger.warning("not what was declared", extra={"error": refusal.code})
        return stages.fail(intake.database, work, refusal, record=record)
    _note_other_type(work, content)
    return stages.finish(intake.database, work, record_and_route) + sum(heirs_work, Outgoing())


def _observe(intake: Intake, asset: Asset) -> tuple[Observed, Content]:
    """Raises `Permanent` when there is nothing to observe."""
    version_id = asset.version_id
    if version_id is None:
        # A presigned address may be used twice, and S3 may tell of the second use first.
        first = intake.store.first_version(asset.key)
        if first is None:
            raise Permanent("object_gone", "The uploaded object is no longer in the bucket.")
        version_id = first.version_id
    try:
        with answering():
            blob = intake.store.open(asset.key, version_id)
            if blob.size == 0:
                raise Permanent(
                    "empty_object", "The object has no bytes: there is nothing to keep."
                )
            hashed = blob.size <= intake.hash_limit
            found = digest(blob.body) if hashed else glance(blob.body, blob.size)
    except BlobGone:
        raise Permanent("object_gone", "The object is no longer in the bucket.") from None
    if found.size != blob.size:
        raise Retryable("cut_short", "The object store closed the connection too early.")
    return Observed(version_id, found.size, found.sha256, blob.crc64nvme), recognise(found.head)


def _contradiction(asset: Asset, observed: Observed) -> Failure | None:
    declared = asset.declared_size
    if declared is not None and declared != observed.size_bytes:
        detail = f"{declared} bytes were declared, {observed.size_bytes} arrived."
        return Failure("size_mismatch", detail, "failed", retryable=False)
    if asset.declared_sha256 and observed.sha256 and asset.declared_sha256 != observed.sha256:
        detail = f"SHA-256 {asset.declared_sha256} was declared, {observed.sha256} arrived."
        return Failure("hash_mismatch", detail, "failed", retryable=False)
    return None


def _note_other_type(work: Work, content: Content) -> None:
    """The bytes win over the declared type; that they differ is worth a line in the log."""
    declared = work.asset.declared_content_type
    if declared not in (None, "application/octet-stream", content.content_type):
        logger.info(
            "declared and real content type differ",
            extra={"declared": declared, "content_type": content.content_type},
        )
