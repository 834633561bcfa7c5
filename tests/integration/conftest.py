"""The house in one process: real Postgres, the real handlers, and AWS played by moto."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from infra.local.postgres import DatabaseUrls
from infra.topology import EVENT_BUS, LIBRARY_BUCKET, RAW_BUCKET, WORKERS
from tests.garbage import spare_what_stays
from tests.house import House, forget_everything
from tests.vector_library import VectorLibrary


@pytest.fixture
def house(database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Buckets, queues and an empty catalogue; nothing in the queues moves by itself."""
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "DATABASE_URL": database_urls.app,
        "OPERATOR_DATABASE_URL": database_urls.operator,
        "RAW_BUCKET": RAW_BUCKET,
        "LIBRARY_BUCKET": LIBRARY_BUCKET,
        "EVENT_BUS": EVENT_BUS,
        "FUNCTION_TIMEOUT_S": "300",
        "MAX_RECEIVES": "3",
        "MODELS_FOLDER": str(Path(__file__).parents[2] / "models"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    spare_what_stays()
    with mock_aws():
        forget_everything()
        house = House.build(database_urls, boto3.Session(), [worker.name for worker in WORKERS])
        for name, value in house.environment().items():
            monkeypatch.setenv(name, value)
        yield house
        forget_everything()
        # What this test left open is this test's fault, and no later one's.
        gc.collect()


@pytest.fixture
def library(database_urls: DatabaseUrls) -> Iterator[VectorLibrary]:
    """Assets with vectors; after the test every count and sum of their clusters is looked at."""
    library = VectorLibrary.open(database_urls)
    yield library
    library.check_sums()
    library.close()
