"""The deployment that all journeys share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.localstack.cloud import Cloud, in_localstack


@pytest.fixture(scope="session")
def ending() -> Iterator[ExitStack]:
    """Ends LocalStack; a test that wants to see the end closes it itself."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, ending: ExitStack) -> Cloud:
    """The system in LocalStack, by the name that journeys know it by."""
    return ending.enter_context(in_localstack(tmp_path_factory.mktemp("localstack")))
