"""What a local stack knows and AWS does not: which workers are certainly dead.

Postgres is the truth and queue messages are only wake-ups, so it is enough to mend the stage
table; the janitor sends what is missing.
"""

from __future__ import annotations

import psycopg


def lapse_leases(url: str, worker: str) -> None:
    """The worker's only process died: nobody holds the leases on its stages."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "UPDATE catalog.stage SET lease_until = now() WHERE state = 'running' AND name = %s",
            [worker],
        )


def forget_the_last_run(url: str) -> None:
    """Nothing runs yet: no lease is held, and messages may have been lost with the emulator."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE catalog.stage SET lease_until = now() WHERE state = 'running'")
        connection.execute(
            "UPDATE catalog.stage SET woken_at = NULL, queued_at = '-infinity'"
            " WHERE state = 'queued'"
        )
