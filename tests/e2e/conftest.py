"""A whole stack, started as its users start it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.stack import LocalStack, started


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One stack for all tests that share it: they run in one xdist worker."""
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("stack"))


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """`make up` in a home of its own, on free ports, ended afterwards.

    It ends with the tests that share it: even idle, ten processes take their time from others.
    """
    with started(tmp_path_factory.mktemp("home")) as stack:
        yield stack
