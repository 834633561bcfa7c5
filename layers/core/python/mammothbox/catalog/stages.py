"""The rows of the state machine: each statement is one of its moves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mammothbox.catalog.connection import Connection, Row
from mammothbox.catalog.stages_anew import queue_anew
from mammothbox.messages import WakeUp


@dataclass(frozen=True)
class StageKey:
    """Which piece of work: one stage of one asset, in one space, for one part of it."""

    owner: str
    asset_id: UUID
    name: str
    space: str = ""
    part: int = 0


@dataclass(frozen=True)
class Claim:
    """The right to work on a stage until the lease lapses. `attempt` fences off older claims."""

    key: StageKey
    attempt: int
    request_id: str
    queued_at: datetime
    optional: bool = False


@dataclass(frozen=True)
class Failure:
    """Why an attempt failed, and what is to become of the stage."""

    code: str
    detail: str
    state: str
    retryable: bool


@dataclass(frozen=True)
class StageRow:
    """A stage as clients see it."""

    asset_id: UUID
    name: str
    space: str
    part: int
    state: str
    attempt: int
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    milliseconds: int | None
    error_code: str | None
    error_detail: str | None
    retryable: bool | None


_IS_KEY = (
    " owner = %(owner)s AND asset_id = %(asset_id)s AND name = %(name)s"
    " AND space = %(space)s AND part = %(part)s"
)
_CLAIMABLE = (
    " (state = 'queued' OR (state = 'failed' AND retryable)"
    " OR (state = 'running' AND lease_until < now()))"
)
_WAKE_UP = " RETURNING name AS stage, owner, asset_id, space, part, request_id"


def enqueue(connection: Connection, key: StageKey, *, woken: bool, optional: bool = False) -> None:
    """Put a stage of an asset in the queue unless it is on record, or the asset is not.

    `woken` when its message is at hand already. It bears the request id of the asset's job.
    """
    connection.execute(
        "INSERT INTO stage (owner, asset_id, name, space, part, state, request_id, woken_at,"
        " optional) SELECT a.owner, a.id, %(name)s, %(space)s, %(part)s, 'queued', j.request_id,"
        " CASE WHEN %(woken)s THEN now() END, %(optional)s"
        " FROM asset a JOIN job j ON j.owner = a.owner AND j.id = a.job_id"
        " WHERE a.owner = %(owner)s AND a.id = %(asset_id)s AND a.purging_at IS NULL"
        " ON CONFLICT DO NOTHING",
        {**vars(key), "woken": woken, "optional": optional},
    )


def doubt_wake_up(connection: Connection, key: StageKey) -> None:
    """Let the janitor wake the stage if the message that is sent for it next is lost."""
    connection.execute(
        "UPDATE stage SET woken_at = NULL WHERE" + _IS_KEY + " AND state = 'queued'", vars(key)
    )


def skip_from_the_start(connection: Connection, key: StageKey, code: str, detail: str) -> None:
    """Put on record that an optional stage is not even begun, and why. A replay may begin it."""
    connection.execute(
        "INSERT INTO stage (owner, asset_id, name, space, part, state, request_id, optional,"
        " finished_at, error_code, error_detail, retryable)"
        " SELECT a.owner, a.id, %(name)s, %(space)s, %(part)s, 'skipped', j.request_id, true,"
        " now(), %(code)s, %(detail)s, false"
        " FROM asset a JOIN job j ON j.owner = a.owner AND j.id = a.job_id"
        " WHERE a.owner = %(owner)s AND a.id = %(asset_id)s ON CONFLICT DO NOTHING",
        {**vars(key), "code": code, "detail": detail},
    )


def skip_if_unwanted(connection: Connection, key: StageKey) -> None:
    """Skip an optional stage for a space that has gone out of use since it was queued."""
    connection.execute(
        "UPDATE stage SET state = 'skipped', lease_until = NULL, finished_at = now(),"
        " error_code = 'space_not_in_use', retryable = false,"
        " error_detail = 'This embedding space is neither active nor being filled any more.'"
        " WHERE" + _IS_KEY + " AND optional AND NOT EXISTS (SELECT FROM embedding_space"
        " WHERE name = %(space)s AND state IN ('active', 'filling')) AND" + _CLAIMABLE,
        vars(key),
    )


def claim(connection: Connection, key: StageKey, lease_s: int, budget: int) -> Claim | None:
    """Take the stage if it waits, may be tried again, or was left behind by a lapsed lease.

    `None` means that a message came twice or late: there is nothing to do.
    """
    row = connection.execute(
        "UPDATE stage SET state = 'running', attempt = attempt + 1, started_at = now(),"
        " lease_until = now() + make_interval(secs => %(lease)s), finished_at = NULL,"
        " milliseconds = NULL, error_code = NULL, error_detail = NULL, retryable = NULL"
        " WHERE"
        + _IS_KEY
        + " AND attempt - revived_at_attempt < %(budget)s AND"
        + _CLAIMABLE
        + " RETURNING attempt, request_id, queued_at, optional",
        {**vars(key), "lease": lease_s, "budget": budget},
    ).fetchone()
    return Claim(key, **row) if row else None


def bury_if_spent(connection: Connection, key: StageKey, budget: int) -> Claim | None:
    """Declare the stage dead if it could be claimed but has spent its attempts."""
    row = connection.execute(
        "UPDATE stage SET state = 'dead', lease_until = NULL, finished_at = now(),"
        " error_code = 'attempts_spent', retryable = false,"
        " error_detail = 'Every attempt ended in a crash or a time-out.'"
        " WHERE"
        + _IS_KEY
        + " AND attempt - revived_at_attempt >= %(budget)s AND"
        + _CLAIMABLE
        + " RETURNING attempt, request_id, queued_at, optional",
        {**vars(key), "budget": budget},
    ).fetchone()
    return Claim(key, **row) if row else None


def may_try_again(connection: Connection, claim: Claim, budget: int) -> bool:
    """Whether the claim's attempt was not the last of its budget."""
    row = connection.execute(
        "SELECT attempt - revived_at_attempt < %(budget)s AS again FROM stage WHERE" + _IS_KEY,
        {**vars(claim.key), "budget": budget},
    ).fetchone()
    return bool(row and row["again"])


def state(connection: Connection, key: StageKey) -> str | None:
    """Where the stage stands; `None` when it is not on record."""
    row = connection.execute("SELECT state FROM stage WHERE" + _IS_KEY, vars(key)).fetchone()
    return row["state"] if row else None


def finish(connection: Connection, claim: Claim) -> bool:
    """The work is done. `False` when the claim was taken over, or the asset is being purged."""
    row = connection.execute(
        "UPDATE stage SET state = 'done', lease_until = NULL, finished_at = now(), milliseconds ="
        " extract(epoch FROM clock_timestamp() - started_at) * 1000"
        " WHERE" + _IS_KEY + " AND state = 'running' AND attempt = %(attempt)s AND NOT EXISTS ("
        "SELECT FROM asset WHERE owner = %(owner)s AND id = %(asset_id)s"
        " AND purging_at IS NOT NULL) RETURNING 1",
        {**vars(claim.key), "attempt": claim.attempt},
    ).fetchone()
    return row is not None


def fail(connection: Connection, claim: Claim, failure: Failure) -> bool:
    """The attempt failed. `False` when the claim was taken over in the meantime."""
    row = connection.execute(
        "UPDATE stage SET state = %(state)s, lease_until = NULL, finished_at = now(),"
        " milliseconds = extract(epoch FROM clock_timestamp() - started_at) * 1000,"
        " error_code = %(code)s, error_detail = %(detail)s, retryable = %(retryable)s"
        " WHERE" + _IS_KEY + " AND state = 'running' AND attempt = %(attempt)s RETURNING 1",
        {**vars(claim.key), **vars(failure), "attempt": claim.attempt},
    ).fetchone()
    return row is not None


def revive(
    connection: Connection,
    owner: str,
    asset_id: UUID,
    *,
    names: Collection[str] | None,
    states: Collection[str],
) -> list[WakeUp]:
    """Queue stages that have ended in one of `states` anew, with a fresh budget of attempts.

    What failed in a space that is not in use any more is begun anew in the active one.
    """
    which = (
        " AND s.state = ANY(%(states)s) AND (%(names)s::text[] IS NULL OR s.name = ANY(%(names)s))"
    )
    values = {
        "owner": owner,
        "asset_id": asset_id,
        "states": list(states),
        "names": list(names) if names is not None else None,
    }
    return queue_anew(connection, which, values)


def mark_woken(connection: Connection, wake_ups: Sequence[WakeUp]) -> None:
    """Note whose wake-ups were sent."""
    # Two who note the same ones at once take the rows in the same order.
    rows = sorted(
        (wake_up.owner, wake_up.asset_id, wake_up.stage, wake_up.space, wake_up.part)
        for wake_up in wake_ups
    )
    if rows:
        connection.cursor().executemany(
            "UPDATE stage SET woken_at = now() WHERE" + _IS_KEY + " AND state = 'queued'",
            [vars(StageKey(*row)) for row in rows],
        )


def never_woken(connection: Connection, older_than_s: int, limit: int) -> list[WakeUp]:
    """Stages of every owner whose wake-up was lost between commit and queue."""
    rows = connection.execute(
        "SELECT name AS stage, owner, asset_id, space, part, request_id FROM stage"
        " WHERE state = 'queued' AND woken_at IS NULL"
        " AND queued_at < now() - make_interval(secs => %s) ORDER BY optional, queued_at LIMIT %s",
        [older_than_s, limit],
    ).fetchall()
    return _wake_ups(rows)


def woken_in_vain(connection: Connection, older_than_s: int, limit: int) -> list[WakeUp]:
    """Stages of every owner whose wake-up was sent long ago, and which nobody has begun."""
    rows = connection.execute(
        "SELECT name AS stage, owner, asset_id, space, part, request_id FROM stage"
        " WHERE state = 'queued' AND woken_at < now() - make_interval(secs => %s)"
        " ORDER BY optional, woken_at LIMIT %s",
        [older_than_s, limit],
    ).fetchall()
    return _wake_ups(rows)


def take_back_lapsed(connection: Connection, retried_within_s: int, limit: int) -> list[WakeUp]:
    """Queue anew, of whatever owner, what nobody will come back to by himself.

    That is what a dead worker left behind, and what failed so long ago that its message would
    have come back if it still existed.
    """
    rows = connection.execute(
        "UPDATE stage SET state = 'queued', lease_until = NULL, woken_at = NULL,"
        " queued_at = now() WHERE (owner, asset_id, name, space, part) IN ("
        "SELECT owner, asset_id, name, space, part FROM stage"
        " WHERE (state = 'running' AND lease_until < now()) OR (state = 'failed' AND retryable"
        " AND finished_at < now() - make_interval(secs => %s))"
        " ORDER BY coalesce(lease_until, finished_at) LIMIT %s FOR UPDATE SKIP LOCKED)" + _WAKE_UP,
        [retried_within_s, limit],
    ).fetchall()
    return _wake_ups(rows)


def give_back(connection: Connection, claim: Claim) -> bool:
    """Queue a claimed stage anew as if it had never been claimed, but for its number."""
    row = connection.execute(
        "UPDATE stage SET state = 'queued', lease_until = NULL, queued_at = now(),"
        " woken_at = NULL, revived_at_attempt = revived_at_attempt + 1"
        " WHERE" + _IS_KEY + " AND state = 'running' AND attempt = %(attempt)s RETURNING 1",
        {**vars(claim.key), "attempt": claim.attempt},
    ).fetchone()
    return row is not None


def wait_on(connection: Connection, claim: Claim) -> bool:
    """Let a claimed stage wait as it did before: for what it was queued and woken for then."""
    row = connection.execute(
        "UPDATE stage SET state = 'queued', lease_until = NULL,"
        " revived_at_attempt = revived_at_attempt + 1"
        " WHERE" + _IS_KEY + " AND state = 'running' AND attempt = %(attempt)s RETURNING 1",
        {**vars(claim.key), "attempt": claim.attempt},
    ).fetchone()
    return row is not None


def of_assets(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> list[StageRow]:
    """The stages of some assets, in the order they were queued."""
    rows = connection.execute(
        "SELECT asset_id, name, space, part, state, attempt, queued_at, started_at, finished_at,"
        " milliseconds, error_code, error_detail, retryable FROM stage"
        " WHERE owner = %s AND asset_id = ANY(%s) ORDER BY queued_at, name, space, part",
        [owner, list(asset_ids)],
    ).fetchall()
    return [StageRow(**row) for row in rows]


def dead(connection: Connection, name: str, limit: int) -> list[Row]:
    """The dead stages of one worker across owners, oldest first; for operators."""
    return connection.execute(
        "SELECT owner, asset_id, space, part, attempt, error_code, error_detail, finished_at,"
        " request_id FROM stage WHERE state = 'dead' AND name = %s ORDER BY finished_at LIMIT %s",
        [name, limit],
    ).fetchall()


@dataclass(frozen=True)
class Dead:
    """How many stages of a worker are dead, and when the first of them died."""

    stages: int
    since: datetime


def dead_of_each(connection: Connection) -> dict[str, Dead]:
    """The dead stages of each worker that has any, across owners; for operators."""
    rows = connection.execute(
        "SELECT name, count(*) AS stages, min(finished_at) AS since"
        " FROM stage WHERE state = 'dead' GROUP BY name"
    ).fetchall()
    return {row["name"]: Dead(row["stages"], row["since"]) for row in rows}


def _wake_ups(rows: Sequence[Row]) -> list[WakeUp]:
    return [WakeUp(**row) for row in rows]
