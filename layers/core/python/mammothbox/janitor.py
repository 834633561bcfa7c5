"""The janitor: finds what fell between two steps and puts it back on its way.

Nothing here does a step itself. Every task is safe to repeat and to run beside another janitor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from mammothbox import stages
from mammothbox.catalog import assets, lineage, outbox, raws, sweeps
from mammothbox.catalog import stages as stage_rows
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Database
from mammothbox.dispatch import Dispatch
from mammothbox.errors import Unavailable
from mammothbox.intake.arrivals import Arrival, is_folder
from mammothbox.intake.drops import record_drop
from mammothbox.messages import Outgoing
from mammothbox.observability import count, logger
from mammothbox.queues import SqsQueues
from mammothbox.removal import finish_purge
from mammothbox.settings import JanitorSettings
from mammothbox.stages import INTAKE
from mammothbox.storage.blobs import S3BlobStore, Version
from mammothbox.storage.keys import DROP, DropKey, dropped_asset_id, parse_key
from mammothbox.storage.multipart import S3Multipart

_ACTOR = "function:janitor"
# Per run and task: enough for a bad day, little enough for one invocation.
_MOST = 500
_UPLOADS_PER_RUN = 200
_DROP_PAGES_PER_RUN = 10


@dataclass(frozen=True)
class Janitor:
    """What the janitor works with."""

    database: Database
    store: S3BlobStore
    multipart: S3Multipart
    queues: SqsQueues
    dispatch: Dispatch
    settings: JanitorSettings


def run(janitor: Janitor) -> dict[str, int]:
    """Do every task once and say how much each found. One that fails does not stop the next."""
    tasks: dict[str, Callable[[Janitor], int]] = {
        "wake_ups_sent_again": _send_lost_wake_ups,
        "leases_taken_back": _take_back_lapsed_leases,
        "announcements_published": _publish_unsent,
        "uploads_found": _find_uploads,
        "drops_found": _find_drops,
        "multiparts_aborted": _abort_abandoned_multiparts,
        "purges_finished": _finish_purges,
        "queues_measured": _measure_queues,
    }
    found = {}
    failed = []
    for name, task in tasks.items():
        try:
            found[name] = task(janitor)
        except Exception:
            logger.exception("a task was put off", extra={"task": name})
            failed.append(name)
    logger.info("swept", extra={"found": found, "failed": failed})
    if failed:
        raise Unavailable(f"put off until the next run: {', '.join(failed)}")
    return found


def _send_lost_wake_ups(janitor: Janitor) -> int:
    with janitor.database.transaction() as connection:
        lost = stage_rows.never_woken(connection, janitor.settings.wake_after_s, _MOST)
    janitor.dispatch.send(Outgoing(tuple(lost)))
    return len(lost)


def _take_back_lapsed_leases(janitor: Janitor) -> int:
    with janitor.database.transaction() as connection:
        lapsed = stage_rows.take_back_lapsed(connection, janitor.settings.retry_lost_after_s, _MOST)
    janitor.dispatch.send(Outgoing(tuple(lapsed)))
    return len(lapsed)


def _publish_unsent(janitor: Janitor) -> int:
    with janitor.database.transaction() as connection:
        unsent = outbox.unsent(connection, janitor.settings.wake_after_s, _MOST)
    janitor.dispatch.send(Outgoing((), tuple(unsent)))
    return len(unsent)


def _find_uploads(janitor: Janitor) -> int:
    """Announced uploads: wake those whose bytes came without an event, expire the abandoned."""
    with janitor.database.transaction() as connection:
        position = sweeps.position(connection, "uploads")
        awaited = assets.awaiting_upload(
            connection,
            janitor.settings.look_for_uploads_after_s,
            UUID(position) if position else None,
            _UPLOADS_PER_RUN,
        )
    outgoing = Outgoing()
    found = 0
    for asset in awaited:
        if janitor.store.first_version(asset.key) is not None:
            outgoing += _wake_intake(janitor, asset)
            found += 1
        elif _is_abandoned(asset, janitor.settings):
            outgoing += _expire(janitor, asset)
    following = str(awaited[-1].id) if len(awaited) == _UPLOADS_PER_RUN else None
    with janitor.database.transaction() as connection:
        sweeps.move(connection, "uploads", following)
    janitor.dispatch.send(outgoing)
    return found


def _wake_intake(janitor: Janitor, asset: Asset) -> Outgoing:
    with janitor.database.transaction() as connection:
        return Outgoing((stages.queue(connection, asset, INTAKE),))


def _is_abandoned(asset: Asset, settings: JanitorSettings) -> bool:
    multipart = asset.multipart_upload_id is not None
    patience = settings.multipart_expires_after_s if multipart else settings.uploads_expire_after_s
    return datetime.now(UTC) - asset.created_at > timedelta(seconds=patience)


def _expire(janitor: Janitor, asset: Asset) -> Outgoing:
    with janitor.database.transaction() as connection:
        assets.lock(connection, asset.owner, asset.id)
        now = assets.get(connection, asset.owner, asset.id)
        if now is None or now.status != "awaiting_upload":
            # Its bytes came while we looked.
            return Outgoing()
        settled = assets.fail(
            connection,
            asset.owner,
            asset.id,
            code="upload_expired",
            detail="The bytes never came; ask for a new upload.",
            retryable=False,
        )
        lineage.record(
            connection,
            lineage.about(asset, "upload.expired", actor=_ACTOR, request_id=asset.request_id),
        )
        return Outgoing((), stages.announce(connection, asset, settled, asset.request_id))


def _find_drops(janitor: Janitor) -> int:
    """Walk through the drop folder, a part each run, for objects whose event never came."""
    with janitor.database.transaction() as connection:
        position = sweeps.position(connection, "drops")
    found = 0
    for _ in range(_DROP_PAGES_PER_RUN):
        page = janitor.store.list_versions(DROP, position, limit=1000)
        found += _tell_of_unknown(janitor, page.versions)
        position = page.next_position
        with janitor.database.transaction() as connection:
            sweeps.move(connection, "drops", position)
        if position is None:
            break
    return found


def _tell_of_unknown(janitor: Janitor, versions: list[Version]) -> int:
    bucket = janitor.store.bucket
    versions = [version for version in versions if parse_key(version.key) is not None]
    with janitor.database.transaction() as connection:
        pairs = [(version.key, version.version_id) for version in versions]
        known = raws.known_versions(connection, bucket, pairs)
    outgoing = Outgoing()
    for version in versions:
        if (version.key, version.version_id) not in known:
            outgoing += _record_found(janitor, version)
    janitor.dispatch.send(outgoing)
    return len(outgoing.wake_ups)


def _record_found(janitor: Janitor, version: Version) -> Outgoing:
    place = parse_key(version.key)
    if not isinstance(place, DropKey) or is_folder(version.key, version.size):
        return Outgoing()
    bucket = janitor.store.bucket
    asset_id = dropped_asset_id(bucket, version.key, version.version_id)
    arrival = Arrival(
        owner=place.owner,
        asset_id=asset_id,
        bucket=bucket,
        key=version.key,
        version_id=version.version_id,
        size=version.size,
        request_id=str(asset_id),
        dropped=place,
    )
    with janitor.database.transaction() as connection:
        record_drop(connection, arrival, place, actor=_ACTOR)
        asset = assets.get(connection, place.owner, asset_id)
        return Outgoing((stages.queue(connection, asset, INTAKE),)) if asset else Outgoing()


def _abort_abandoned_multiparts(janitor: Janitor) -> int:
    """Parts cost money for as long as nobody completes or aborts their upload."""
    patience = timedelta(seconds=janitor.settings.multipart_expires_after_s)
    old = [
        upload
        for upload in islice(janitor.multipart.unfinished(), _MOST)
        if datetime.now(UTC) - upload.initiated > patience
    ]
    with janitor.database.transaction() as connection:
        wanted = raws.unfinished_uploads(connection, [upload.upload_id for upload in old])
    abandoned = [upload for upload in old if upload.upload_id not in wanted]
    for upload in abandoned:
        janitor.multipart.abort(upload.key, upload.upload_id)
    return len(abandoned)


def _finish_purges(janitor: Janitor) -> int:
    with janitor.database.transaction() as connection:
        unfinished = assets.purging(connection, janitor.settings.wake_after_s, _MOST)
    failures = []
    for asset in unfinished:
        try:
            finish_purge(janitor.database, janitor.store, janitor.multipart, asset)
        except Exception as error:
            logger.exception("a purge was put off", extra={"asset_id": str(asset.id)})
            failures.append(error)
    if failures:
        raise failures[0]
    return len(unfinished)


def _measure_queues(janitor: Janitor) -> int:
    for name in janitor.queues.urls:
        count("job.queue_depth", janitor.queues.depth(name).waiting, queue=name)
    return len(janitor.queues.urls)
