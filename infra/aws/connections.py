"""How many connections the functions may open at once, held against what the database takes.

One version's are counted. While a deployment goes on, environments of the version before keep
theirs for a minute beyond their last work; `prod` has room for all of both.
"""

from __future__ import annotations

from infra.aws.settings import Settings
from infra.topology import API, JANITOR, MIGRATE, SEARCH, WORKERS

# The catalogue as role `app` and as role `operator`.
_PER_ENVIRONMENT = {API.name: 2}
# Postgres keeps three for superusers, RDS two for itself; a person may want one.
KEPT_FREE = 6


class TooManyConnections(ValueError):
    """The functions could ask the database for more than it has."""


def most_at_once(settings: Settings) -> dict[str, int]:
    """How many environments of each function with a way to the catalogue run at once."""
    workers = {w.name: w.queue.max_concurrency for w in WORKERS if w.database_role is not None}
    clients = {name: settings.api.most_at_once[name] for name in (API.name, SEARCH.name)}
    return {**workers, **clients, JANITOR.name: 1, MIGRATE.name: 1}


def asked_for(settings: Settings) -> int:
    """The connections that are open when everything runs at once."""
    counts = most_at_once(settings)
    return sum(count * _PER_ENVIRONMENT.get(name, 1) for name, count in counts.items())


def check(settings: Settings) -> None:
    """Raises `TooManyConnections`."""
    if settings.database is None:
        return
    there = settings.database.max_connections - KEPT_FREE
    asked = asked_for(settings)
    if asked > there:
        raise TooManyConnections(
            f"the functions may open {asked} connections, and {settings.database.instance} is set"
            f" to {there}: lower what runs at once, or take a larger instance"
        )
