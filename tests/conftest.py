"""What every test may use: one Postgres server for the run, one fresh database per test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from mammothbox.catalog.migrate import migrate

from infra.local import postgres
from infra.local.postgres import DatabaseUrls, Server

TEMPLATE = "migrated"
_numbers = count()


def pytest_report_header() -> str:
    return f"PYTHONHASHSEED={os.environ.get('PYTHONHASHSEED', 'random')}"


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


@pytest.fixture
def database_urls(postgres_server: Server) -> Iterator[DatabaseUrls]:
    """A database of this test alone: migrated, empty, dropped afterwards."""
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{next(_numbers)}"
    postgres_server.create_database(name, template=TEMPLATE)
    yield postgres_server.urls(name)
    postgres_server.drop_database(name)
