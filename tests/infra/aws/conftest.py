"""Every context's templates, synthesised once in the run."""

from __future__ import annotations

import pytest

import infra.aws  # noqa: F401 - before CDK, which it brings a Node for
from infra.aws.settings import contexts
from tests.infra.aws.deployment import Deployment, read
from tests.infra.aws.synthesis import synthesise

CONTEXTS = sorted(contexts())


@pytest.fixture(scope="session")
def deployments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Deployment]:
    found = {}
    for name in CONTEXTS:
        folder = tmp_path_factory.mktemp(name) / "out"
        synthesise(name, folder)
        found[name] = read(name, folder)
    return found


@pytest.fixture(params=CONTEXTS)
def deployment(request: pytest.FixtureRequest, deployments: dict[str, Deployment]) -> Deployment:
    return deployments[request.param]


@pytest.fixture
def prod(deployments: dict[str, Deployment]) -> Deployment:
    return deployments["prod"]
