"""What every test may use: one Postgres server for the run, one fresh database per test."""

from __future__ import annotations

import functools
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import hypothesis
import pytest
from mammothbox.catalog.migrate import migrate

from infra.local import postgres
from infra.local.postgres import DatabaseUrls, Server
from tests.emptying import empty
from tests.garbage import spare_what_stays

TEMPLATE = "migrated"

# Each boto3 session would read what AWS's services look like anew: longer than most tests take.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)

# How long an example takes hangs on what else the machine does.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


def pytest_report_header() -> str:
    return f"PYTHONHASHSEED={os.environ.get('PYTHONHASHSEED', 'random')}"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    # Imports make much, and hardly any garbage.
    gc.disable()
    try:
        yield
    finally:
        spare_what_stays()
        gc.enable()


def pytest_sessionfinish() -> None:
    spare_what_stays()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all xdist workers of this run see."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def postgres_server(shared_folder: Path) -> Iterator[Server]:
    """The run's one server: not durable, and holding the template `migrated`."""
    with postgres.lease(shared_folder / "postgres", durable=False) as server:
        with postgres.locked(shared_folder / "template.lock"):
            server.create_database(TEMPLATE)
            migrate(server.urls(TEMPLATE).superuser)
        yield server


@pytest.fixture(scope="session")
def worker_database(postgres_server: Server) -> Iterator[DatabaseUrls]:
    """The database of this xdist worker, which its tests use in turn."""
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    postgres_server.create_database(name, template=TEMPLATE)
    yield postgres_server.urls(name)
    postgres_server.drop_database(name)


@pytest.fixture
def database_urls(worker_database: DatabaseUrls) -> Iterator[DatabaseUrls]:
    """A migrated, empty database."""
    yield worker_database
    empty(worker_database.superuser)
