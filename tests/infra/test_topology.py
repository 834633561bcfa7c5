"""The wiring, as AWS would judge it."""

from __future__ import annotations

import importlib
from itertools import chain

import pytest
from mammothbox.catalog.migrate import read_migrations
from mammothbox.settings import WorkerSettings
from mammothbox.web import application

from functions.api.app import app as api
from functions.search.app import app as search
from infra.topology import API, JANITOR, MIGRATE, SEARCH, WORKERS, Api, OnDeploy, Scheduled, Worker

FUNCTIONS: list[Api | OnDeploy | Scheduled | Worker] = [API, SEARCH, JANITOR, MIGRATE, *WORKERS]
# Function timeouts beyond two minutes, and why.
LONG = {
    "intake": "hashes objects of up to 20 GB",
    "migrate": "may rewrite the tables of a large library",
    "schema": "reads a piece of a file in one transaction, and fills tables",
}


@pytest.mark.parametrize("worker", WORKERS, ids=lambda worker: worker.name)
def test_a_message_stays_hidden_six_times_as_long_as_the_function_may_run(worker: Worker) -> None:
    assert worker.visibility_timeout_s == 6 * worker.timeout_s


@pytest.mark.parametrize("worker", WORKERS, ids=lambda worker: worker.name)
def test_a_lease_outlives_the_function_and_lapses_before_the_message_comes_back(
    worker: Worker,
) -> None:
    settings = WorkerSettings(
        function_timeout_s=worker.timeout_s, max_receives=worker.queue.max_receives
    )

    assert worker.timeout_s < settings.lease_s < worker.visibility_timeout_s


@pytest.mark.parametrize("worker", WORKERS, ids=lambda worker: worker.name)
def test_lambda_accepts_the_queue_as_an_event_source(worker: Worker) -> None:
    assert 1 <= worker.queue.batch_size <= 10_000
    assert worker.queue.batch_size <= 10 or worker.queue.batch_window_s >= 1
    assert 2 <= worker.queue.max_concurrency <= 1000
    assert worker.queue.max_receives >= 5


def test_functions_are_short_or_say_why_not() -> None:
    assert {f.name for f in FUNCTIONS if f.timeout_s > 120} == set(LONG)
    assert all(function.timeout_s <= 900 for function in FUNCTIONS)


def test_names_are_unique_and_handlers_exist() -> None:
    names = [function.name for function in FUNCTIONS]
    assert len(set(names)) == len(names)
    apps = (each.app.replace(":", ".") for each in (API, SEARCH))
    for dotted in chain((function.handler for function in FUNCTIONS), apps):
        module, _, name = dotted.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_every_database_role_is_made_by_a_migration() -> None:
    made = "".join(migration.sql for migration in read_migrations())
    roles = {function.database_role for function in (API, SEARCH, JANITOR, *WORKERS)}
    for role in roles - {None}:
        assert f"'{role}'" in made


def test_every_route_is_its_functions_by_its_path() -> None:
    served = {
        API.name: set(application.contract(api)["paths"]),
        SEARCH.name: set(application.contract(search)["paths"]),
    }
    assert {path for path in served[API.name] if SEARCH.answers(path)} == set()
    assert {path for path in served[SEARCH.name] if not SEARCH.answers(path)} == set()
    # And none of its paths leads to nothing.
    for path in SEARCH.paths:
        assert any(each == path or each.startswith(f"{path}/") for each in served[SEARCH.name])
    assert API.paths == ()
