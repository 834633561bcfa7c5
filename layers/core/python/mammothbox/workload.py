"""How every worker is getting on: what waits for it and since when, and what it did lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from mammothbox.catalog import owners, stage_figures, stages
from mammothbox.catalog.connection import Database
from mammothbox.catalog.stage_figures import Lately
from mammothbox.queues import Depth, SqsQueues

Condition = Literal["idle", "working", "behind", "stuck"]

# No worker may take longer for a piece of work: what waits longer waits for others, and one of
# which nothing ends for as long does nothing.
PATIENCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Workload:
    """A worker's queue, its dead letters, and how it is getting on.

    `oldest_waiting_at` is what the catalogue knows: of objects that are being processed.
    `oldest_dead_at` is when the first dead stage died, or when the oldest of up to ten dead
    messages was sent.
    """

    name: str
    queue: Depth
    dead_letters: Depth
    dead_stages: int
    oldest_waiting_at: datetime | None
    oldest_dead_at: datetime | None
    ended_lately: int
    failed_lately: int
    condition: Condition


def workloads(database: Database, queues: SqsQueues, letters: SqsQueues) -> list[Workload]:
    """How every worker is getting on, across owners. Raises `Unavailable`."""
    now = datetime.now(UTC)
    with database.transaction() as connection:
        names = owners.page(connection)
        dead = stages.dead_of_each(connection)
        waiting = stage_figures.oldest_waiting(connection, names)
        lately = stage_figures.lately(connection, names, now - PATIENCE)
    found = []
    for name in queues.urls:
        depth, lost = queues.depth(name), letters.depth(name)
        ended, since = lately.get(name, Lately(0, 0)), waiting.get(name)
        died = dead.get(name)
        sent = [one.sent_at for one in letters.look(name)] if lost.waiting else []
        found.append(
            Workload(
                name=name,
                queue=depth,
                dead_letters=lost,
                dead_stages=died.stages if died else 0,
                oldest_waiting_at=since,
                oldest_dead_at=min(
                    [*sent, *([died.since] if died else [])],
                    default=None,
                ),
                ended_lately=ended.ended,
                failed_lately=ended.failed,
                condition=condition(depth, now - since if since else None, ended.ended),
            )
        )
    return found


def condition(depth: Depth, waits: timedelta | None, ended_lately: int) -> Condition:
    """How a worker is doing, by how much waits, how long the oldest of it does, and what ended."""
    if waits is not None and waits > PATIENCE:
        return "behind" if ended_lately else "stuck"
    return "working" if depth.waiting or depth.in_flight or waits is not None else "idle"
