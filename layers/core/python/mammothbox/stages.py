"""The state machine: how a piece of work is claimed, finished, failed and replayed.

A stage row goes `queued → running → done | failed | dead | skipped`. Whoever claims it holds a
lease; whoever's lease lapsed can neither finish nor fail it any more. A message only says
where to look, so it may come twice, late or never.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from mammothbox.announcing import announce
from mammothbox.catalog import assets, lineage, searchables, stages
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.lineage import Entry
from mammothbox.catalog.stages import Claim, Failure, StageKey
from mammothbox.errors import NotItsTurn, Permanent, Refused, Retryable, Unavailable
from mammothbox.messages import Outgoing, WakeUp
from mammothbox.observability import logger, timed
from mammothbox.route import EMBED, INTAKE, Next

ENDED = ("done", "failed", "dead", "skipped")
UNSUCCESSFUL = ("failed", "dead")

# Writes results and tells which stages follow.
Record = Callable[[Connection], Sequence[Next]]


_SPENT = Failure(
    code="attempts_spent",
    detail="Every attempt ended in a crash or a time-out.",
    state="dead",
    retryable=False,
)


class NoSuchStage(Retryable):
    """The message names a stage, or an asset, that is not on record."""

    def __init__(self, key: StageKey) -> None:
        super().__init__("no_such_stage", f"{key.name} of {key.asset_id} is not on record")


class LeaseLost(Retryable):
    """Another worker holds the stage now; what this one found is dropped."""

    def __init__(self, key: StageKey) -> None:
        super().__init__("lease_lost", f"{key.name} of {key.asset_id} was taken over")


class Failed(Retryable):
    """An attempt failed and is on record; its message must fail too. `outgoing` is to be sent."""

    def __init__(self, outgoing: Outgoing, failure: Failure) -> None:
        super().__init__(failure.code, failure.detail)
        self.outgoing = outgoing


@dataclass(frozen=True)
class Limits:
    """How long an invocation lives, how long a claim holds, and how many attempts a stage has."""

    lifetime_s: int
    lease_s: int
    attempts: int


@dataclass(frozen=True)
class Work:
    """A claimed stage and the asset it is about."""

    claim: Claim
    asset: Asset


def run(
    database: Database,
    key: StageKey,
    limits: Limits,
    act: Callable[[Work], Outgoing],
    prepare: Callable[[Connection], None] = lambda _: None,
) -> Outgoing:
    """Claim the stage, let `act` do the work, and put its failure on record.

    `prepare` has its say in the transaction that claims. Returns what to send. When there is
    nothing to do, because the message came twice or late, that is nothing. `Permanent` ends the
    stage and the asset, and the message is done with. Raises, for the message to come back:
    `NoSuchStage`; `LeaseLost`; and `Failed` when the attempt is on record as `failed` or, the
    last one, as `dead`. A dead stage fails its messages, so that they reach the dead letters.
    """
    work = take(database, key, limits, prepare)
    return carry_out(database, work, limits, act) if work else Outgoing()


def finish(database: Database, work: Work, record: Record) -> Outgoing:
    """Record the results, end the stage, queue what follows, and settle the asset if that was all.

    `record` writes the results and returns the stages that follow. One transaction: either all
    of it is on record or none. Raises `LeaseLost`.
    """
    with database.transaction() as connection:
        return _finish(connection, work, record)


def finish_in_bulk(database: Database, work: Work, record: Record) -> Outgoing:
    """The same where `record` needs COPY."""
    with database.bulk() as connection:
        return _finish(connection, work, record)


def _finish(connection: Connection, work: Work, record: Record) -> Outgoing:
    key, asset = work.claim.key, work.asset
    following = record(connection)
    # Stages of one asset that end at once take turns, so that the last one sees the others.
    assets.lock(connection, key.owner, key.asset_id)
    if not stages.finish(connection, work.claim):
        raise LeaseLost(key)
    wake_ups = tuple(queue(connection, asset, stage) for stage in following)
    lineage.record(connection, _entry(asset, work.claim, "stage.done"))
    outgoing = Outgoing(wake_ups) + _settled(connection, asset, work.claim.request_id)
    # Intake, which holds the lock of the bytes, may have found that others have the same.
    refresh = searchables.refresh_standing if key.name == INTAKE else searchables.refresh
    refresh(connection, key.owner, [key.asset_id])
    return outgoing


def fail(
    database: Database,
    work: Work,
    failure: Failure,
    *,
    attempts: int | None = None,
    record: Callable[[Connection], None] = lambda _: None,
) -> Outgoing:
    """Put a failed attempt on record. With `attempts`, the last of them makes the stage dead.

    `record` writes what was learned all the same. Raises `LeaseLost`.
    """
    key, claim = work.claim.key, work.claim
    with database.transaction() as connection:
        record(connection)
        assets.lock(connection, key.owner, key.asset_id)
        if attempts is not None and not stages.may_try_again(connection, claim, attempts):
            failure = Failure(failure.code, failure.detail, "dead", False)
        if not stages.fail(connection, claim, failure):
            raise LeaseLost(key)
        outgoing = _record_failure(connection, work.asset, claim, failure)
        searchables.refresh(connection, key.owner, [key.asset_id])
        return outgoing


def give_back(database: Database, work: Work) -> Outgoing:
    """Queue the stage anew, no attempt spent. Raises `LeaseLost`."""
    key, claim = work.claim.key, work.claim
    with database.transaction() as connection:
        assets.lock(connection, key.owner, key.asset_id)
        if not stages.give_back(connection, claim):
            raise LeaseLost(key)
    return Outgoing((_wake_up(key, claim.request_id),))


def wait_on(database: Database, work: Work) -> Outgoing:
    """Let the stage wait as before, no attempt spent: its message came too early, or twice.

    Whoever works for it will send the next; if nobody does, the janitor. Raises `LeaseLost`.
    """
    key, claim = work.claim.key, work.claim
    with database.transaction() as connection:
        assets.lock(connection, key.owner, key.asset_id)
        if not stages.wait_on(connection, claim):
            raise LeaseLost(key)
    return Outgoing()


def replay(
    connection: Connection,
    asset: Asset,
    *,
    names: Collection[str] | None,
    actor: str,
    request_id: str,
) -> Outgoing:
    """Queue stages of the asset anew: the named ones, or else the failed, or else all.

    A ready asset stays ready, and a finished job is not touched. Raises `Refused` when there is
    nothing to replay.
    """
    assets.lock(connection, asset.owner, asset.id)
    states = ENDED if names else UNSUCCESSFUL
    woken = stages.revive(connection, asset.owner, asset.id, names=names, states=states)
    if not woken and not names:
        woken = stages.revive(connection, asset.owner, asset.id, names=None, states=ENDED)
    if not woken:
        raise Refused(
            409, "nothing_to_replay", "No such stage of this object has ended; look at its stages."
        )
    return revived(connection, asset, woken, actor=actor, request_id=request_id)


def revived(
    connection: Connection, asset: Asset, woken: Sequence[WakeUp], *, actor: str, request_id: str
) -> Outgoing:
    """See to it that stages which were queued anew show, and are on record as replayed."""
    assets.begin(connection, asset.owner, asset.id, status="queued")
    for wake_up in woken:
        lineage.record(
            connection,
            replace(
                lineage.about(asset, "stage.replayed", actor=actor, request_id=request_id),
                stage=wake_up.stage,
            ),
        )
    return Outgoing(tuple(woken))


def queue(connection: Connection, asset: Asset, stage: Next) -> WakeUp:
    """Queue a stage of the asset, and return the wake-up to send after the commit."""
    key = StageKey(asset.owner, asset.id, stage.name, stage.space, stage.part)
    stages.enqueue(connection, key, woken=False, optional=stage.optional)
    return _wake_up(key, asset.request_id)


def _wake_up(key: StageKey, request_id: str) -> WakeUp:
    return WakeUp(
        stage=key.name,
        owner=key.owner,
        asset_id=key.asset_id,
        request_id=request_id,
        space=key.space,
        part=key.part,
    )


def carry_out(
    database: Database, work: Work, limits: Limits, act: Callable[[Work], Outgoing]
) -> Outgoing:
    """Let `act` do the claimed work, and put its failure on record. Raises as `run` does."""
    key = work.claim.key
    with logger.append_context_keys(
        request_id=work.claim.request_id,
        owner=key.owner,
        asset_id=str(key.asset_id),
        job_stage=key.name,
        attempt=work.claim.attempt,
    ):
        return _act(database, work, limits, act)


def _act(
    database: Database, work: Work, limits: Limits, act: Callable[[Work], Outgoing]
) -> Outgoing:
    try:
        with timed("job.processing_time", stage=work.claim.key.name):
            outgoing = act(work)
    except LeaseLost:
        raise
    except NotItsTurn:
        return give_back(database, work)
    except Permanent as error:
        logger.warning("stage failed for good", extra={"error": error.code})
        return fail(database, work, Failure(error.code, error.detail, "failed", False))
    except Exception as error:
        failure = _passing_failure(error)
        outgoing = fail(database, work, failure, attempts=limits.attempts)
        raise Failed(outgoing, failure) from error
    logger.info("stage done")
    return outgoing


def take(
    database: Database,
    key: StageKey,
    limits: Limits,
    prepare: Callable[[Connection], None] = lambda _: None,
) -> Work | None:
    """Claim the stage; `None` when there is nothing to do. Raises as `run` does."""
    with database.transaction() as connection:
        prepare(connection)
        # The asset first, then its stage: the order in which `finish` takes these locks.
        assets.lock(connection, key.owner, key.asset_id)
        if key.name == EMBED:
            stages.skip_if_unwanted(connection, key)
        claim = stages.claim(connection, key, limits.lease_s, limits.attempts)
        buried = None if claim else stages.bury_if_spent(connection, key, limits.attempts)
        asset = assets.get(connection, key.owner, key.asset_id)
        if asset is None:
            raise NoSuchStage(key)
        if claim is not None:
            if not claim.optional:
                assets.begin(connection, key.owner, key.asset_id, status="processing")
            lineage.record(connection, _entry(asset, claim, "stage.started"))
            return Work(claim, asset)
        state = stages.state(connection, key)
        outgoing = _record_failure(connection, asset, buried, _SPENT) if buried else Outgoing()
    if state is None:
        raise NoSuchStage(key)
    if state == "dead":
        raise Failed(outgoing, _SPENT)
    return None


def was_purged(database: Database, key: StageKey) -> bool:
    """Whether the asset was erased, so that a message about it is done with."""
    with database.transaction() as connection:
        return lineage.was_purged(connection, key.owner, key.asset_id)


def _settled(connection: Connection, asset: Asset, request_id: str) -> Outgoing:
    settled = assets.settle(connection, asset.owner, asset.id)
    return Outgoing((), announce(connection, asset, settled, request_id))


def _record_failure(
    connection: Connection, asset: Asset, claim: Claim, failure: Failure
) -> Outgoing:
    lineage.record(connection, _entry(asset, claim, f"stage.{failure.state}", failure))
    if failure.retryable:
        return Outgoing()
    if claim.optional:
        # What held nothing back while it ran takes nothing away by failing.
        return _settled(connection, asset, claim.request_id)
    settled = assets.fail(
        connection,
        asset.owner,
        asset.id,
        code=failure.code,
        detail=failure.detail,
        retryable=failure.state == "dead",
    )
    return Outgoing((), announce(connection, asset, settled, claim.request_id))


def _passing_failure(error: Exception) -> Failure:
    if isinstance(error, Retryable):
        return Failure(error.code, error.detail, "failed", True)
    if isinstance(error, Unavailable):
        return Failure("unavailable", str(error), "failed", True)
    # What is unforeseen may say anything, a secret too: its class is for the record, and the
    # rest is for the log.
    return Failure("internal_error", f"Unforeseen: {type(error).__name__}.", "failed", True)


def _entry(asset: Asset, claim: Claim, event: str, failure: Failure | None = None) -> Entry:
    entry = lineage.about(
        asset, event, actor=f"function:{claim.key.name}", request_id=claim.request_id
    )
    detail = {"code": failure.code} if failure else {}
    return replace(entry, stage=claim.key.name, attempt=claim.attempt, detail=detail)
