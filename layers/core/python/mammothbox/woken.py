"""What a wake-up asks of a worker: to do the work of the stage that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from mammothbox.catalog.connection import Database
from mammothbox.catalog.stages import StageKey
from mammothbox.errors import Permanent
from mammothbox.messages import Outgoing, parse_wake_up
from mammothbox.stages import Limits, NoSuchStage, Work, run, was_purged


def receive_stage(
    database: Database,
    limits: Limits,
    body: str,
    acts: Mapping[str, Callable[[Work], Outgoing]],
    *,
    worker: str,
    forget: Callable[[UUID], None] = lambda _: None,
) -> Outgoing:
    """Let the act of the named stage do its work. Of an asset that was erased, `forget` the rest.

    Raises `Permanent` for what is no wake-up of these stages, and else as `stages.run`.
    """
    told = parse_wake_up(body)
    act = acts.get(told.stage) if told else None
    if told is None or act is None:
        raise Permanent(f"not_for_{worker}", f"The message wakes no {' or '.join(acts)} stage.")
    key = StageKey(told.owner, told.asset_id, told.stage, told.space, told.part)
    try:
        return run(database, key, limits, act)
    except NoSuchStage:
        if not was_purged(database, key):
            raise
        forget(key.asset_id)
        return Outgoing()
