"""The janitor: finds what fell between two steps and puts it back on its way.

Nothing here does a step itself. Every task is safe to repeat and to run beside another janitor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import UUID

from mammothbox import filling, making_anew, stages, walks
from mammothbox.announcing import announce
from mammothbox.catalog import (
    asset_removal,
    assets,
    chores,
    clusterings,
    lexicon,
    lineage,
    outbox,
    raws,
    search_leftovers,
    spaces,
    sweeps,
)
from mammothbox.catalog import stages as stage_rows
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Database
from mammothbox.chore_workers import worker_of
from mammothbox.clustering.chore_names import REBUILD
from mammothbox.dispatch import Dispatch
from mammothbox.errors import Unavailable
from mammothbox.messages import ChoreCall, Outgoing
from mammothbox.observability import count, logger
from mammothbox.queues import SqsQueues
from mammothbox.removal import Bytes, finish_purge
from mammothbox.route import INTAKE, Next
from mammothbox.settings import JanitorSettings
from mammothbox.storage.blobs import S3BlobStore
from mammothbox.storage.library import Library
from mammothbox.storage.multipart import S3Multipart

_ACTOR = "function:janitor"
# Per run and task: enough for a bad day, little enough for one invocation.
_MOST = 500
_MOST_FORGOTTEN = 5000
# What has many duplicates takes long.
_SECONDS_FOR_PURGES = 20.0
# After a space was activated, millions of words are in doubt.
_SECONDS_FOR_DOUBTS = 10.0
_UPLOADS_PER_RUN = 200


@dataclass(frozen=True)
class Janitor:
    """What the janitor works with."""

    database: Database
    store: S3BlobStore
    multipart: S3Multipart
    library: Library
    queues: SqsQueues
    dispatch: Dispatch
    settings: JanitorSettings


def run(janitor: Janitor) -> dict[str, int]:
    """Do every task once and say how much each found. One that fails does not stop the next."""
    tasks: dict[str, Callable[[Janitor], int]] = {
        "wake_ups_sent_again": _send_lost_wake_ups,
        "stages_woken_anew": _wake_what_waits_for_long,
        "leases_taken_back": _take_back_lapsed_leases,
        "announcements_published": _publish_unsent,
        "announcements_forgotten": _forget_sent,
        "uploads_found": _find_uploads,
        "drops_found": _find_drops,
        "strays_found": _find_strays,
        "multiparts_aborted": _abort_abandoned_multiparts,
        "chores_called": _call_for_chores,
        "purges_finished": _finish_purges,
        "queues_measured": _measure_queues,
        "assets_looked_at_for_fills": _go_on_filling,
        "assets_made_anew_for_search": _go_on_making_anew,
        "words_doubted": _settle_doubts,
        "searches_forgotten": _forget_searches,
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


def _wake_what_waits_for_long(janitor: Janitor) -> int:
    """Most often its message has gone to the dead letters, or is behind many others: then a
    second one does no harm, and there is not more than one each time."""
    with janitor.database.transaction() as connection:
        waiting = stage_rows.woken_in_vain(connection, janitor.settings.wake_again_after_s, _MOST)
    janitor.dispatch.send(Outgoing(tuple(waiting)))
    return len(waiting)


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


def _forget_sent(janitor: Janitor) -> int:
    with janitor.database.transaction() as connection:
        return outbox.forget_sent(
            connection, janitor.settings.announcements_kept_s, _MOST_FORGOTTEN
        )


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
        return Outgoing((stages.queue(connection, asset, Next(INTAKE)),))


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
        return Outgoing((), announce(connection, asset, settled, asset.request_id))


def _find_drops(janitor: Janitor) -> int:
    found = 0
    for outgoing in walks.find_drops(janitor.database, janitor.store, actor=_ACTOR):
        janitor.dispatch.send(outgoing)
        found += len(outgoing.wake_ups)
    return found


def _find_strays(janitor: Janitor) -> int:
    return walks.find_strays(janitor.database, janitor.store)


def _abort_abandoned_multiparts(janitor: Janitor) -> int:
    """Parts cost money for as long as nobody completes or aborts their upload."""
    patience = timedelta(seconds=janitor.settings.multipart_expires_after_s)
    with janitor.database.transaction() as connection:
        position = sweeps.position(connection, "multiparts")
    page = janitor.multipart.unfinished(position, _MOST)
    old = [upload for upload in page.uploads if datetime.now(UTC) - upload.initiated > patience]
    with janitor.database.transaction() as connection:
        wanted = raws.unfinished_uploads(connection, [upload.upload_id for upload in old])
    abandoned = [upload for upload in old if upload.upload_id not in wanted]
    for upload in abandoned:
        janitor.multipart.abort(upload.key, upload.upload_id)
    with janitor.database.transaction() as connection:
        sweeps.move(connection, "multiparts", page.next_position)
    return len(abandoned)


def _call_for_chores(janitor: Janitor) -> int:
    with janitor.database.transaction() as connection:
        active = spaces.active(connection)
        for owner in clusterings.outside(connection, active.id, _MOST) if active else []:
            chores.ask(connection, owner, REBUILD)
        due = chores.due(connection, janitor.settings.call_again_after_s, _MOST)
    for owner, name in due:
        janitor.queues.call(worker_of(name), ChoreCall(chore=name, owner=owner))
    return len(due)


def _finish_purges(janitor: Janitor) -> int:
    with janitor.database.transaction() as connection:
        unfinished = asset_removal.purging(connection, janitor.settings.wake_after_s, _MOST)
    stored = Bytes(janitor.store, janitor.multipart, janitor.library)
    failures = []
    until, finished = monotonic() + _SECONDS_FOR_PURGES, 0
    for asset in unfinished:
        if monotonic() >= until:
            break
        try:
            finish_purge(janitor.database, stored, asset)
            finished += 1
        except Exception as error:
            logger.exception("a purge was put off", extra={"asset_id": str(asset.id)})
            failures.append(error)
    if failures:
        raise failures[0]
    return finished


def _measure_queues(janitor: Janitor) -> int:
    for name in janitor.queues.urls:
        count("job.queue_depth", janitor.queues.depth(name).waiting, queue=name)
    with janitor.database.transaction() as connection:
        dead = stage_rows.dead_of_each(connection).values()
        count("job.dead_stages", sum(each.stages for each in dead))
    return len(janitor.queues.urls)


def _go_on_filling(janitor: Janitor) -> int:
    return filling.go_on(janitor.database)


def _go_on_making_anew(janitor: Janitor) -> int:
    return making_anew.go_on(janitor.database)


def _settle_doubts(janitor: Janitor) -> int:
    with janitor.database.transaction() as connection:
        owners = lexicon.doubting(connection, _MOST)
    until, doubted = monotonic() + _SECONDS_FOR_DOUBTS, 0
    while owners:
        settled = {owner: _settle_some(janitor, owner) for owner in owners}
        doubted += sum(settled.values())
        goes_on = monotonic() < until
        owners = [owner for owner, words in settled.items() if words == _MOST and goes_on]
    return doubted


def _settle_some(janitor: Janitor, owner: str) -> int:
    with janitor.database.transaction() as connection:
        return lexicon.settle_doubts(connection, owner, _MOST)


def _forget_searches(janitor: Janitor) -> int:
    forgotten = 0
    # There may be more searches in a minute than one statement is to forget.
    while True:
        with janitor.database.transaction() as connection:
            found = search_leftovers.forget_frozen(connection, _MOST_FORGOTTEN)
            forgotten += found + search_leftovers.forget_vectors(connection, _MOST_FORGOTTEN)
        if found < _MOST_FORGOTTEN:
            return forgotten
