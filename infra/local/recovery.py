"""What a local stack knows and AWS does not: which workers are certainly dead.

Postgres is the truth and queue messages are only wake-ups, so it is enough to mend the stage
table; the janitor sends what is missing.
"""

from __future__ import annotations

import psycopg


def lapse_leases(url: str, worker: str | None = None) -> None:
    """A worker's only process died, or none runs yet: nobody holds the leases on its stages."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "UPDATE catalog.stage SET lease_until = now() WHERE state = 'running'"
            " AND (%s::text IS NULL OR name = %s)",
            [worker, worker],
        )


def forget_messages(url: str) -> None:
    """The emulator began anew: whatever waited in its queues has to be sent again."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "UPDATE catalog.stage SET woken_at = NULL, queued_at = 'epoch' WHERE state = 'queued'"
        )
        connection.execute(
            "UPDATE catalog.stage SET finished_at = 'epoch' WHERE state = 'failed' AND retryable"
        )
